// SPDX-License-Identifier: MIT
#include "v8/wasm_module.h"

#include <algorithm>
#include <cstring>

#include "v8/positions.h"

namespace sigprof {
namespace {

constexpr int32_t kScriptTypeWasm = 3;  // Script::Type::kWasm, since V8 6
constexpr size_t kInstanceWords = 64, kModuleObjectWords = 16;
constexpr size_t kNativeModuleWords = 256;
constexpr size_t kManagedWords = 8;   // of ManagedPtrDestructor, which holds the shared_ptr
constexpr size_t kMaxCode = 1 << 20;  // functions and tree nodes looked at
constexpr uint64_t kMaxModuleBytes = 1u << 30;

bool LooksLikePointer(uint64_t word) {
  return word >= 0x10000 && word < (1ull << 47) && word % 8 == 0;
}

// The first field of an object that is of the type.
Tagged FieldOfType(const Heap& heap, Tagged object, size_t words, uint16_t type) {
  if (type == 0) return 0;
  for (size_t i = 1; i < words; i++) {
    uint64_t field = 0;
    if (!heap.LoadWord(object, static_cast<int32_t>(i * 8), &field)) return 0;
    if (IsHeapPointer(field) && heap.Type(&field) == type) return field;
  }
  return 0;
}

// A WasmCode begins with its module and the start of its instructions. Their size and, after some
// other sizes, the index of the function are int members at places that change with V8.
constexpr size_t kCodeHeadBytes = 64;
constexpr int32_t kSizeOffsets[] = {24, 32};
constexpr int32_t kIndexDistances[] = {16, 20, 24};
// V8 13 and later, whose index is the farthest away, inline. A record is packed: the i32 index of
// the function, a flag, the u64 position of the caller.
constexpr int32_t kDistanceWithInlining = 24;
constexpr size_t kInliningRecordBytes = 13, kCallerOffset = 5;
constexpr int32_t kMaxTableBytes = 4 << 20;
constexpr int kMaxInliningDepth = 64;

struct CodeHead {
  uint64_t words[kCodeHeadBytes / 8];

  int32_t Int(int32_t offset) const {
    int32_t value;
    std::memcpy(&value, reinterpret_cast<const char*>(words) + offset, sizeof value);
    return value;
  }
};

// V8's NativeModule, seen as words.
class NativeModule {
 public:
  NativeModule(const Heap& heap, WasmModule* module) : memory_(heap.memory()), module_(*module) {
    words_.resize(kNativeModuleWords);
    words_.resize(memory_->Read(module_.native_module, words_.data(), words_.size() * 8) / 8);
  }

  // The module's bytes: a shared_ptr to a vector, which is a pointer, perhaps with its deleter,
  // and a size.
  bool FindBytes(Address* bytes, uint64_t* size) const {
    for (const uint64_t word : words_) {
      uint64_t vector[4] = {};
      if (!LooksLikePointer(word) || memory_->Read(word, vector, sizeof vector) < 24) continue;
      for (size_t i = 0; i < 2; i++) {
        uint32_t magic = 0;
        if (vector[i] < 0x10000 || !memory_->Load(vector[i], &magic)) continue;
        if (std::memcmp(&magic, "\0asm", 4) != 0) continue;
        *bytes = vector[i];
        *size = vector[i + 1] < kMaxModuleBytes ? vector[i + 1] : vector[i + 2];
        return *size < kMaxModuleBytes;
      }
    }
    return false;
  }

  // Finds the members of WasmCode by the module's code table, which holds the code of each declared
  // function that has any, in the order of their indices.
  bool Calibrate() {
    for (const uint64_t word : words_) {
      const std::vector<CodeHead> table = ReadArray(word, module_.names.declared);
      for (const int32_t size_offset : kSizeOffsets) {
        for (const int32_t distance : kIndexDistances) {
          module_.size_offset = size_offset;
          module_.index_offset = size_offset + distance;
          if (IsCodeTable(table)) return true;
        }
      }
    }
    return false;
  }

  // All code: of the table by function, of the list of new code, of the tree by address.
  void CollectCode() {
    std::vector<WasmCode>& code = module_.code;
    code.clear();
    for (size_t i = 0; i + 2 < words_.size(); i++) {
      CollectTree(words_[i], module_.native_module + i * 8 - 8);
      const uint64_t listed = words_[i + 1] - words_[i];
      const bool is_list = words_[i + 1] > words_[i] && listed / 8 < kMaxCode && listed % 8 == 0;
      AddArray(words_[i], std::max<uint64_t>(is_list ? listed / 8 : 0, module_.names.declared));
    }
    std::sort(code.begin(), code.end(),
              [](const WasmCode& a, const WasmCode& b) { return a.start < b.start; });
    const auto same = [](const WasmCode& a, const WasmCode& b) { return a.start == b.start; };
    code.erase(std::unique(code.begin(), code.end(), same), code.end());
  }

