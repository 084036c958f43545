// SPDX-License-Identifier: MIT
// Typed, read-only views of V8 heap objects over a Memory. Every pointer is type-checked by its
// map's instance type before use, so that a wrong word gives "no" and never garbage.
// Not thread-safe, not for the signal handler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/memory.h"
#include "v8/layout.h"

namespace sigprof {

using Tagged = uint64_t;

inline bool IsSmi(Tagged word) { return (word & 1) == 0; }
inline int32_t SmiValue(Tagged word) {
  return static_cast<int32_t>(static_cast<int64_t>(word) >> 32);
}
inline bool IsHeapPointer(Tagged word) { return (word & 3) == 1; }
inline bool IsWeakPointer(Tagged word) { return (word & 3) == 3 && (word >> 2) != 0; }
inline Tagged StrongOf(Tagged word) { return word & ~2ull; }
inline Address Untag(Tagged word) { return word & ~3ull; }

class Heap {
 public:
  Heap(const Layout* layout, Memory* memory) : layout_(*layout), memory_(memory) {}

  const Layout& layout() const { return layout_; }
  Memory* memory() const { return memory_; }

  // Instance type of the object; 0 if it can't be read. A forwarding pointer in the map's place
  // (an object moved by a scavenge) is followed and `object` updated.
  uint16_t Type(Tagged* object) const;

  bool LoadWord(Tagged object, int32_t offset, uint64_t* value) const;
  bool LoadInt(Tagged object, int32_t offset, int32_t* value) const;

  bool IsSharedFunctionInfo(Tagged* object) const;
  bool IsBytecodeArray(Tagged* object) const;
  bool IsCode(Tagged* object) const;
  bool IsScript(Tagged* object) const;

  // The SharedFunctionInfo of a JSFunction, or of a word that is a SharedFunctionInfo already (a
  // pinned sample); 0 if it is neither.
  Tagged SharedOf(Tagged function) const;

  // Length of an object of the FixedArray or ByteArray family; -1 if unreadable.
  int32_t ArrayLength(Tagged array) const;
  bool ArrayElement(Tagged array, int32_t index, Tagged* value) const;
  // Bytes of a ByteArray or TrustedByteArray, at most `max_bytes`.
  bool Bytes(Tagged byte_array, size_t max_bytes, std::vector<uint8_t>* out) const;

 private:
  const Layout& layout_;
  Memory* memory_;
};

}  // namespace sigprof
