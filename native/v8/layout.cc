// SPDX-License-Identifier: MIT
#include "v8/layout.h"

#include <cstdlib>
#include <initializer_list>
#include <string>

#include "v8/layout_table.h"

namespace sigprof {
namespace {

class Loader {
 public:
  Loader(const SymbolSource& symbols) : symbols_(symbols) {}

  // The first of the names that exists; C++ types are part of the names and change with V8.
  bool Find(std::initializer_list<const char*> names, int32_t* value) const {
    for (const char* name : names) {
      if (symbols_.ReadInt((std::string("v8dbg_") + name).c_str(), value)) return true;
    }
    return false;
  }
  void Optional(std::initializer_list<const char*> names, int32_t* value) const {
    int32_t found;
    if (Find(names, &found)) *value = found;
  }
  template <typename T>
  void Require(std::initializer_list<const char*> names, T* value) {
    int32_t found;
    if (Find(names, &found)) {
      *value = static_cast<T>(found);
    } else if (missing_.empty()) {
      missing_ = *names.begin();
    }
  }
  template <typename T>
  void Type(std::initializer_list<const char*> names, T* value) const {
    int32_t found;
    if (Find(names, &found)) *value = static_cast<T>(found);
  }
  const std::string& missing() const { return missing_; }

 private:
  const SymbolSource& symbols_;
  std::string missing_;
};

void LoadTypes(Loader& l, InstanceTypes* t) {
  l.Require({"type_Map__MAP_TYPE"}, &t->map);
  l.Require({"type_Oddball__ODDBALL_TYPE"}, &t->oddball);
  l.Require({"type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE"}, &t->shared_function_info);
  l.Require({"type_Script__SCRIPT_TYPE"}, &t->script);
  l.Require({"type_ScopeInfo__SCOPE_INFO_TYPE"}, &t->scope_info);
  l.Require({"type_Code__CODE_TYPE"}, &t->code);
  l.Require({"type_BytecodeArray__BYTECODE_ARRAY_TYPE"}, &t->bytecode_array);
  l.Require({"type_FixedArray__FIXED_ARRAY_TYPE"}, &t->fixed_array);
  l.Require({"type_WeakFixedArray__WEAK_FIXED_ARRAY_TYPE"}, &t->weak_fixed_array);
  l.Require({"type_ByteArray__BYTE_ARRAY_TYPE"}, &t->byte_array);
  l.Type({"type_InstructionStream__INSTRUCTION_STREAM_TYPE"}, &t->instruction_stream);
  l.Type({"type_TrustedFixedArray__TRUSTED_FIXED_ARRAY_TYPE"}, &t->trusted_fixed_array);
  l.Type({"type_ProtectedFixedArray__PROTECTED_FIXED_ARRAY_TYPE"}, &t->protected_fixed_array);
  l.Type({"type_TrustedWeakFixedArray__TRUSTED_WEAK_FIXED_ARRAY_TYPE"},
         &t->trusted_weak_fixed_array);
  l.Type({"type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE"}, &t->trusted_byte_array);
  l.Type({"type_SharedFunctionInfoWrapper__SHARED_FUNCTION_INFO_WRAPPER_TYPE"}, &t->sfi_wrapper);
  l.Type({"type_FunctionTemplateInfo__FUNCTION_TEMPLATE_INFO_TYPE"}, &t->function_template_info);
  l.Type({"type_WasmModuleObject__WASM_MODULE_OBJECT_TYPE"}, &t->wasm_module_object);
  l.Type({"type_WasmInstanceObject__WASM_INSTANCE_OBJECT_TYPE"}, &t->wasm_instance_object);
  const char* uncompiled[4] = {
      "type_UncompiledDataWithPreparseData__UNCOMPILED_DATA_WITH_PREPARSE_DATA_TYPE",
      "type_UncompiledDataWithPreparseDataAndJob__UNCOMPILED_DATA_WITH_PREPARSE_DATA_AND_JOB_TYPE",
      "type_UncompiledDataWithoutPreparseData__UNCOMPILED_DATA_WITHOUT_PREPARSE_DATA_TYPE",
      "type_UncompiledDataWithoutPreparseDataWithJob__UNCOMPILED_DATA_WITHOUT_PREPARSE_DATA_WITH_"
      "JOB_TYPE"};
  for (int i = 0; i < 4; i++) l.Type({uncompiled[i]}, &t->uncompiled_data[i]);
  int32_t first, last;
  if (l.Find({"FirstJSFunctionType"}, &first) && l.Find({"LastJSFunctionType"}, &last)) {
    t->first_js_function = static_cast<uint16_t>(first);
    t->last_js_function = static_cast<uint16_t>(last);
  } else {
    // Not exported before V8 12. JS_FUNCTION_TYPE is the first of 17 function types there.
    l.Require({"type_JSFunction__JS_FUNCTION_TYPE"}, &t->first_js_function);
    t->last_js_function = static_cast<uint16_t>(t->first_js_function + 16);
  }
}

void LoadObjects(Loader& l, HeapOffsets* h) {
  l.Require({"class_Map__instance_type__uint16_t"}, &h->map_instance_type);
  l.Require({"class_JSFunction__shared__SharedFunctionInfo"}, &h->js_function_shared);
  l.Optional({"class_JSFunction__code__CodeT", "class_JSFunction__code__Tagged_Code_"},
             &h->js_function_code);
  l.Optional({"class_SharedFunctionInfo__function_data__Object"}, &h->sfi_function_data);
  l.Require({"class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_",
             "class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_",
             "class_SharedFunctionInfo__name_or_scope_info__Object"},
            &h->sfi_name_or_scope_info);
  l.Require({"class_SharedFunctionInfo__script__Tagged_HeapObject_",
             "class_SharedFunctionInfo__raw_script__Tagged_Object_",
             "class_SharedFunctionInfo__script_or_debug_info__HeapObject"},
            &h->sfi_script);
  int32_t flags = -1;
  l.Require({"class_SharedFunctionInfo__flags__int"}, &flags);
  h->sfi_function_literal_id = flags + 4;
  l.Require({"class_UncompiledData__inferred_name__String"}, &h->uncompiled_inferred_name);
  l.Require({"class_UncompiledData__start_position__int32_t"}, &h->uncompiled_start);
  l.Require({"class_Script__source__Object"}, &h->script_source);
  l.Require({"class_Script__name__Object"}, &h->script_name);
  int32_t line_ends = -1;
  l.Require({"class_Script__line_ends__Object"}, &line_ends);
  h->script_id = line_ends + 8;
  h->script_type = line_ends - 8;
  l.Optional({"class_Script__wasm_managed_native_module__Tagged_Object_",
              "class_Script__wasm_managed_native_module__Object"},
             &h->script_wasm_module);
  l.Optional({"class_Script__eval_from_shared_or_wrapped_arguments__Tagged_Object_",
              "class_Script__eval_from_shared_or_wrapped_arguments__Object",
              "class_Script__eval_from_shared_or_wrapped_arguments_or_sfi_table__Object"},
             &h->script_eval_from_shared);
  l.Require({"class_BytecodeArray__data__uintptr_t"}, &h->bytecode_first);
  l.Require({"class_FixedArrayBase__length__SMI"}, &h->fixed_array_length);
  l.Require({"class_FixedArray__data__uintptr_t"}, &h->fixed_array_data);
  l.Optional({"class_JSRegExp__source__Object"}, &h->js_regexp_source);
  int32_t index = 0;
  l.Require({"scopeinfo_idx_first_vars"}, &index);
  h->scope_info_variables = 8 + index * 8;
  l.Require({"scopeinfo_idx_ncontextlocals"}, &index);
  h->scope_info_local_count = 8 + index * 8;
}

void LoadCode(Loader& l, Layout* layout) {
  HeapOffsets* h = &layout->heap;
  // V8 11 exports a stale, partial set of Code's fields; the table is right there.
  if (layout->version.major != 11) {
    l.Optional(
        {"class_Code__instruction_start__Address", "class_Code__instruction_start__uintptr_t"},
        &h->code_instruction_start);
    l.Optional({"class_Code__flags__uint32_t"}, &h->code_flags);
    l.Optional({"class_Code__instruction_size__int"}, &h->code_size);
    l.Optional({"class_Code__instruction_stream__Tagged_InstructionStream_"},
               &h->code_instruction_stream);
  }
  l.Optional({"DeoptimizationDataInlinedFunctionCountIndex"}, &layout->deopt.inlined_count);
  l.Optional({"DeoptimizationDataLiteralArrayIndex"}, &layout->deopt.literals);
  l.Optional({"DeoptimizationDataInliningPositionsIndex"}, &layout->deopt.inlining_positions);
  l.Optional({"DeoptimizationDataSharedFunctionInfoIndex"}, &layout->deopt.shared);
  if (l.Find({"DeoptimizationDataWrappedSharedFunctionInfoIndex",
              "DeoptimizationDataSharedFunctionInfoWrapperIndex"},
             &layout->deopt.shared)) {
    layout->deopt.shared_is_wrapped = true;
  }
  l.Require({"CodeKindFieldMask"}, &layout->kinds.mask);
  l.Require({"CodeKindBaseline"}, &layout->kinds.baseline);
  l.Require({"CodeKindInterpretedFunction"}, &layout->kinds.interpreted);
  // CodeKind lists INTERPRETED_FUNCTION, BASELINE, MAGLEV, TURBOFAN in this order since V8 10.
  layout->kinds.maglev = layout->kinds.baseline + 1;
  layout->kinds.turbofan = layout->kinds.baseline + 2;
  l.Require({"frametype_BuiltinExitFrame"}, &layout->frames.builtin_exit);
  l.Type({"frametype_IrregexpFrame"}, &layout->frames.irregexp);
  l.Type({"frametype_WasmFrame"}, &layout->frames.wasm);
  l.Type({"frametype_WasmToJsFrame"}, &layout->frames.wasm_to_js);
  layout->capture.wasm_frame_type = layout->frames.wasm;
  layout->capture.wasm_to_js_frame_type = layout->frames.wasm_to_js;
  l.Type({"frametype_JsToWasmFrame"}, &layout->frames.js_to_wasm);
}

}  // namespace

V8Version ParseV8Version(std::string_view text) {
  V8Version version;
  int* parts[3] = {&version.major, &version.minor, &version.build};
  size_t part = 0;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      *parts[part] = *parts[part] * 10 + (c - '0');
    } else if (c != '.' || ++part == 3) {
      break;
    }
  }
  return version;
}

Status LoadHeapLayout(const SymbolSource& symbols, const V8Version& version, Layout* layout) {
  Loader loader(symbols);
  int32_t tagged_size = 0, pointer_size = 0;
  if (!loader.Find({"TaggedSize"}, &tagged_size)) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "this Node build exports no V8 debug symbols (v8dbg_*), so its stacks can't be "
                  "read; use an official Node build");
  }
  loader.Optional({"SystemPointerSize"}, &pointer_size);
  if (tagged_size != 8 || pointer_size != 8) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "this Node build uses V8's pointer compression, which sigprof does not read; use "
                  "an official Node build");
  }
  layout->version = version;
  ApplyLayoutTable(version, layout);
  LoadTypes(loader, &layout->types);
  LoadObjects(loader, &layout->heap);
  LoadCode(loader, layout);
  if (!loader.missing().empty()) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "this V8 (" + std::to_string(version.major) + "." +
                      std::to_string(version.minor) + ") lacks the debug symbol v8dbg_" +
                      loader.missing() + "; sigprof reads V8 10 to 14 (Node 18 to 26)");
  }
  return Status();
}

}  // namespace sigprof
