// SPDX-License-Identifier: MIT
// V8 Code objects: what machine code belongs to which functions, and where in their sources.
#pragma once

#include <cstdint>
#include <vector>

#include "v8/heap.h"
#include "v8/positions.h"

namespace sigprof {

enum class CodeTier : uint8_t { kInterpreter = 0, kBaseline = 1, kMid = 2, kTop = 3, kOther = 4 };

// A call site of an inlined function: where its caller stands.
struct InliningRecord {
  SourcePosition call_site;
  int32_t literal = -1;  // index into `inlined`; -1: the outermost function itself
};

// Decoded once per code object.
struct CodeInfo {
  Tagged object = 0;
  Address start = 0, end = 0;
  CodeTier tier = CodeTier::kOther;
  bool is_regexp = false;
  // Baseline: its BytecodeArray and the machine code lengths of the bytecodes.
  Tagged bytecode = 0;
  std::vector<uint8_t> bytecode_lengths;
  // Optimised: positions, inlining, and the outermost function's SharedFunctionInfo.
  Tagged shared = 0;
  std::vector<PositionEntry> positions;
  std::vector<InliningRecord> inlining;
  std::vector<Tagged> inlined;  // SharedFunctionInfos, by literal index; 0 unreadable
};

// Start and end of the machine code. False if `code` is no Code object.
bool ReadCodeBounds(const Heap& heap, Tagged code, Address* start, Address* end);
// Everything. Tables that do not check are left empty.
bool ReadCode(const Heap& heap, Tagged code, CodeInfo* info);

// Position table of a BytecodeArray; empty if it has none.
std::vector<PositionEntry> ReadBytecodePositions(const Heap& heap, Tagged bytecode_array);

}  // namespace sigprof
