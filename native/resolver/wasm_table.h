// SPDX-License-Identifier: MIT
// From a WebAssembly frame to a function of the ProfileTables: "name" in
// "wasm://wasm/<module>:wasm-function[<index>]". Under the resolve lock.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "resolver/tables.h"
#include "v8/wasm_module.h"

namespace sigprof {

class WasmTable {
 public:
  WasmTable(const Heap* heap, ProfileTables* tables) : heap_(*heap), tables_(tables) {}

  // The frames of the functions that run at `pc`, inlined ones last; `instance` is the physical
  // frame's slot. Without a module that can be read it is one frame, "wasm-function".
  std::vector<uint32_t> FramesOf(Tagged instance, Address pc);
  // Where rbp is the caller's, at the start of a function's machine code and at its return, how
  // many words of the stack end with the return address; 0 everywhere else.
  uint32_t WordsToReturnAddress(Tagged instance, Address pc);

  // Tagged addresses are void.
  void ForgetAddresses() { by_instance_.clear(); }
  void UseTables(ProfileTables* tables);

 private:
  struct Entry {
    WasmModule module;
    std::string script;  // wasm://wasm/<hash>
    uint32_t misses = 0;
  };
  Entry* EntryOf(Tagged instance);
  const WasmCode* CodeAt(Tagged instance, Address pc, Entry** entry);
  uint32_t Frame(const Entry& entry, uint32_t index, bool is_inlined);
  uint32_t Unknown();

  const Heap& heap_;
  ProfileTables* tables_;
  std::unordered_map<Tagged, Entry*> by_instance_;    // null: no module
  std::unordered_map<std::string, Entry> by_script_;  // V8 makes script names of hashes of bytes
  std::unordered_map<std::string, uint32_t> functions_;
};

}  // namespace sigprof
