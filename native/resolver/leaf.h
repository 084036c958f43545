// SPDX-License-Identifier: MIT
// The frame on top is the one whose words may not mean what they usually mean: the tick may have
// hit a prologue, a frameless stub, a half-built frame. These rules say what really runs.
#pragma once

#include "resolver/frame_decoder.h"

namespace sigprof {

// What runs in the leaf-most standard frame, and possibly on top of it.
struct LeafDecision {
  Tagged shared = 0;  // function of the frame itself; 0: not known
  FramePlace place;
  // A function that was entered (or is being left) without a whole frame of its own.
  Tagged callee = 0;
  FramePlace callee_place;
  bool is_regexp = false;  // the tick is in machine code of a regular expression
  bool is_typed = false;   // the frame is a typed one, e.g. a stub's, and says itself what it is
  bool skip = false;       // the "frame" is none of JavaScript's
};

// Decides for `frame`, the first frame of a sample taken with rip in V8 code (kRegisters) or by a
// stack scan.
LeafDecision DecideLeaf(FrameDecoder* decoder, const RawSample& sample, const RawFrame& frame);

// The live bytecode offset, which the interpreter keeps in a register between calls: r9 (same base
// as the frame's slot), with the BytecodeArray in r12. -1 if the registers do not say.
int32_t LiveBytecodeOffset(FrameDecoder* decoder, const RawSample& sample, const RawFrame& frame);

}  // namespace sigprof
