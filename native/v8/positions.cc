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
  position.script_offset =
      external ? -1 : static_cast<int32_t>((value >> 1) & 0x3fffffff) - 1;
  position.inlining_id = static_cast<uint32_t>((value >> 31) & 0xffff);
  return position;
}

std::vector<PositionEntry> DecodePositionTable(const uint8_t* bytes, size_t size,
                                               bool unsigned_deltas) {
  std::vector<PositionEntry> entries;
  int64_t code = -1;
  int64_t source = 0;
  size_t at = 0;
  while (at < size) {
    uint64_t code_delta, source_delta;
    if (!ReadVarint(bytes, size, &at, &code_delta) || !ReadVarint(bytes, size, &at, &source_delta)) {
      break;
    }
    if (unsigned_deltas) {
      code += static_cast<int64_t>(code_delta >> 2);  // bits 0 and 1: statement, breakable
    } else {
      const int64_t signed_delta = ZigZag(code_delta);  // the sign tells statements apart
      code += signed_delta >= 0 ? signed_delta : -(signed_delta + 1);
    }
    source += ZigZag(source_delta);
    entries.push_back({static_cast<int32_t>(code), DecodeSourcePosition(static_cast<uint64_t>(source))});
  }
  return entries;
}

const PositionEntry* FindPosition(const std::vector<PositionEntry>& table, int32_t code_offset) {
  auto after = std::upper_bound(
      table.begin(), table.end(), code_offset,
      [](int32_t offset, const PositionEntry& entry) { return offset < entry.code_offset; });
  return after == table.begin() ? nullptr : &*(after - 1);
}

int32_t BaselineBytecodeIndex(const uint8_t* bytes, size_t size, int64_t pc_offset) {
  size_t at = 0;
  uint64_t length = 0;
  if (!ReadVarint(bytes, size, &at, &length)) return 0;
  int64_t end = static_cast<int64_t>(length);
  int32_t index = -1;  // the prologue
  while (pc_offset >= end && ReadVarint(bytes, size, &at, &length)) {
    end += static_cast<int64_t>(length);
    index++;
  }
  return std::max(index, 0);
}

}  // namespace sigprof
