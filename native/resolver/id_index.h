// SPDX-License-Identifier: MIT
// From a hash to the ids that have it: open addressing over 8-byte slots. The rows themselves stay
// in their table, which also compares them. Ids can't be removed. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sigprof {

// 64 bits to 32 well-mixed ones: a multiplication spreads every input bit over the upper half.
inline uint32_t MixHash(uint64_t key) {
  key ^= key >> 32;
  key *= 0x9e3779b97f4a7c15u;
  key ^= key >> 29;
  key *= 0xbf58476d1ce4e5b9u;
  return static_cast<uint32_t>(key >> 32);
}

class IdIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The id with this hash for which `equal(id)` holds, or kNone.
  template <typename Equal>
  uint32_t Find(uint32_t hash, Equal equal) const {
    if (slots_.empty()) return kNone;
    size_t mask = slots_.size() - 1;
    // Ends: at least a quarter of the slots is free.
    for (size_t at = hash & mask; slots_[at].id != kNone; at = (at + 1) & mask) {
      if (slots_[at].hash == hash && equal(slots_[at].id)) return slots_[at].id;
    }
    return kNone;
  }

  // `id` is not yet in the index and not kNone.
  void Insert(uint32_t hash, uint32_t id) {
    if (count_ + 1 > slots_.size() / 4 * 3) Grow();
    Place(&slots_, {hash, id});
    count_++;
  }

  size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr size_t kFirstSlots = 64;  // a power of two, as all sizes
  struct Slot {
    uint32_t hash = 0;
    uint32_t id = kNone;
  };

  static void Place(std::vector<Slot>* slots, Slot slot) {
    size_t mask = slots->size() - 1;
    size_t at = slot.hash & mask;
    while ((*slots)[at].id != kNone) at = (at + 1) & mask;
    (*slots)[at] = slot;
  }

  void Grow() {
    std::vector<Slot> larger(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.id != kNone) Place(&larger, slot);
    }
    slots_.swap(larger);
  }

  std::vector<Slot> slots_;
  size_t count_ = 0;
};

}  // namespace sigprof
