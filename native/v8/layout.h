// SPDX-License-Identifier: MIT
// Where V8 keeps things: byte offsets, instance types and encodings of one V8 version. Offsets into
// heap objects are from the untagged address (tagged pointer - 1). Read from the v8dbg_* symbols
// every Node exports, completed by a table for what they lack, calibrated against machine code.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/status.h"
#include "unwinder/capture.h"

namespace sigprof {

// Reads `int` data symbols of the V8 to be sampled, by exact name.
class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  virtual bool ReadInt(const char* name, int32_t* value) const = 0;
};

struct V8Version {
  int major = 0, minor = 0, build = 0;
  bool operator<(const V8Version& o) const {
    return major != o.major ? major < o.major : minor < o.minor;
  }
};
V8Version ParseV8Version(std::string_view text);

// Map.instance_type values; 0 = this V8 has no such type.
struct InstanceTypes {
  uint16_t first_js_function = 0, last_js_function = 0;
  uint16_t map = 0, oddball = 0, shared_function_info = 0, script = 0, scope_info = 0;
  uint16_t code = 0, bytecode_array = 0, instruction_stream = 0;
  uint16_t fixed_array = 0, trusted_fixed_array = 0, protected_fixed_array = 0;
  uint16_t weak_fixed_array = 0, trusted_weak_fixed_array = 0;
  uint16_t byte_array = 0, trusted_byte_array = 0;
  uint16_t sfi_wrapper = 0, function_template_info = 0;
  uint16_t wasm_module_object = 0, wasm_instance_object = 0;
  uint16_t uncompiled_data[4] = {};
};

struct FrameTypes {
  uint8_t builtin_exit = 0, irregexp = 0, wasm = 0, wasm_to_js = 0, js_to_wasm = 0;
};

// Offsets in heap objects; -1 = not in this V8.
struct HeapOffsets {
  int32_t map_instance_type = 12;
  int32_t js_function_shared = -1;
  int32_t js_function_code = -1;  // up to V8 12
  int32_t sfi_function_data = 8, sfi_untrusted_function_data = -1;
  int32_t sfi_name_or_scope_info = -1, sfi_script = -1, sfi_function_literal_id = -1;
  int32_t scope_info_flags = 8, scope_info_local_count = 24;
  int32_t scope_info_position = -1;  // -1: after the inferred name
  int32_t scope_info_variables = -1;
  int32_t uncompiled_inferred_name = 8, uncompiled_start = 16;
  int32_t script_source = 8, script_name = 16, script_line_offset = 24, script_column_offset = 32;
  int32_t script_type = 48, script_wasm_module = -1;
  int32_t script_id = 64, script_eval_from_shared = 72, script_source_url = -1;
  int32_t bytecode_length = 8, bytecode_positions = -1, bytecode_first = -1;
  int32_t code_deopt_or_bytecode = -1, code_positions = -1;
  int32_t code_instruction_start = -1;
  bool code_start_is_inline = false;  // V8 10: code follows the object's header
  int32_t code_flags = -1, code_size = -1;
  int32_t code_instruction_stream = -1;
  int32_t fixed_array_length = 8, fixed_array_data = 16;
  int32_t string_length = 12, string_data = 16;
  int32_t js_regexp_source = 32;
};

struct CodeKinds {
  uint32_t mask = 15;
  uint32_t baseline = 0, interpreted = 0, maglev = 0, turbofan = 0, regexp = 0;
};

struct DeoptIndices {
  int32_t inlined_count = 1, literals = -1, shared = -1, inlining_positions = -1;
  bool shared_is_wrapped = false;
};

struct Layout {
  V8Version version;
  CaptureLayout capture;
  InstanceTypes types;
  FrameTypes frames;
  HeapOffsets heap;
  CodeKinds kinds;
  DeoptIndices deopt;
  bool scope_flags_are_raw = false;       // u32 instead of Smi
  bool unsigned_position_deltas = false;  // source position tables of V8 14
};

// Fills everything but the Isolate's offsets in `capture`. Refuses with ERR_SIGPROF_UNSUPPORTED
// where symbols are missing or contradict what the decoder relies on (pointer compression, 32
// bits).
Status LoadHeapLayout(const SymbolSource& symbols, const V8Version& version, Layout* layout);

// Reads the Isolate offsets off the machine code of V8's JSEntry builtin, searched for in `code`
// (the embedded builtins, or all code of the binary). False when the code is not as expected.
// `entry` (may be null) gets the builtin's offset in `code`.
bool CalibrateCapture(const uint8_t* code, size_t size, CaptureLayout* layout,
                      size_t* entry = nullptr);

}  // namespace sigprof
