// SPDX-License-Identifier: MIT
#include "resolver/function_table.h"

#include <algorithm>

#include "v8/strings.h"
#include "v8/wasm_module.h"

namespace sigprof {
namespace {

// The code of a script or module itself.
constexpr int32_t kTopLevelLiteral = 0;

// Script ids start at 1, so that builtins can share the identity map under script id 0.
uint64_t IdentityKey(int32_t script_id, int32_t literal_id) {
  return static_cast<uint64_t>(static_cast<uint32_t>(script_id)) << 32 |
         static_cast<uint32_t>(literal_id);
}

// V8 infers "Class.method" for a method; without the class only the method's own name is known.
bool EndsInMember(const std::string& inferred, const std::string& name) {
  return inferred.size() > name.size() + 1 && inferred.ends_with(name) &&
         inferred[inferred.size() - name.size() - 1] == '.';
}

}  // namespace

std::string FunctionTable::NameOf(const FunctionFacts& facts) {
  if (!facts.name.empty()) {
    return EndsInMember(facts.inferred_name, facts.name) ? facts.inferred_name : facts.name;
  }
  if (!facts.inferred_name.empty() || facts.script == 0) return facts.inferred_name;
  const std::u16string target =
      AssignedName(scripts_.TextBefore(facts.script, facts.start_position));
  std::string name;
  AppendUtf8(reinterpret_cast<const uint16_t*>(target.data()), target.size(), &name);
  return name;
}

FunctionEntry FunctionTable::Make(Tagged shared, FunctionFacts* facts) {
  ReadFunctionNames(heap_, shared, facts);
  FunctionEntry entry;
  FunctionInfo info;
  if (facts->script == 0) {
    entry.is_builtin = facts->builtin_id >= 0;
    entry.builtin_id = facts->builtin_id;
    entry.is_api = !entry.is_builtin;
    info.kind = entry.is_builtin ? FunctionKind::kBuiltin : FunctionKind::kNative;
    info.name = facts->name;
    if (entry.is_builtin && !builtins_.NameOfId(facts->builtin_id).empty()) {
      entry.id = Builtin(builtins_.NameOfId(facts->builtin_id));
      return entry;
    }
  } else {
    entry.is_wasm_export = IsWasmScript(heap_, facts->script);
    info.name = NameOf(*facts);
    entry.script = scripts_.Find(facts->script, facts->script_id);
    if (entry.script != nullptr) {
      if (facts->literal_id == kTopLevelLiteral) {
        // To V8 11 and before, the code of a module begins at its end.
        facts->end_position = std::max(facts->start_position, facts->end_position);
        facts->start_position = 0;
      }
      entry.lacks_place = !entry.script->HasLines();
      const LineColumn place = entry.script->Locate(facts->start_position);
      info.script = entry.script->name;
      info.line = place.line;
      info.column = place.column;
      entry.line = place.line;
      entry.start = facts->start_position;
      entry.end = facts->end_position;
    }
  }
  entry.id = tables_->AddFunction(info);
  return entry;
}

bool FunctionTable::IsReadableNow(const FunctionEntry& entry, const FunctionFacts& facts) {
  if (!entry.lacks_place) return false;
  const Script* script = scripts_.Find(facts.script, facts.script_id);
  return script != nullptr && script->HasLines();
}

const FunctionEntry* FunctionTable::Find(Tagged shared) {
  auto cached = by_address_.find(shared);
  if (cached != by_address_.end()) return cached->second;
  FunctionFacts facts;
  if (!ReadFunctionIdentity(heap_, shared, &facts)) return nullptr;
  const FunctionEntry* entry = nullptr;
  if (facts.script == 0 && facts.builtin_id < 0) {
    ReadFunctionNames(heap_, shared, &facts);
    auto [at, is_new] = by_name_.try_emplace(facts.name);
    if (is_new) at->second = Make(shared, &facts);
    entry = &at->second;
  } else {
    const int32_t member = facts.script == 0 ? facts.builtin_id : facts.literal_id;
    auto [at, is_new] = by_identity_.try_emplace(IdentityKey(facts.script_id, member));
    if (is_new || IsReadableNow(at->second, facts)) at->second = Make(shared, &facts);
    entry = &at->second;
  }
  by_address_[shared] = entry;
  return entry;
}

uint32_t FunctionTable::Special(FunctionKind kind, const std::string& name) {
  auto [at, is_new] = specials_.try_emplace(std::to_string(static_cast<int>(kind)) + name);
  if (is_new) {
    FunctionInfo info;
    info.name = name;
    info.kind = kind;
    at->second = tables_->AddFunction(info);
  }
  return at->second;
}

void FunctionTable::UseTables(ProfileTables* tables) {
  tables_ = tables;
  by_address_.clear();
  by_identity_.clear();
  by_name_.clear();
  specials_.clear();
  scripts_.Forget();
}

}  // namespace sigprof
