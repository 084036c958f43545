// SPDX-License-Identifier: MIT
// From a SharedFunctionInfo to a function of the ProfileTables. Identity is (script id, function
// literal id), which collections do not change; addresses are only a cache. Under the resolve lock.
#pragma once

#include <unordered_map>

#include "resolver/scripts.h"
#include "resolver/tables.h"
#include "v8/builtins.h"

namespace sigprof {

struct FunctionEntry {
  uint32_t id = 0;
  const Script* script = nullptr;  // null for builtins and API functions
  int32_t line = 0;                // of the definition
  bool lacks_place = false;        // its script's text could not be read
  int32_t start = -1, end = -1;    // its source text, from the parameter list; -1 unknown
  int32_t builtin_id = -1;
  bool is_builtin = false;
  bool is_api = false;
  bool is_wasm_export = false;  // V8's stub before a WebAssembly function
};

class FunctionTable {
 public:
  FunctionTable(const Heap* heap, const Builtins* builtins, ProfileTables* tables)
      : heap_(*heap), builtins_(*builtins), tables_(tables), scripts_(heap) {}

  // Null if `shared` does not check.
  const FunctionEntry* Find(Tagged shared);
  // V8's symbol of the builtin a function is; empty for others and for stripped binaries.
  const std::string& BuiltinSymbol(const FunctionEntry& function) const {
    return builtins_.NameOfId(function.builtin_id);
  }
  // A function without an object, by kind and name.
  uint32_t Special(FunctionKind kind, const std::string& name);
  // The builtin of this symbol, whether it has a function object or not.
  uint32_t Builtin(const std::string& symbol) { return Special(FunctionKind::kBuiltin, symbol); }

  // Whether places may be known later that are not now.
  bool lacks_places() const { return scripts_.has_unread(); }
  // Addresses are void, identities hold. Places that are not known are looked for once more.
  void ForgetAddresses() {
    by_address_.clear();
    scripts_.StartRound();
  }
  void UseTables(ProfileTables* tables);

 private:
  bool IsReadableNow(const FunctionEntry& entry, const FunctionFacts& facts);
  FunctionEntry Make(Tagged shared, FunctionFacts* facts);
  std::string NameOf(const FunctionFacts& facts);

  const Heap& heap_;
  const Builtins& builtins_;
  ProfileTables* tables_;
  Scripts scripts_;
  std::unordered_map<Tagged, const FunctionEntry*> by_address_;
  std::unordered_map<uint64_t, FunctionEntry> by_identity_;  // script id << 32 | literal id
  std::unordered_map<std::string, uint32_t> specials_;
  std::unordered_map<std::string, FunctionEntry> by_name_;  // API functions
};

}  // namespace sigprof
