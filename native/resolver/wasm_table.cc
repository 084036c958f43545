// SPDX-License-Identifier: MIT
#include "resolver/wasm_table.h"

#include "v8/functions.h"

namespace sigprof {

WasmTable::Entry* WasmTable::EntryOf(Tagged instance) {
  auto [known, is_new] = by_instance_.try_emplace(instance, nullptr);
  if (!is_new) return known->second;
  WasmModule module;
  ScriptFacts script;
  if (!FindWasmModule(heap_, instance, &module) || !ReadScript(heap_, module.script, &script)) {
    return nullptr;
  }
  const std::string key = script.name + '@' + std::to_string(module.native_module);
  auto [entry, is_new_module] = by_script_.try_emplace(key);
  if (is_new_module) entry->second = {std::move(module), script.name, 0};
  known->second = &entry->second;
  return known->second;
}

const WasmCode* WasmTable::CodeAt(Tagged instance, Address pc, Entry** entry) {
  *entry = EntryOf(instance);
  if (*entry == nullptr) return nullptr;
  const WasmCode* code = FindWasmCode(heap_, &(*entry)->module, pc);
  if (code != nullptr) return code;
  // New code, or none of a function's: an index of a large module is not read again for each of
  // these, but at the 1st, 2nd, 4th, 8th ... miss.
  const uint32_t misses = ++(*entry)->misses;
  if ((misses & (misses - 1)) != 0) return nullptr;
  ReadWasmCode(heap_, &(*entry)->module);
  code = FindWasmCode(heap_, &(*entry)->module, pc);
  if (code != nullptr) (*entry)->misses = 0;
  return code;
}

uint32_t WasmTable::Frame(const Entry& entry, uint32_t index, bool is_inlined) {
  const std::string place = "wasm-function[" + std::to_string(index) + "]";
  const std::string script = entry.script + ':' + place;
  auto [known, is_new] = functions_.try_emplace(script);
  if (is_new) {
    auto named = entry.module.names.functions.find(index);
    FunctionInfo info;
    info.kind = FunctionKind::kWasm;
    info.name = named == entry.module.names.functions.end() ? place : named->second;
    info.script = script;
    known->second = tables_->AddFunction(info);
  }
  return tables_->Frame(known->second, 0, 0, is_inlined ? uint32_t{kFrameInlined} : 0u);
}

uint32_t WasmTable::Unknown() {
  auto [known, is_new] = functions_.try_emplace("");
  if (is_new) {
    FunctionInfo info;
    info.kind = FunctionKind::kWasm;
    info.name = "wasm-function";
    known->second = tables_->AddFunction(info);
  }
  return tables_->Frame(known->second, 0, 0, 0);
}

std::vector<uint32_t> WasmTable::FramesOf(Tagged instance, Address pc) {
  Entry* entry = nullptr;
  const WasmCode* code = CodeAt(instance, pc, &entry);
  if (code == nullptr) return {Unknown()};
  std::vector<uint32_t> frames;
  const std::vector<uint32_t> indices = LocateInWasmCode(heap_, &entry->module, *code, pc);
  for (size_t i = indices.size(); i-- > 0;) {
    frames.push_back(Frame(*entry, indices[i], i + 1 < indices.size()));
  }
  return frames;
}

uint32_t WasmTable::WordsToReturnAddress(Tagged instance, Address pc) {
  Entry* entry = nullptr;
  const WasmCode* code = CodeAt(instance, pc, &entry);
  if (code == nullptr) return 0;
  // push rbp; mov rbp,rsp; behind it the marker is not yet there, see FindWasmFrame
  if (pc - code->start <= 4) return pc == code->start ? 1 : 2;
  uint8_t instruction = 0;
  const bool is_return = heap_.memory()->Load(pc, &instruction) &&
                         (instruction == 0xc3 || instruction == 0xc2);  // ret, ret n
  return is_return ? 1 : 0;
}

void WasmTable::UseTables(ProfileTables* tables) {
  tables_ = tables;
  by_instance_.clear();
  by_script_.clear();
  functions_.clear();
}

}  // namespace sigprof
