// SPDX-License-Identifier: MIT
// Names in a WebAssembly module's bytes: the custom section "name" of the core specification
// (appendix "Custom Sections"), and how many functions are imported. Not for the signal handler.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "os/memory.h"

namespace sigprof {

struct WasmNames {
  uint32_t imported = 0;                                // functions; their indices come first
  uint32_t declared = 0;                                // functions with a body
  std::unordered_map<uint32_t, std::string> functions;  // by index; only those with a name
};

// Reads the sections it needs from the module at [bytes, bytes + size). A malformed or unreadable
// module gives what was understood before the fault. False if it is no WebAssembly module.
bool ReadWasmNames(Memory* memory, Address bytes, uint64_t size, WasmNames* names);

}  // namespace sigprof