  // Source positions and inlining records: byte vectors behind one another in the metadata, after
  // the protected instructions and the relocation information.
  bool ReadTables(Address object, std::vector<uint8_t>* positions,
                  std::vector<uint8_t>* inlining) const {
    CodeHead head;
    if (module_.index_offset - module_.size_offset != kDistanceWithInlining ||
        !ReadHead(object, &head)) {
      return false;
    }
    const auto size_at = [&](int32_t offset) {
      return static_cast<size_t>(std::clamp(head.Int(offset), 0, kMaxTableBytes));
    };
    const Address metadata = head.words[module_.size_offset / 8 - 1];
    const size_t skipped = size_at(module_.index_offset - 4) + size_at(module_.size_offset + 4);
    positions->resize(size_at(module_.size_offset + 8));
    inlining->resize(size_at(module_.size_offset + 12));
    return ReadAll(metadata + skipped, positions) &&
           ReadAll(metadata + skipped + positions->size(), inlining);
  }

  bool ReadCode(Address object, WasmCode* code) const {
    CodeHead head;
    return ReadHead(object, &head) && Decode(object, head, code);
  }

 private:
  bool ReadAll(Address address, std::vector<uint8_t>* bytes) const {
    return memory_->Read(address, bytes->data(), bytes->size()) == bytes->size();
  }

  bool ReadHead(Address object, CodeHead* head) const {
    return LooksLikePointer(object) && memory_->Read(object, head, sizeof *head) == sizeof *head &&
           head->words[0] == module_.native_module && head->words[1] != 0;
  }

  bool Decode(Address object, const CodeHead& head, WasmCode* code) const {
    const int32_t size = head.Int(module_.size_offset), index = head.Int(module_.index_offset);
    const Address start = head.words[1];
    // V8 makes stubs as well, with the index -1.
    if (size <= 0 || index < 0) return false;
    *code = {object, start, start + static_cast<uint64_t>(size), static_cast<uint32_t>(index)};
    return code->index < module_.names.imported + module_.names.declared;
  }

  // The first `count` entries of an array of pointers to code; zeroed heads stand for others.
  // Empty if the word is no such array.
  std::vector<CodeHead> ReadArray(uint64_t array, uint64_t count,
                                  std::vector<uint64_t>* objects = nullptr) const {
    std::vector<CodeHead> heads;
    if (!LooksLikePointer(array) || count == 0) return heads;
    std::vector<uint64_t> entries(std::min<uint64_t>(count, kMaxCode));
    // Most words are no such array, and the first entry tells.
    if (memory_->Read(array, entries.data(), 8) < 8) return heads;
    CodeHead head;
    if (entries[0] != 0 && !ReadHead(entries[0], &head)) return heads;
    entries.resize(memory_->Read(array, entries.data(), entries.size() * 8) / 8);
    for (const uint64_t entry : entries) {
      heads.push_back(entry != 0 && ReadHead(entry, &head) ? head : CodeHead{});
    }
    if (objects != nullptr) *objects = std::move(entries);
    return heads;
  }

  bool IsCodeTable(const std::vector<CodeHead>& table) const {
    size_t found = 0;
    for (size_t i = 0; i < table.size(); i++) {
      WasmCode code;
      if (table[i].words[0] == 0) continue;
      if (!Decode(0, table[i], &code) || code.index != module_.names.imported + i) return false;
      found++;
    }
    return found > 0;
  }

  void AddArray(uint64_t array, uint64_t count) {
    std::vector<uint64_t> objects;
    const std::vector<CodeHead> heads = ReadArray(array, count, &objects);
    for (size_t i = 0; i < heads.size(); i++) {
      WasmCode code;
      if (heads[i].words[0] != 0 && Decode(objects[i], heads[i], &code)) {
        module_.code.push_back(code);
      }
    }
  }

  // A std::map from start to code: nodes of colour, parent, left, right, key, value. Its header
  // lies in the module, and the root's parent is the header.
  void CollectTree(Address root, Address header) {
    uint64_t node[6];
    if (!LooksLikePointer(root) || memory_->Read(root, node, sizeof node) < sizeof node ||
        node[1] != header) {
      return;
    }
    std::vector<Address> pending = {root};
    for (size_t seen = 0; !pending.empty() && seen < kMaxCode; seen++) {
      const Address at = pending.back();
      pending.pop_back();
      CodeHead head;
      WasmCode code;
      if (memory_->Read(at, node, sizeof node) < sizeof node || !ReadHead(node[5], &head) ||
          head.words[1] != node[4]) {
        continue;
      }
      if (Decode(node[5], head, &code)) module_.code.push_back(code);
      for (const Address child : {node[2], node[3]}) {
        if (LooksLikePointer(child)) pending.push_back(child);
      }
    }
  }

