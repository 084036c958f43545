// SPDX-License-Identifier: MIT
#include "v8/layout_table.h"

namespace sigprof {
namespace {

struct Row {
  V8Version since;
  // heap
  int32_t js_function_code;  // -1: only a dispatch handle
  int32_t sfi_untrusted_function_data;
  int32_t scope_info_position;
  int32_t script_source_url;
  int32_t bytecode_positions;
  int32_t code_deopt_or_bytecode, code_positions;
  int32_t code_instruction_start, code_flags, code_size, code_instruction_stream;
  // deoptimization data
  int32_t literals, shared, inlining_positions;
  uint32_t regexp_kind;  // CodeKind::REGEXP
  // Isolate: not saved by JSEntry before V8 13, so not calibrated; 0 = calibrated
  int32_t fast_call_fp, fast_call_pc;
  // encodings
  bool code_start_is_inline;
  bool scope_flags_are_raw;
  bool unsigned_position_deltas;
};

// One row a V8 line that Node shipped: 18, 19, 20, 21, 22, 23, 24, 25, 26.
constexpr Row kRows[] = {
    {{10, 2, 0}, 48, -1, -1, 104, 32,    16,    24,   128,   48,   40,
     -1,         2,  6,  7,  3,   0x100, 0x108, true, false, false},
    {{10, 7, 0}, 48, -1, -1, 104, 32,   16,   24,   128,   48,   40,
     -1,         2,  6,  7,  3,   0xd8, 0xe0, true, false, false},
    {{11, 3, 0}, 48, -1, -1, 112, 32,   16,   24,    40,    48,   56,
     32,         2,  6,  7,  3,   0xe8, 0xf0, false, false, false},
    {{11, 8, 0}, 24, -1, -1, 112, 32,   8,    16,    32,    40,   44,
     24,         2,  6,  7,  3,   0xf0, 0xf8, false, false, false},
    {{12, 4, 0}, 24, -1, -1, 112, 24,   8,    16,    40,    48,   52,
     32,         2,  6,  7,  3,   0xf0, 0xf8, false, false, false},
    {{12, 9, 0}, 24, 16, 32, 112, 24,   8,    16,    40,   48,   52,
     32,         2,  6,  7,  3,   0xf0, 0xf8, false, true, false},
    {{13, 6, 0}, -1, 16, 32, 112, 24, 8, 16, 40, 52, 56, 32, 3, 7, 8, 3, 0, 0, false, true, false},
    {{14, 1, 0}, -1, 16, 32, 112, 24, 8, 16, 40, 52, 56, 32, 3, 7, 8, 3, 0, 0, false, true, true},
    {{14, 6, 0}, -1, 16, 32, 112, 24, 8, 16, 40, 52, 56, 32, 3, 7, 8, 4, 0, 0, false, true, true},
};

}  // namespace

void ApplyLayoutTable(const V8Version& version, Layout* layout) {
  const Row* row = &kRows[0];
  for (const Row& candidate : kRows) {
    if (!(version < candidate.since)) row = &candidate;
  }
  HeapOffsets* h = &layout->heap;
  h->js_function_code = row->js_function_code;
  h->sfi_untrusted_function_data = row->sfi_untrusted_function_data;
  h->scope_info_position = row->scope_info_position;
  h->script_source_url = row->script_source_url;
  h->bytecode_positions = row->bytecode_positions;
  h->code_deopt_or_bytecode = row->code_deopt_or_bytecode;
  h->code_positions = row->code_positions;
  h->code_instruction_start = row->code_instruction_start;
  h->code_flags = row->code_flags;
  h->code_size = row->code_size;
  h->code_instruction_stream = row->code_instruction_stream;
  layout->deopt.literals = row->literals;
  layout->deopt.shared = row->shared;
  layout->deopt.inlining_positions = row->inlining_positions;
  h->code_start_is_inline = row->code_start_is_inline;
  layout->kinds.regexp = row->regexp_kind;
  layout->capture.fast_call_fp = row->fast_call_fp;
  layout->capture.fast_call_pc = row->fast_call_pc;
  layout->scope_flags_are_raw = row->scope_flags_are_raw;
  layout->unsigned_position_deltas = row->unsigned_position_deltas;
}

}  // namespace sigprof
