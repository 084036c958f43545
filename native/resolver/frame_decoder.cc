// SPDX-License-Identifier: MIT
#include "resolver/frame_decoder.h"

#include <algorithm>

namespace sigprof {
namespace {

// Bounds of the caches; beyond them they start anew, which costs time and never truth.
constexpr size_t kMaxExpansions = 1 << 16;
constexpr size_t kMaxShared = 1 << 15;

uint64_t KeyOf(const FramePlace& place) {
  switch (place.kind) {
    case FramePlace::kBytecode:
      return static_cast<uint64_t>(place.bytecode_offset) << 2 | 1;
    case FramePlace::kCode:
      return place.pc << 2 | 2;
    default:
      return 0;
  }
}

}  // namespace

FrameDecoder::FrameDecoder(const Layout* layout, const Builtins* builtins, const CodeRanges& code,
                           Memory* memory, ProfileTables* tables)
    : memory_(memory),
      heap_(layout, &memory_),
      builtins_(*builtins),
      ranges_(code),
      tables_(tables),
      code_cache_(&heap_, &ranges_, builtins),
      functions_(&heap_, builtins, tables),
      wasm_(&heap_, tables) {}

Tagged FrameDecoder::SharedOf(uint64_t function) {
  if (!IsHeapPointer(function)) return 0;
  auto known = shared_.find(function);
  if (known != shared_.end()) return known->second;
  const Tagged shared = heap_.SharedOf(function);
  if (shared_.size() >= kMaxShared) shared_.clear();
  if (shared != 0) shared_[function] = shared;
  return shared;
}

int32_t FrameDecoder::InterpretedOffset(uint64_t bytecode_array, uint64_t offset_word) {
  // The slot counts from the tagged array: offset of the first bytecode, less the tag.
  const int32_t offset = SmiValue(offset_word) - (heap_.layout().heap.bytecode_first - 1);
  if (!IsSmi(offset_word) || offset < 0 || !IsHeapPointer(bytecode_array)) return -1;
  auto [known, is_new] = bytecode_lengths_.try_emplace(bytecode_array, -1);
  if (is_new) {
    Tagged array = bytecode_array;
    if (heap_.IsBytecodeArray(&array)) known->second = BytecodeArrayLength(heap_, array);
  }
  return offset < known->second ? offset : -1;
}

FramePlace FrameDecoder::PlaceOf(const RawFrame& frame, Tagged shared, Address pc, bool is_return) {
  FramePlace place;
  if (pc == 0 || builtins_.Contains(pc)) {
    const int32_t offset = InterpretedOffset(frame.slot32, frame.slot40);
    if (offset >= 0) {
      place.kind = FramePlace::kBytecode;
      place.bytecode_array = frame.slot32;
      place.bytecode_offset = offset;
    }
    return place;
  }
  // A return address may already belong to the next instruction's function: look just before it.
  place.pc = is_return ? pc - 1 : pc;
  place.code = code_cache_.Find(place.pc, shared);
  if (place.code != nullptr && place.code->tier != CodeTier::kOther) place.kind = FramePlace::kCode;
  return place;
}

void FrameDecoder::AddFrame(Tagged shared, int32_t script_offset, uint32_t flags) {
  const FunctionEntry* function = functions_.Find(shared);
  if (function == nullptr || function->is_wasm_export) return;
  LineColumn place;
  if (function->script != nullptr) {
    // V8 gives prologues of optimised code positions outside of the function, e.g. 0.
    const bool known = script_offset >= function->start && script_offset <= function->end;
    if (known) {
      place = function->script->Locate(script_offset);
    } else {
      place.line = function->line;
    }
  }
  expanded_.push_back(tables_->Frame(function->id, static_cast<uint32_t>(std::max(place.line, 0)),
                                     static_cast<uint32_t>(std::max(place.column, 0)), flags));
}

void FrameDecoder::Decode(Tagged shared, const FramePlace& place) {
  const auto tier = [](CodeTier t) { return static_cast<uint32_t>(t) << kFrameTierShift; };
  if (place.kind == FramePlace::kBytecode) {
    AddFrame(shared, LocateBytecode(heap_, place.bytecode_array, place.bytecode_offset),
             tier(CodeTier::kInterpreter));
    return;
  }
  if (place.kind == FramePlace::kStart) {
    AddFrame(shared, -1, tier(CodeTier::kInterpreter));
    return;
  }
  const CodeInfo& code = *place.code;
  if (code.tier == CodeTier::kBaseline) {
    const int32_t offset = LocateInBaselineCode(heap_, builtins_, code, place.pc);
    AddFrame(shared, offset < 0 ? -1 : LocateBytecode(heap_, code.bytecode, offset),
             tier(code.tier));
    return;
  }
  const std::vector<CodePosition> positions = LocateInOptimizedCode(heap_, code, place.pc);
  for (size_t i = positions.size(); i-- > 0;) {
    const bool outermost = positions[i].shared == 0;
    AddFrame(outermost ? shared : positions[i].shared, positions[i].script_offset,
             tier(code.tier) | (outermost ? 0u : static_cast<uint32_t>(kFrameInlined)));
  }
}

std::span<const uint32_t> FrameDecoder::Expand(Tagged shared, const FramePlace& place) {
  const PlaceKey key = {shared, KeyOf(place)};
  auto known = expansions_.find(key);
  if (known == expansions_.end()) {
    if (expansions_.size() >= kMaxExpansions) {
      expansions_.clear();
      expanded_.clear();
    }
    const auto first = static_cast<uint32_t>(expanded_.size());
    Decode(shared, place);
    const auto count = static_cast<uint32_t>(expanded_.size()) - first;
    known = expansions_.emplace(key, Expansion{first, count}).first;
  }
  return {expanded_.data() + known->second.first, known->second.count};
}

void FrameDecoder::MarkCompactHappened() {
  shared_.clear();
  bytecode_lengths_.clear();
  expansions_.clear();
  expanded_.clear();
  code_cache_.Clear();
  functions_.ForgetAddresses();
  wasm_.ForgetAddresses();
}

void FrameDecoder::ScavengeHappened() {
  // What a pinned sample has in their place is old, and stays.
  std::erase_if(shared_, [](const auto& entry) { return entry.first != entry.second; });
  // Negative answers were about words that may be young objects: those addresses are void now.
  std::erase_if(bytecode_lengths_, [](const auto& entry) { return entry.second < 0; });
}

void FrameDecoder::UseTables(ProfileTables* tables) {
  tables_ = tables;
  MarkCompactHappened();
  functions_.UseTables(tables);
  wasm_.UseTables(tables);
}

}  // namespace sigprof
