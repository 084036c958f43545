// SPDX-License-Identifier: MIT
// What V8 keeps for leaving Maglev's code at a call: which functions are active there, and at which
// of their bytecodes. V8's own stack traces read this; its position tables name the loop instead of
// the line for whatever follows a loop that Maglev peeled (V8 13 and later).
// Tables as in V8's maglev-safepoint-table.h, deoptimization-data.h and translation-opcode.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sigprof {

// A JavaScript function that is active at a call.
struct DeoptFrame {
  int32_t bytecode_offset = 0;
  int32_t literal = 0;  // index of its SharedFunctionInfo among the code's literals
};

// The JavaScript frames of the translation that begins at `start`, the outermost first; none if it
// is not one, or if it has other opcodes than V8 13 and 14. Pure.
std::vector<DeoptFrame> DecodeTranslation(const uint8_t* bytes, size_t size, size_t start);

// Bytes of a safepoint table, its header included, told by its first kSafepointHeaderBytes; 0 if
// these are no header of a table with deoptimization entries. Pure.
constexpr size_t kSafepointHeaderBytes = 16;
size_t SafepointTableBytes(const uint8_t* header);

// Index of the deoptimization entry of the call that returns to `return_offset` from the code's
// start; -1 if it has none, or if this is no safepoint table. Pure.
int32_t FindDeoptIndex(const uint8_t* safepoints, size_t size, int32_t return_offset);

}  // namespace sigprof
