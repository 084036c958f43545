// SPDX-License-Identifier: MIT
// Runs in V8's GC prologue, or while another process's thread is stopped: a JSFunction on a
// captured stack is still where it was, or has a forwarding pointer there. What it shares (the
// SharedFunctionInfo) is old and survives the scavenge in place.
#include <algorithm>

#include "resolver/resolver.h"
#include "v8/heap.h"

namespace sigprof {
namespace {

// The start of a JSFunction, as far as its shared field (offset 24 or 32).
struct FunctionHead {
  uint64_t words[5];
};

class Pinner {
 public:
  Pinner(const Layout& layout, Memory* memory, PinScratch* scratch)
      : layout_(layout), memory_(memory), scratch_(*scratch) {}

  void Collect(uint64_t word) {
    if (!IsHeapPointer(word) || scratch_.count == PinScratch::kMaxDistinct) return;
    // Most words of a stack were in the one before as well: a cheap filter saves most of the sort.
    uint64_t* recent = &recent_[(word >> 4) % kRecent];
    if (*recent == word) return;
    *recent = word;
    scratch_.functions[scratch_.count++] = word;
  }
  bool Full() const { return scratch_.count == PinScratch::kMaxDistinct; }

  // Reads what was collected: duplicates out, then two gathers, functions and their maps. Another
  // process stands still meanwhile.
  void Read() {
    uint64_t* functions = scratch_.functions;
    std::sort(functions, functions + scratch_.count);
    scratch_.count =
        static_cast<uint32_t>(std::unique(functions, functions + scratch_.count) - functions);
    const uint32_t count = scratch_.count;
    for (uint32_t i = 0; i < count; i++) {
      pieces_[i] = {Untag(functions[i]), &heads_[i], sizeof(FunctionHead), false};
    }
    memory_->ReadMany(pieces_, count);
    ReadForwarded();
    ReadMaps();
    for (uint32_t i = 0; i < count; i++) {
      const bool readable = pieces_[i].ok && IsHeapPointer(heads_[i].words[0]);
      scratch_.shared[i] = readable && IsFunctionMap(heads_[i].words[0])
                               ? heads_[i].words[layout_.heap.js_function_shared / 8]
                               : 0;
    }
  }

  // The SharedFunctionInfo of a collected word; 0 if it is no function.
  uint64_t SharedOf(uint64_t word) const {
    const uint64_t* end = scratch_.functions + scratch_.count;
    const uint64_t* at =
        std::lower_bound(static_cast<const uint64_t*>(scratch_.functions), end, word);
    return at != end && *at == word ? scratch_.shared[at - scratch_.functions] : 0;
  }

 private:
  // A scavenge under way leaves the new object's address, untagged, in place of the map.
  void ReadForwarded() {
    for (uint32_t i = 0; i < scratch_.count; i++) {
      const uint64_t word = heads_[i].words[0];
      if (!pieces_[i].ok || word == 0 || (word & 3) != 0) continue;
      pieces_[i] = {word, &heads_[i], sizeof(FunctionHead), false};
      memory_->ReadMany(&pieces_[i], 1);
    }
  }

  // Functions have few maps.
  void ReadMaps() {
    known_count_ = 0;
    MemoryPiece pieces[kKnownMaps];
    for (uint32_t i = 0; i < scratch_.count && known_count_ < kKnownMaps; i++) {
      const uint64_t map = heads_[i].words[0];
      if (!pieces_[i].ok || !IsHeapPointer(map) || FindMap(map) != nullptr) continue;
      known_[known_count_] = {map, 0};
      pieces[known_count_] = {InstanceType(map), &known_[known_count_].type, 2, false};
      known_count_++;
    }
    memory_->ReadMany(pieces, known_count_);
    for (uint32_t i = 0; i < known_count_; i++) {
      if (!pieces[i].ok) known_[i].type = 0;
    }
  }

  bool IsFunctionMap(uint64_t map) {
    uint16_t type = 0;
    if (const Known* known = FindMap(map)) {
      type = known->type;
    } else {
      memory_->Load(InstanceType(map), &type);
    }
    return type >= layout_.types.first_js_function && type <= layout_.types.last_js_function;
  }

  static constexpr uint32_t kRecent = 256;
  uint64_t recent_[kRecent] = {};
  static constexpr uint32_t kKnownMaps = 16;
  struct Known {
    uint64_t map;
    uint16_t type;
  };
  const Known* FindMap(uint64_t map) const {
    for (uint32_t i = 0; i < known_count_; i++) {
      if (known_[i].map == map) return &known_[i];
    }
    return nullptr;
  }
  Address InstanceType(uint64_t map) const {
    return Untag(map) + static_cast<uint64_t>(layout_.heap.map_instance_type);
  }

  const Layout& layout_;
  Memory* memory_;
  PinScratch& scratch_;
  Known known_[kKnownMaps];
  uint32_t known_count_ = 0;
  FunctionHead heads_[PinScratch::kMaxDistinct];
  MemoryPiece pieces_[PinScratch::kMaxDistinct];
};

// The words of a sample that may be JSFunctions. Half-built leaf frames have theirs in rdi; an exit
// frame of a C++ builtin has its target in slot40.
template <typename Visit>
void ForEachFunctionWord(RawSample* sample, Visit visit) {
  visit(&sample->regs.rdi);
  for (uint32_t i = 0; i < sample->frame_count; i++) {
    RawFrame* frame = &sample->frames()[i];
    if ((frame->marker & 1) != 0) {
      visit(&frame->function);
    } else if (frame->marker != 0) {
      visit(&frame->slot40);
    }
  }
}

}  // namespace

void PinFunctions(const Layout& layout, Memory* memory, RawSample* const* samples, size_t count,
                  PinScratch* scratch) {
  for (size_t first = 0; first < count;) {
    Pinner pinner(layout, memory, scratch);
    scratch->count = 0;
    size_t last = first;
    // As many samples as fit the scratch space, but one at least.
    for (; last < count && !pinner.Full(); last++) {
      if (last > first &&
          scratch->count + samples[last]->frame_count + 1 > PinScratch::kMaxDistinct) {
        break;
      }
      ForEachFunctionWord(samples[last], [&](uint64_t* word) { pinner.Collect(*word); });
    }
    pinner.Read();
    for (size_t i = first; i < last; i++) {
      // A word that is no function must not be taken for one after its address was used again.
      ForEachFunctionWord(samples[i], [&](uint64_t* word) {
        if (IsHeapPointer(*word)) *word = pinner.SharedOf(*word);
      });
    }
    first = last;
  }
}

}  // namespace sigprof
