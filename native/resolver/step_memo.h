// SPDX-License-Identifier: MIT
// Remembers single steps of building a stack: standing at this node, that raw frame led to that
// node. One look-up a frame instead of one for its function, its code, its position and its stack
// each. Lossy: a step may be forgotten at any time. Not thread-safe: under the resolve lock.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "resolver/id_index.h"

namespace sigprof {

// All that the outcome of a step depends on.
struct StepKey {
  uint64_t pc, function, slot32, slot40;
  uint32_t node;
  bool pinned;  // `function` is a SharedFunctionInfo, which a scavenge does not move
};

struct StepResult {
  uint32_t node = 0;
  uint32_t unresolved = 0;  // frames refused in the step
};

class StepMemo {
 public:
  // Null if it is not known.
  const StepResult* Find(const StepKey& key) const {
    if (slots_ == nullptr) return nullptr;
    const Slot* pair = PairOf(key);
    if (Holds(pair[0], key)) return &pair[0].result;
    return Holds(pair[1], key) ? &pair[1].result : nullptr;
  }

  void Insert(const StepKey& key, StepResult result) {
    // Large enough for the allocator to map it: memory is used as slots are.
    if (slots_ == nullptr) slots_.reset(static_cast<Slot*>(calloc(kSlots, sizeof(Slot))));
    if (slots_ == nullptr) return;
    Slot* pair = PairOf(key);
    if (pair[0].generation == major_ || pair[0].generation == minor_) pair[1] = pair[0];
    pair[0] = {key.pc, key.function, key.slot32, key.slot40, key.node, GenerationOf(key), result};
  }

  // Addresses of JSFunctions are void.
  void ForgetFunctions() { minor_ = ++last_; }
  // All addresses and nodes are.
  void Clear() {
    major_ = ++last_;
    minor_ = ++last_;
  }

 private:
  static constexpr size_t kSlots = 4096;  // a power of two; a key has its place in one pair of them
  struct Slot {
    uint64_t pc, function, slot32, slot40;
    uint32_t node;
    uint32_t generation;  // 0: never used
    StepResult result;
  };
  static_assert(sizeof(Slot) * kSlots == 192 * 1024);
  struct Free {
    void operator()(void* memory) const { free(memory); }
  };

  uint32_t GenerationOf(const StepKey& key) const { return key.pinned ? major_ : minor_; }
  bool Holds(const Slot& slot, const StepKey& key) const {
    return slot.generation == GenerationOf(key) && slot.node == key.node && slot.pc == key.pc &&
           slot.function == key.function && slot.slot32 == key.slot32 && slot.slot40 == key.slot40;
  }
  Slot* PairOf(const StepKey& key) const {
    const uint64_t place = key.pc ^ key.slot40 * 0x9e3779b97f4a7c15u;
    const uint32_t hash = MixHash(place + (uint64_t{key.node} << 32) + (key.function >> 3));
    return &slots_[hash & (kSlots - 1) & ~size_t{1}];
  }

  std::unique_ptr<Slot[], Free> slots_;
  uint32_t last_ = 2, major_ = 1, minor_ = 2;
};

}  // namespace sigprof
