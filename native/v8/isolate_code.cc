// SPDX-License-Identifier: MIT
#include "v8/isolate_code.h"

#include <algorithm>

namespace sigprof {
namespace {

// V8's code ranges on x64: 128 MB, since V8 11 512 MB, the builtins' copy at the upper end; V8
// commits them in pages of 256 KB.
constexpr uint64_t kSmallCodeRange = 128u << 20;
constexpr uint64_t kLargeCodeRange = 512u << 20;
constexpr uint64_t kCodePage = 256u << 10;

uint64_t PageDown(uint64_t address) { return address & ~(kCodePage - 1); }
uint64_t PageUp(uint64_t address) { return PageDown(address + kCodePage - 1); }

bool IsAnonymous(const Mapping& map) { return map.inode == 0 && map.path.empty(); }
bool IsJit(const Mapping& map) { return map.executable && IsAnonymous(map); }

// Second mappings of the builtins' file pages: where the code linked at `code` would start there.
std::vector<Address> CopiesOf(const std::vector<Mapping>& maps, Address code) {
  std::vector<Address> copies;
  const Mapping* original = FindMapping(maps, code);
  if (original == nullptr || original->inode == 0) return copies;
  const uint64_t file_offset = code - original->start + original->offset;
  for (const Mapping& map : maps) {
    const bool same_file = map.inode == original->inode && map.dev_major == original->dev_major &&
                           map.dev_minor == original->dev_minor;
    if (!map.executable || !same_file) continue;
    const Address copy = map.start - map.offset + file_offset;
    if (copy != code) copies.push_back(copy);
  }
  return copies;
}

// The code range with the builtins' copy [start, end): what is reserved in one piece up to the end
// of the copy's last page. Of a new isolate next to nothing of it is committed yet.
void AddRangeAround(const std::vector<Mapping>& maps, Address start, Address end,
                    CodeRanges* ranges) {
  const Address high = PageUp(end);
  const Address lowest = high > kLargeCodeRange ? high - kLargeCodeRange : 0;
  Address low = start;
  for (auto map = maps.rbegin(); map != maps.rend() && low > lowest; ++map) {
    if (map->start >= low) continue;
    const bool is_of_copy = map->end > start;
    if (map->end < low || (!is_of_copy && !IsAnonymous(*map))) break;
    low = std::max(lowest, map->start);
  }
  ranges->Add(low, high);
}

// Without a copy the range can't be told from other executable memory: all of it, each piece with
// what may be committed of it later. Those of several isolates mostly lie side by side.
void AddAllJit(const std::vector<Mapping>& maps, CodeRanges* ranges) {
  Address low = 0, high = 0;
  for (const Mapping& map : maps) {
    if (!IsJit(map)) continue;
    const Address page = PageDown(map.start);
    if (high == 0 || page > high) {
      ranges->Add(low, high);
      low = page;
    }
    high = std::max({high, page + kSmallCodeRange, PageUp(map.end)});
  }
  ranges->Add(low, high);
}

}  // namespace

bool FindIsolateCode(const V8Image& image, uint64_t load_bias, const std::vector<Mapping>& maps,
                     Memory* memory, Address isolate, Builtins* builtins, CodeRanges* ranges) {
  const Address start = image.code_start + load_bias;
  const Address end = image.code_end + load_bias;
  // In place first: a table that points there is not to be taken for that of a copy.
  std::vector<Address> candidates = {0};
  // An address in the middle of the builtins is certainly theirs.
  const Address half = (end - start) / 2;
  for (Address copy : CopiesOf(maps, start + half)) candidates.push_back(copy - half);
  builtins->UseSymbols(image.symbols, load_bias);
  for (const Address copy : candidates) {
    builtins->SetCode(start, end, copy);
    if (!builtins->ReadEntries(memory, isolate)) continue;
    const Address first = builtins->first_entry();
    const Address exact_copy = copy == 0 ? 0 : copy + (first - start);
    builtins->SetCode(first, end, exact_copy);
    *ranges = CodeRanges();
    ranges->Add(first, end);
    if (copy != 0) {
      AddRangeAround(maps, exact_copy, exact_copy + (end - first), ranges);
    } else {
      AddAllJit(maps, ranges);
    }
    return true;
  }
  return false;
}

}  // namespace sigprof