  Memory* memory_;
  WasmModule& module_;
  std::vector<uint64_t> words_;
};

// The script of an instance: by way of its module object, which V8 12 and later keep one object
// further.
Tagged ScriptOfInstance(const Heap& heap, Tagged instance) {
  const InstanceTypes& types = heap.layout().types;
  Tagged module = FieldOfType(heap, instance, kInstanceWords, types.wasm_module_object);
  if (module == 0) {
    const Tagged inner = FieldOfType(heap, instance, kInstanceWords, types.wasm_instance_object);
    if (inner != 0) {
      module = FieldOfType(heap, inner, kModuleObjectWords, types.wasm_module_object);
    }
  }
  return module == 0 ? 0 : FieldOfType(heap, module, kModuleObjectWords, types.script);
}

}  // namespace

bool IsWasmScript(const Heap& heap, Tagged script) {
  uint64_t type = 0;
  return heap.LoadWord(script, heap.layout().heap.script_type, &type) && IsSmi(type) &&
         SmiValue(type) == kScriptTypeWasm;
}

bool FindWasmModule(const Heap& heap, Tagged instance, WasmModule* module) {
  const int32_t managed_offset = heap.layout().heap.script_wasm_module;
  if (managed_offset < 0 || !IsHeapPointer(instance)) return false;
  module->script = ScriptOfInstance(heap, instance);
  uint64_t managed = 0, destructor = 0;
  if (module->script == 0 || !heap.LoadWord(module->script, managed_offset, &managed) ||
      !IsHeapPointer(managed) || !heap.LoadWord(managed, 8, &destructor)) {
    return false;
  }
  // The managed object points to a record that points to a shared_ptr that points to the module.
  uint64_t record[kManagedWords] = {};
  if (heap.memory()->Read(destructor, record, sizeof record) < sizeof record) return false;
  for (const uint64_t word : record) {
    if (!LooksLikePointer(word) || !heap.memory()->Load(word, &module->native_module) ||
        !LooksLikePointer(module->native_module)) {
      continue;
    }
    NativeModule native(heap, module);
    Address bytes = 0;
    uint64_t size = 0;
    if (native.FindBytes(&bytes, &size) &&
        ReadWasmNames(heap.memory(), bytes, size, &module->names) && native.Calibrate()) {
      return true;
    }
  }
  return false;
}

void ReadWasmCode(const Heap& heap, WasmModule* module) {
  NativeModule(heap, module).CollectCode();
}

const WasmCode* FindWasmCode(const Heap& heap, WasmModule* module, Address pc) {
  const std::vector<WasmCode>& all = module->code;
  auto after = std::upper_bound(all.begin(), all.end(), pc,
                                [](Address at, const WasmCode& code) { return at < code.start; });
  if (after == all.begin()) return nullptr;
  const WasmCode& found = *std::prev(after);
  // V8 frees code that is no longer used, and uses its memory again.
  WasmCode now;
  if (pc >= found.end || !NativeModule(heap, module).ReadCode(found.object, &now)) return nullptr;
  return now.start == found.start && now.end == found.end && now.index == found.index ? &found
                                                                                      : nullptr;
}

std::vector<uint32_t> LocateInWasmCode(const Heap& heap, WasmModule* module, const WasmCode& code,
                                       Address pc) {
  std::vector<uint32_t> indices;
  std::vector<uint8_t> positions, inlining;
  if (NativeModule(heap, module).ReadTables(code.object, &positions, &inlining)) {
    SourcePosition position =
        FindPosition(positions.data(), positions.size(), heap.layout().unsigned_position_deltas,
                     static_cast<int32_t>(pc - code.start));
    for (int depth = 0; position.inlining_id != 0 && depth < kMaxInliningDepth; depth++) {
      const size_t at = size_t{position.inlining_id - 1} * kInliningRecordBytes;
      if (at + kInliningRecordBytes > inlining.size()) break;
      uint32_t index;
      uint64_t caller;
      std::memcpy(&index, &inlining[at], sizeof index);
      std::memcpy(&caller, &inlining[at + kCallerOffset], sizeof caller);
      if (index >= module->names.imported + module->names.declared) break;
      indices.push_back(index);
      position = DecodeSourcePosition(caller);
    }
  }
  indices.push_back(code.index);
  return indices;
}

}  // namespace sigprof
