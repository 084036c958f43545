// SPDX-License-Identifier: MIT
#include "v8/positions.h"

#include <algorithm>

namespace sigprof {
namespace {

// Variable-length quantity: 7 bits a byte, least significant group first, high bit = more follow.
bool ReadVarint(const uint8_t* bytes, size_t size, size_t* at, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && *at < size; shift += 7) {
    const uint8_t byte = bytes[(*at)++];
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

int64_t ZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

SourcePosition DecodeSourcePosition(uint64_t value) {
  SourcePosition position;
  const bool external = (value & 1) != 0;
  position.script_offset = external ? -1 : static_cast<int32_t>((value >> 1) & 0x3fffffff) - 1;
  position.inlining_id = static_cast<uint32_t>((value >> 31) & 0xffff);
  return position;
}

SourcePosition FindPosition(const uint8_t* table, size_t size, bool unsigned_deltas,
                            int32_t code_offset) {
  int64_t code = -1;
  int64_t source = 0;
  int64_t found = 0;
  bool any = false;
  for (size_t at = 0; at < size;) {
    uint64_t code_delta, source_delta;
    if (!ReadVarint(table, size, &at, &code_delta) ||
        !ReadVarint(table, size, &at, &source_delta)) {
      break;
    }
    if (unsigned_deltas) {
      code += static_cast<int64_t>(code_delta >> 2);  // bits 0 and 1: statement, breakable
    } else {
      const int64_t signed_delta = ZigZag(code_delta);  // the sign tells statements apart
      code += signed_delta >= 0 ? signed_delta : -(signed_delta + 1);
    }
    if (code > code_offset) break;
    source += ZigZag(source_delta);
    found = source;
    any = true;
  }
  return any ? DecodeSourcePosition(static_cast<uint64_t>(found)) : SourcePosition();
}

int32_t BaselineBytecodeIndex(const uint8_t* table, size_t size, int64_t pc_offset) {
  size_t at = 0;
  uint64_t length = 0;
  if (!ReadVarint(table, size, &at, &length)) return 0;
  int64_t end = static_cast<int64_t>(length);
  int32_t index = -1;  // the prologue
  while (pc_offset >= end && ReadVarint(table, size, &at, &length)) {
    end += static_cast<int64_t>(length);
    index++;
  }
  return std::max(index, 0);
}

}  // namespace sigprof
