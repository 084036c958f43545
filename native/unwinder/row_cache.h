// SPDX-License-Identifier: MIT
// The unwind rules of the return addresses a thread was last seen at. Samples share most of their
// callers, and looking a rule up touches a dozen cold cache lines where this touches one.
// Signal-safe: plain memory of one thread's handler, of a fixed size; no locks, no calls.
#pragma once

#include <cstdint>

#include "unwinder/cfi.h"

namespace sigprof {

// What nearly all rows are: a CFA by a register, and registers saved at offsets from it.
struct alignas(64) SimpleRow {
  // Which may be saved, by their bit in `saved` and their place in `at`.
  static constexpr uint32_t kRegisters[] = {kDwarfRip, kDwarfRbp, kDwarfRbx, kDwarfR12,
                                            kDwarfR13, kDwarfR14, kDwarfR15};
  static constexpr uint32_t kCount = sizeof kRegisters / sizeof kRegisters[0];

  uint64_t pc = 0;  // 0: none
  uint32_t generation = 0;
  int32_t cfa_offset = 0;
  uint8_t cfa_register = 0;
  uint8_t saved = 0;
  int32_t at[kCount] = {};

  // False if the row is not of this kind.
  bool Take(const CfiRow& row) {
    if (row.cfa_is_expression || row.is_signal_frame) return false;
    if (row.cfa_value != static_cast<int32_t>(row.cfa_value)) return false;
    uint32_t known = 0;
    saved = 0;
    for (uint32_t i = 0; i < kCount; i++) {
      const uint32_t number = kRegisters[i];
      if ((row.mentioned >> number & 1) == 0) continue;
      if (row.rule[number] != CfiRule::kAtOffset) return false;
      known |= 1u << number;
      saved = static_cast<uint8_t>(saved | 1u << i);
      at[i] = row.value[number];
    }
    cfa_register = row.cfa_register;
    cfa_offset = static_cast<int32_t>(row.cfa_value);
    return known == row.mentioned && (saved & 1) != 0;
  }
};

// Zeroed memory is an empty cache.
class RowCache {
 public:
  // Null if the rule that held for `pc` in this generation of the tables is not there.
  const SimpleRow* Find(uint64_t pc, uint32_t generation) const {
    const SimpleRow& row = rows_[Place(pc)];
    return row.pc == pc && row.generation == generation ? &row : nullptr;
  }
  void Keep(uint64_t pc, uint32_t generation, const CfiRow& row) {
    SimpleRow* place = &rows_[Place(pc)];
    place->pc = 0;
    if (!place->Take(row)) return;
    place->pc = pc;
    place->generation = generation;
  }

 private:
  static constexpr uint32_t kBits = 10;
  static uint32_t Place(uint64_t pc) {
    return static_cast<uint32_t>(pc * 0x9e3779b97f4a7c15u >> (64 - kBits));
  }
  SimpleRow rows_[1u << kBits];
};

}  // namespace sigprof
