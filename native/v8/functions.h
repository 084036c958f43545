// SPDX-License-Identifier: MIT
// What a SharedFunctionInfo and its Script say of a function: identity, name, place.
#pragma once

#include <cstdint>
#include <string>

#include "v8/heap.h"

namespace sigprof {

struct FunctionFacts {
  Tagged script = 0;  // 0: a builtin, or an API function
  int32_t script_id = 0;
  int32_t literal_id = 0;        // with script_id the identity of a function, stable under GC
  int32_t builtin_id = -1;       // >= 0: a builtin
  bool is_api_function = false;  // implemented by an embedder's C++ callback
  int32_t start_position = -1;   // of the parameter list, in the script; -1 unknown
  int32_t end_position = -1;     // of the closing brace; -1 unknown
  std::string name;              // own name; empty if anonymous
  std::string inferred_name;     // V8's guess from the assignment or the enclosing class
};

// Identity only: two or three reads. False if `shared` does not type-check.
bool ReadFunctionIdentity(const Heap& heap, Tagged shared, FunctionFacts* facts);
// Name and position as well.
bool ReadFunctionNames(const Heap& heap, Tagged shared, FunctionFacts* facts);

struct ScriptFacts {
  std::string name;        // path, URL, or "" for an eval
  std::string source_url;  // //# sourceURL
  Tagged source = 0;       // the source string
  Tagged eval_from = 0;    // the function that called eval or new Function; 0 unknown
  int32_t line_offset = 0, column_offset = 0;  // of the first line, for vm scripts
};
bool ReadScript(const Heap& heap, Tagged script, ScriptFacts* facts);

// The name a function without one is assigned to, read from the source text just before it (which
// ends where its parameter list starts): `exports.run = async function` gives "exports.run",
// `{ load: (` gives "load"; a method with a computed key is called by it, "[Symbol.iterator]".
// Empty if the text shows no such thing.
std::u16string AssignedName(const std::u16string& text_before);

}  // namespace sigprof
