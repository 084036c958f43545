// SPDX-License-Identifier: MIT
// What the executable file of a Node process tells of its V8, without running any of it: version,
// layout, where the builtins lie, how a thread finds its isolate. Any thread; not for the signal
// handler.
#pragma once

#include <memory>
#include <string>

#include "os/elf_image.h"
#include "os/status.h"
#include "v8/builtin_symbols.h"
#include "v8/layout.h"

namespace sigprof {

// Where a thread keeps the pointer to its isolate.
struct IsolateSlot {
  // V8 11+: a thread-local variable, this far from the thread pointer (negative).
  int64_t tls_offset = 0;
  // V8 10: a pthread key; the linked address of the int that holds it. 0: not used.
  uint64_t key_address = 0;
};

// Immutable.
struct V8Image {
  Layout layout;
  std::string v8_version;    // "11.3.244.8-node.33"
  std::string node_version;  // "v20.20.2"; empty if unknown
  IsolateSlot slot;
  // Bounds of the builtins' code, linked: the end is exact or up to the next function, the start
  // may lie in the function before.
  uint64_t code_start = 0, code_end = 0;
  bool position_independent = false;
  std::shared_ptr<const BuiltinSymbols> symbols;
};

// Reads the file, or finds it among those read before (by its build id). Null with `status` set:
// ERR_SIGPROF_NOT_NODE where there is no V8 in it, ERR_SIGPROF_UNSUPPORTED with the reason where
// there is one that can't be read. Some 100 ms the first time.
std::shared_ptr<const V8Image> LoadV8Image(const std::string& path, Status* status);

}  // namespace sigprof
