// SPDX-License-Identifier: MIT
// From a WebAssembly frame's instance to V8's NativeModule, a C++ object, and the machine code it
// owns. The offsets of C++ members change with V8 and its compiler and are in no symbol, so they
// are found by what they point to: code objects that point back to the module, bytes that begin
// like a module. Not for the signal handler.
#pragma once

#include <cstdint>
#include <vector>

#include "v8/heap.h"
#include "v8/wasm_names.h"

namespace sigprof {

// Machine code of one function, of one tier; a function may have several.
struct WasmCode {
  Address object = 0;  // V8's WasmCode
  Address start = 0, end = 0;
  uint32_t index = 0;  // of the function in the module, imported ones included
};

struct WasmModule {
  Address native_module = 0;
  Tagged script = 0;
  WasmNames names;
  int32_t size_offset = 0, index_offset = 0;  // in V8's WasmCode
  std::vector<WasmCode> code;                 // by start
};

// The module of a frame's instance slot. False if the objects are not as expected.
bool FindWasmModule(const Heap& heap, Tagged instance, WasmModule* module);
// Reads `code` anew: functions are compiled lazily and again when they are hot.
void ReadWasmCode(const Heap& heap, WasmModule* module);
// The code holding `pc`, verified to be as it was read; null if there is none.
const WasmCode* FindWasmCode(const Heap& heap, WasmModule* module, Address pc);

// Indices of the functions that `code`, which holds `pc`, has inlined there, innermost first, and
// last the code's own. V8 records positions of calls and traps, so a leaf's are those of the last
// such instruction before it.
std::vector<uint32_t> LocateInWasmCode(const Heap& heap, WasmModule* module, const WasmCode& code,
                                       Address pc);

// True for a function made by V8 to call a WebAssembly export: its script is the module's.
bool IsWasmScript(const Heap& heap, Tagged script);

}  // namespace sigprof
