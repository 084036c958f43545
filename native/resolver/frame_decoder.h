// SPDX-License-Identifier: MIT
// One physical frame to the functions active in it: which they are, where they stand, which of them
// are inlined. Results are cached for as long as V8 moves no old object. Under the resolve lock.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "resolver/code_cache.h"
#include "resolver/function_table.h"
#include "resolver/wasm_table.h"
#include "unwinder/raw_sample.h"

namespace sigprof {

// Where in its function a frame stands.
struct FramePlace {
  enum Kind : uint8_t { kStart, kBytecode, kCode } kind = kStart;
  Tagged bytecode_array = 0;       // kBytecode
  int32_t bytecode_offset = 0;     // kBytecode
  const CodeInfo* code = nullptr;  // kCode
  Address pc = 0;                  // kCode: of the call, i.e. return address - 1, or of the tick
};

class FrameDecoder {
 public:
  FrameDecoder(const Layout* layout, const Builtins* builtins, const CodeRanges& code,
               Memory* memory, ProfileTables* tables);

  // The SharedFunctionInfo of a frame's function word (a JSFunction, or pinned); 0 if it is none.
  Tagged SharedOf(uint64_t function);
  // Place of a frame whose own pc is `pc`; `is_return` tells a return address from a tick's rip.
  FramePlace PlaceOf(const RawFrame& frame, Tagged shared, Address pc, bool is_return);
  // The bytecode offset of an interpreted frame's slots; -1 if they are none.
  int32_t InterpretedOffset(uint64_t bytecode_array, uint64_t offset_word);

  // Frame ids of the tables, outermost first. The span is valid until the next call. Empty if
  // `shared` does not check.
  std::span<const uint32_t> Expand(Tagged shared, const FramePlace& place);

  const Heap& heap() const { return heap_; }
  CodeCache& code() { return code_cache_; }
  FunctionTable& functions() { return functions_; }
  WasmTable& wasm() { return wasm_; }
  const Builtins& builtins() const { return builtins_; }
  const CodeRanges& ranges() const { return ranges_; }

  void DropReads() { memory_.Drop(); }
  void ScavengeHappened();
  void MarkCompactHappened();
  void UseTables(ProfileTables* tables);

 private:
  struct PlaceKey {
    Tagged shared;
    uint64_t place;
    bool operator==(const PlaceKey&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const PlaceKey& key) const {
      return (key.shared ^ key.place * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull >> 16;
    }
  };
  struct Expansion {
    uint32_t first, count;
  };
  void Decode(Tagged shared, const FramePlace& place);
  void AddFrame(Tagged shared, int32_t script_offset, uint32_t flags);

  CachedMemory memory_;
  Heap heap_;
  const Builtins& builtins_;
  CodeRanges ranges_;
  ProfileTables* tables_;
  CodeCache code_cache_;
  FunctionTable functions_;
  WasmTable wasm_;
  std::unordered_map<uint64_t, Tagged> shared_;  // function word -> SFI; functions until a scavenge
  std::unordered_map<Tagged, int32_t> bytecode_lengths_;  // -1: no BytecodeArray
  std::unordered_map<PlaceKey, Expansion, PlaceHash> expansions_;
  std::vector<uint32_t> expanded_;  // frame ids, pointed into by expansions_
};

}  // namespace sigprof
