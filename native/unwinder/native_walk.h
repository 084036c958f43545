// SPDX-License-Identifier: MIT
// The walk over C and C++ frames by their unwind data: registers, a window of stack memory and the
// tables of the modules in, frames out. A pure function, as capture.h: it knows no process and no
// symbol, reads nothing but its arguments and calls nothing. Signal-safe; bounded by
// kMaxNativeFrames steps, each by the size of one function's unwind data.
//
// What the caller must do: give the registers of one instant, and a window that holds the stack
// from rsp on. What this does not do: follow frames of V8's code, which have no unwind data (a walk
// ends there, and capture.h goes on), or read memory outside of the stack.
#pragma once

#include <cstdint>

#include "unwinder/capture.h"
#include "unwinder/native_registers.h"
#include "unwinder/raw_sample.h"
#include "unwinder/row_cache.h"
#include "unwinder/stack_window.h"
#include "unwinder/unwind_tables.h"

namespace sigprof {

// Where the walk starts: a register set of an interrupted instruction (`exact`), or of a caller,
// whose rip is a return address.
struct NativeStart {
  NativeRegisters regs;
  bool exact;
};

// Collects frames into memory of the caller.
struct NativeFrameList {
  NativeFrame* frames;
  uint32_t count;
  uint32_t capacity;
  bool has_unknown_code = false;
};

// Walks from `start` until code of V8 (`v8`), the outermost frame, or where it cannot go on.
// Appends the frames. `cache` (may be null) is the thread's. Returns why it ended; `start->regs`
// are then those of the frame it ended at.
NativeEnd WalkNative(const UnwindTables& tables, const CodeRanges& v8, const StackReader& stack,
                     RowCache* cache, NativeStart* start, NativeFrameList* out);

// Adds the native part to a sample that CaptureStack has filled: from `start` (null: not wanted) up
// to V8's code, and from every entry frame of V8 on up. Sets native_count and native_generation;
// walks that end for another reason than that they are complete leave a frame with pc = NativeEnd.
void CaptureNative(const UnwindTables& tables, const CodeRanges& v8, const StackWindow& window,
                   RowCache* cache, NativeStart* start, RawSample* sample);

}  // namespace sigprof
