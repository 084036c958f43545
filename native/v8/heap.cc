// SPDX-License-Identifier: MIT
#include "v8/heap.h"

namespace sigprof {

uint16_t Heap::Type(Tagged* object) const {
  if (!IsHeapPointer(*object)) return 0;
  uint64_t map = 0;
  if (!memory_->Load(Untag(*object), &map)) return 0;
  if ((map & 3) == 0 && map != 0) {
    // V8's scavenger leaves the new address, untagged, where the map was.
    *object = map + 1;
    if (!memory_->Load(map, &map)) return 0;
  }
  uint16_t type = 0;
  if (!IsHeapPointer(map)) return 0;
  if (!memory_->Load(Untag(map) + static_cast<uint64_t>(layout_.heap.map_instance_type), &type)) {
    return 0;
  }
  return type;
}

bool Heap::LoadWord(Tagged object, int32_t offset, uint64_t* value) const {
  return memory_->Load(Untag(object) + static_cast<uint64_t>(static_cast<int64_t>(offset)), value);
}

bool Heap::LoadInt(Tagged object, int32_t offset, int32_t* value) const {
  return memory_->Load(Untag(object) + static_cast<uint64_t>(static_cast<int64_t>(offset)), value);
}

bool Heap::IsSharedFunctionInfo(Tagged* object) const {
  return Type(object) == layout_.types.shared_function_info;
}

bool Heap::IsBytecodeArray(Tagged* object) const {
  return Type(object) == layout_.types.bytecode_array;
}

bool Heap::IsCode(Tagged* object) const { return Type(object) == layout_.types.code; }

bool Heap::IsScript(Tagged* object) const { return Type(object) == layout_.types.script; }

Tagged Heap::SharedOf(Tagged function) const {
  const uint16_t type = Type(&function);
  if (type == layout_.types.shared_function_info) return function;
  if (type < layout_.types.first_js_function || type > layout_.types.last_js_function) return 0;
  uint64_t shared = 0;
  if (!LoadWord(function, layout_.heap.js_function_shared, &shared)) return 0;
  return IsSharedFunctionInfo(&shared) ? shared : 0;
}

int32_t Heap::ArrayLength(Tagged array) const {
  uint64_t length = 0;
  if (!LoadWord(array, layout_.heap.fixed_array_length, &length) || !IsSmi(length)) return -1;
  return SmiValue(length);
}

bool Heap::ArrayElement(Tagged array, int32_t index, Tagged* value) const {
  const int32_t length = ArrayLength(array);
  if (index < 0 || index >= length) return false;
  return LoadWord(array, layout_.heap.fixed_array_data + index * 8, value);
}

bool Heap::Bytes(Tagged byte_array, size_t max_bytes, std::vector<uint8_t>* out) const {
  const uint16_t type = Type(&byte_array);
  if (type == 0 || (type != layout_.types.byte_array && type != layout_.types.trusted_byte_array)) {
    return false;
  }
  const int32_t length = ArrayLength(byte_array);
  if (length < 0 || static_cast<size_t>(length) > max_bytes) return false;
  out->resize(static_cast<size_t>(length));
  const Address data = Untag(byte_array) + static_cast<uint64_t>(layout_.heap.fixed_array_data);
  return memory_->Read(data, out->data(), out->size()) == out->size();
}

}  // namespace sigprof
