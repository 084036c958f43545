// SPDX-License-Identifier: MIT
// Call frame information: from a pc to the rules that give the caller's registers (.eh_frame as in
// the System V ABI for x86-64 and in DWARF 5, 6.4). A pure function over the module's bytes, which
// are untrusted: every read is bounded, work is bounded by the size of one CIE and one FDE.
// Signal-safe: no calls out, no allocation.
#pragma once

#include <cstdint>

#include "unwinder/unwind_tables.h"

namespace sigprof {

// DWARF's numbers of the x86-64 registers (System V ABI, figure 3.36).
enum DwarfRegister : uint32_t {
  kDwarfRax = 0,
  kDwarfRdx = 1,
  kDwarfRcx = 2,
  kDwarfRbx = 3,
  kDwarfRsi = 4,
  kDwarfRdi = 5,
  kDwarfRbp = 6,
  kDwarfRsp = 7,
  kDwarfR8 = 8,  // ... r15 = 15
  kDwarfR12 = 12,
  kDwarfR13 = 13,
  kDwarfR14 = 14,
  kDwarfR15 = 15,
  kDwarfRip = 16,  // the return address column
  kDwarfRegisters = 17,
};

enum class CfiRule : uint8_t {
  kSame = 0,      // not mentioned: kept by the callee, if the ABI says so
  kUndefined,     // lost; for rip: this is the outermost frame
  kAtOffset,      // saved at CFA + value
  kOffset,        // is CFA + value
  kRegister,      // is in register `value`
  kAtExpression,  // saved where the expression at `value` says
  kExpression,    // is what the expression at `value` says
};

// What holds at one pc. Expressions are given by the offset of their length in the module's
// .eh_frame.
struct CfiRow {
  bool cfa_is_expression;
  bool is_signal_frame;  // pc was interrupted here, not called from here
  uint8_t cfa_register;
  int64_t cfa_value;   // added to the register; or the expression
  uint32_t mentioned;  // bit r: rule[r] is not kSame
  CfiRule rule[kDwarfRegisters];
  int32_t value[kDwarfRegisters];
};

enum class CfiResult : uint8_t {
  kFound,
  kNone,    // no unwind data for this pc
  kBroken,  // there is some, but it makes no sense or uses what this interpreter does not know
};

// The rules at `pc`, an address inside the instruction that runs or that made the call.
CfiResult FindCfiRow(const UnwindModule& module, uint64_t pc, CfiRow* out);

}  // namespace sigprof
