// SPDX-License-Identifier: MIT
// V8 Code objects: what machine code belongs to which functions, and where in their sources.
#pragma once

#include <cstdint>
#include <vector>

#include "v8/builtins.h"
#include "v8/heap.h"
#include "v8/positions.h"

namespace sigprof {

enum class CodeTier : uint8_t { kInterpreter = 0, kBaseline = 1, kMid = 2, kTop = 3, kOther = 4 };

// What is worth keeping of a code object; its tables are read again when a new pc needs them.
struct CodeInfo {
  Tagged object = 0;
  Address start = 0, end = 0;
  CodeTier tier = CodeTier::kOther;
  bool is_regexp = false;
  Tagged bytecode = 0;  // baseline: its BytecodeArray
  Tagged shared = 0;    // optimised: SharedFunctionInfo of the outermost function
};

// Start and end of the machine code. False if `code` is no Code object.
bool ReadCodeBounds(const Heap& heap, Tagged code, Address* start, Address* end);
bool ReadCode(const Heap& heap, Tagged code, CodeInfo* info);

// One function active at a pc of optimised code.
struct CodePosition {
  Tagged shared = 0;           // 0: the outermost function
  int32_t script_offset = -1;  // -1 unknown
};
// All functions active at `pc` of optimised code, innermost first, the outermost last.
std::vector<CodePosition> LocateInOptimizedCode(const Heap& heap, const CodeInfo& code, Address pc);

// Offset of the bytecode that baseline code executes at `pc`; -1 if its tables can't be read.
int32_t LocateInBaselineCode(const Heap& heap, const Builtins& builtins, const CodeInfo& code,
                             Address pc);

// Source position of a bytecode; -1 if the array has no position table.
int32_t LocateBytecode(const Heap& heap, Tagged bytecode_array, int32_t bytecode_offset);
// Length of the bytecodes; -1 if unreadable.
int32_t BytecodeArrayLength(const Heap& heap, Tagged bytecode_array);
// The BytecodeArray of a function, by way of its baseline code where it has some; 0 if it has none.
Tagged BytecodeOf(const Heap& heap, Tagged shared);

}  // namespace sigprof
