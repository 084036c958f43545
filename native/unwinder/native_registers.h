// SPDX-License-Identifier: MIT
// The registers of one frame, by DWARF's numbers, and which of them are known.
#pragma once

#include <cstdint>

#include "unwinder/cfi.h"

namespace sigprof {

struct NativeRegisters {
  uint64_t value[kDwarfRegisters];
  uint32_t known;  // bit r: value[r] holds

  bool Knows(uint64_t number) const {
    return number < kDwarfRegisters && (known >> number & 1) != 0;
  }
  void Set(uint32_t number, uint64_t word) {
    value[number] = word;
    known |= 1u << number;
  }
};

}  // namespace sigprof
