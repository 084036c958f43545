// SPDX-License-Identifier: MIT
// V8's position tables: from a bytecode or machine code offset to a source position and an inlining
// id. Encodings as in V8's source-position-table.h and bytecode-offset-iterator.h. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sigprof {

// A decoded source position value.
struct SourcePosition {
  int32_t script_offset = -1;  // UTF-16 units; -1 none
  uint32_t inlining_id = 0;    // 1-based; 0: not inlined
};
SourcePosition DecodeSourcePosition(uint64_t value);

// The position of the last table entry at or before `code_offset`; none if there is no such entry.
// A malformed table ends at its first bad byte. `unsigned_deltas` is the encoding of V8 14.
SourcePosition FindPosition(const uint8_t* table, size_t size, bool unsigned_deltas,
                            int32_t code_offset);

// Baseline code keeps the length of the machine code of each bytecode as a varint; the first is the
// prologue. Returns the index of the bytecode covering the machine code offset `pc_offset` counted
// from the code's start, 0 for the prologue and for the first bytecode.
int32_t BaselineBytecodeIndex(const uint8_t* table, size_t size, int64_t pc_offset);

}  // namespace sigprof
