// SPDX-License-Identifier: MIT
#include "v8/functions.h"

#include "v8/strings.h"

namespace sigprof {
namespace {

constexpr uint32_t kMaxNameUnits = 2048;

// Bits of ScopeInfo's flags: the same from V8 10 to 14, but for the scope type's values.
constexpr uint32_t kScopeTypeMask = 15;
constexpr uint32_t kHasClassVariable = 1u << 10;
constexpr uint32_t kFunctionVariableMask = 3u << 12;
constexpr uint32_t kHasInferredName = 1u << 14;
constexpr uint32_t kFunctionKindShift = 17, kFunctionKindMask = 31;
// FunctionKind::kClassMembersInitializerFunction; the kind for static ones follows it. From V8 14.6
// on each of the two is a pair.
constexpr uint32_t kFirstClassInitializer = 24;
// V8 keeps the names of more locals than this in a hash table, one word for all of them.
constexpr int32_t kMaxInlinedLocals = 75;

bool IsOneOf(uint16_t type, const uint16_t (&types)[4]) {
  for (uint16_t t : types) {
    if (t != 0 && t == type) return true;
  }
  return false;
}

// MODULE_SCOPE follows FUNCTION_SCOPE, which is 2 up to V8 12 and 4 later.
uint32_t ModuleScopeType(const Layout& layout) { return layout.version.major <= 12 ? 3 : 5; }

// What runs the initializers of a class's fields has the class's name in V8 12 and later; this is
// how V8's stack traces call it. Empty for all other kinds of functions.
const char* InitializerName(const Layout& layout, uint32_t kind) {
  const uint32_t kinds_each = layout.version < V8Version{14, 6, 0} ? 1 : 2;
  const uint32_t which = (kind - kFirstClassInitializer) / kinds_each;
  if (kind < kFirstClassInitializer || which > 1) return "";
  return which == 0 ? "<instance_members_initializer>" : "<static_initializer>";
}

bool ReadScopeInfo(const Heap& heap, Tagged scope_info, FunctionFacts* facts) {
  const Layout& layout = heap.layout();
  uint64_t raw_flags = 0, raw_count = 0;
  if (!heap.LoadWord(scope_info, layout.heap.scope_info_flags, &raw_flags) ||
      !heap.LoadWord(scope_info, layout.heap.scope_info_local_count, &raw_count)) {
    return false;
  }
  const uint32_t flags = layout.scope_flags_are_raw ? static_cast<uint32_t>(raw_flags)
                                                    : static_cast<uint32_t>(SmiValue(raw_flags));
  const int32_t locals = SmiValue(raw_count);
  if (!IsSmi(raw_count) || locals < 0 || locals > (1 << 20)) return false;

  int32_t at = layout.heap.scope_info_variables;
  if ((flags & kScopeTypeMask) == ModuleScopeType(layout)) at += 8;
  at += 8 * (locals < kMaxInlinedLocals ? 2 * locals : 1 + locals);
  if (flags & kHasClassVariable) at += 8;
  uint64_t word = 0;
  if (flags & kFunctionVariableMask) {
    if (heap.LoadWord(scope_info, at, &word)) ReadString(heap, word, kMaxNameUnits, &facts->name);
    at += 16;
  }
  if (flags & kHasInferredName) {
    if (heap.LoadWord(scope_info, at, &word)) {
      ReadString(heap, word, kMaxNameUnits, &facts->inferred_name);
    }
    at += 8;
  }
  const uint32_t kind = flags >> kFunctionKindShift & kFunctionKindMask;
  const char* initializer = InitializerName(layout, kind);
  if (*initializer != 0) facts->name = initializer;
  if (layout.heap.scope_info_position >= 0) at = layout.heap.scope_info_position;
  if (heap.LoadWord(scope_info, at, &word) && IsSmi(word) && SmiValue(word) >= 0) {
    facts->start_position = SmiValue(word);
    if (heap.LoadWord(scope_info, at + 8, &word) && IsSmi(word)) {
      facts->end_position = SmiValue(word);
    }
  }
  return true;
}

// In V8 10 and 11 a debugger that set a breakpoint replaces the script by a DebugInfo, one of whose
// first fields is the script.
Tagged ScriptOf(const Heap& heap, Tagged shared) {
  uint64_t script = 0;
  if (!heap.LoadWord(shared, heap.layout().heap.sfi_script, &script)) return 0;
  if (heap.IsScript(&script)) return script;
  if (heap.layout().version.major > 11 || !IsHeapPointer(script) ||
      heap.Type(&script) == heap.layout().types.oddball) {
    return 0;
  }
  for (int32_t offset = 8; offset <= 32; offset += 8) {
    uint64_t field = 0;
    if (heap.LoadWord(script, offset, &field) && heap.IsScript(&field)) return field;
  }
  return 0;
}

void ReadFunctionData(const Heap& heap, Tagged shared, FunctionFacts* facts) {
  const HeapOffsets& h = heap.layout().heap;
  for (int32_t offset : {h.sfi_function_data, h.sfi_untrusted_function_data}) {
    uint64_t data = 0;
    if (offset < 0 || !heap.LoadWord(shared, offset, &data)) continue;
    if (IsSmi(data)) {
      // An absent trusted pointer reads as Smi zero: only the field in use decides.
      if (data == 0 && offset == h.sfi_function_data && h.sfi_untrusted_function_data >= 0)
        continue;
      facts->builtin_id = SmiValue(data);
    } else if (heap.Type(&data) == heap.layout().types.function_template_info) {
      facts->is_api_function = true;
    }
  }
}

}  // namespace

bool ReadFunctionIdentity(const Heap& heap, Tagged shared, FunctionFacts* facts) {
  if (!heap.IsSharedFunctionInfo(&shared)) return false;
  facts->script = ScriptOf(heap, shared);
  if (facts->script == 0) {
    ReadFunctionData(heap, shared, facts);
    return true;
  }
  uint64_t id = 0;
  if (!heap.LoadWord(facts->script, heap.layout().heap.script_id, &id) || !IsSmi(id)) return false;
  facts->script_id = SmiValue(id);
  return heap.LoadInt(shared, heap.layout().heap.sfi_function_literal_id, &facts->literal_id);
}

bool ReadFunctionNames(const Heap& heap, Tagged shared, FunctionFacts* facts) {
  const Layout& layout = heap.layout();
  uint64_t name_or_scope = 0;
  if (!heap.LoadWord(shared, layout.heap.sfi_name_or_scope_info, &name_or_scope)) return false;
  if (IsHeapPointer(name_or_scope)) {
    if (heap.Type(&name_or_scope) == layout.types.scope_info) {
      ReadScopeInfo(heap, name_or_scope, facts);
      return true;
    }
    ReadString(heap, name_or_scope, kMaxNameUnits, &facts->name);
  }
  uint64_t data = 0;
  const HeapOffsets& h = layout.heap;
  for (int32_t offset : {h.sfi_function_data, h.sfi_untrusted_function_data}) {
    if (offset < 0 || !heap.LoadWord(shared, offset, &data) || !IsHeapPointer(data)) continue;
    if (!IsOneOf(heap.Type(&data), layout.types.uncompiled_data)) continue;
    uint64_t inferred = 0;
    if (heap.LoadWord(data, h.uncompiled_inferred_name, &inferred)) {
      ReadString(heap, inferred, kMaxNameUnits, &facts->inferred_name);
    }
    heap.LoadInt(data, h.uncompiled_start, &facts->start_position);
    heap.LoadInt(data, h.uncompiled_start + 4, &facts->end_position);
  }
  return true;
}

bool ReadScript(const Heap& heap, Tagged script, ScriptFacts* facts) {
  const HeapOffsets& h = heap.layout().heap;
  if (!heap.IsScript(&script)) return false;
  uint64_t word = 0;
  if (heap.LoadWord(script, h.script_name, &word)) {
    ReadString(heap, word, kMaxNameUnits, &facts->name);
  }
  if (heap.LoadWord(script, h.script_source_url, &word)) {
    ReadString(heap, word, kMaxNameUnits, &facts->source_url);
  }
  if (heap.LoadWord(script, h.script_eval_from_shared, &word) && heap.IsSharedFunctionInfo(&word)) {
    facts->eval_from = word;
  }
  if (heap.LoadWord(script, h.script_line_offset, &word) && IsSmi(word)) {
    facts->line_offset = SmiValue(word);
  }
  if (heap.LoadWord(script, h.script_column_offset, &word) && IsSmi(word)) {
    facts->column_offset = SmiValue(word);
  }
  return heap.LoadWord(script, h.script_source, &facts->source);
}

}  // namespace sigprof
