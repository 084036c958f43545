// SPDX-License-Identifier: MIT
// DWARF expressions as they occur in call frame information: PLT stubs, signal frames, realigned
// stacks, hand-written assembly (DWARF 5, 2.5). Signal-safe; bounded steps and stack.
#pragma once

#include <cstdint>

#include "unwinder/native_registers.h"
#include "unwinder/stack_window.h"
#include "unwinder/unwind_tables.h"

namespace sigprof {

// Evaluates the expression whose length lies at `offset` of the module's .eh_frame. With `push_cfa`
// the CFA is on the stack first, as for register rules. False when it reads outside of `stack`,
// uses an unknown register or an operation this evaluator does not know.
bool EvaluateExpression(const UnwindModule& module, uint64_t offset, const NativeRegisters& regs,
                        const StackReader& stack, bool push_cfa, uint64_t cfa, uint64_t* out);

}  // namespace sigprof
