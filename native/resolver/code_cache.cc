// SPDX-License-Identifier: MIT
#include "resolver/code_cache.h"

#include <algorithm>

namespace sigprof {
namespace {

constexpr size_t kScanChunkWords = 512;
constexpr Address kMaxCodeDistance = 8u << 20;
constexpr size_t kMaxRemembered = 1 << 16;

}  // namespace

void CodeCache::Clear() {
  by_start_.clear();
  no_code_.clear();
  header_map_ = 0;  // maps move in a compacting collection as well
}

const CodeInfo* CodeCache::Insert(Tagged code, Address pc) {
  CodeInfo info;
  Address start, end;
  if (!ReadCodeBounds(heap_, code, &start, &end) || pc < start || pc >= end ||
      !ReadCode(heap_, code, &info)) {
    return nullptr;
  }
  if (by_start_.size() >= kMaxRemembered) by_start_.clear();
  return &(by_start_[info.start] = info);
}

const CodeInfo* CodeCache::Find(Address pc, Tagged shared) {
  auto after = by_start_.upper_bound(pc);
  if (after != by_start_.begin()) {
    const CodeInfo& candidate = std::prev(after)->second;
    if (pc < candidate.end) return &candidate;
  }
  if (no_code_.contains(pc) || !IsJit(pc)) return nullptr;
  const CodeInfo* found = nullptr;
  uint64_t data = 0;
  // A function's baseline code hangs off its SharedFunctionInfo.
  if (shared != 0 && heap_.LoadWord(shared, heap_.layout().heap.sfi_function_data, &data)) {
    found = Insert(data, pc);
  }
  if (found == nullptr) found = ScanBackwards(pc);
  if (found == nullptr) {
    if (no_code_.size() >= kMaxRemembered) no_code_.clear();
    no_code_.insert(pc);
  }
  return found;
}

// Machine code lies in an InstructionStream, whose first words are its map and its Code object; in
// V8 10 the Code object itself holds it. `words` are the two words at `address`.
const CodeInfo* CodeCache::TryHeader(const uint64_t* words, Address address, Address pc) {
  if (!IsHeapPointer(words[0])) return nullptr;
  if (header_map_ != 0 && words[0] != header_map_) return nullptr;
  const bool inline_code = heap_.layout().heap.code_start_is_inline;
  if (!inline_code && !IsHeapPointer(words[1])) return nullptr;
  const CodeInfo* found = Insert(inline_code ? address + 1 : words[1], pc);
  if (found != nullptr) header_map_ = words[0];
  return found;
}

const CodeInfo* CodeCache::ScanBackwards(Address pc) {
  uint64_t words[kScanChunkWords + 1];
  Address end = (pc & ~Address{7}) + 8;
  const Address limit = pc > kMaxCodeDistance ? pc - kMaxCodeDistance : 0;
  while (end > limit) {
    const Address start = std::max(limit, (end - 8) & ~Address{kScanChunkWords * 8 - 1});
    const size_t size = end - start;
    // One word more, for the word after a header's map; unreadable past the end of a mapping.
    const size_t read = heap_.memory()->Read(start, words, size + 8);
    if (read < size) return nullptr;
    if (read < size + 8) words[size / 8] = 0;
    for (size_t i = size / 8; i-- > 0;) {
      if (const CodeInfo* found = TryHeader(&words[i], start + i * 8, pc)) return found;
    }
    if (!IsJit(start - 1)) return nullptr;
    end = start;
  }
  return nullptr;
}

}  // namespace sigprof
