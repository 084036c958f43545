// SPDX-License-Identifier: MIT
#include "v8/code.h"

#include <cstring>

namespace sigprof {
namespace {

constexpr size_t kMaxTableBytes = 4u << 20;
constexpr size_t kInliningRecordBytes = 16;  // u64 call site, i32 literal index, 4 bytes padding
constexpr uint64_t kMaxCodeBytes = 64u << 20;

CodeTier TierOf(const CodeKinds& kinds, uint32_t kind) {
  if (kind == kinds.baseline) return CodeTier::kBaseline;
  if (kind == kinds.maglev) return CodeTier::kMid;
  if (kind == kinds.turbofan) return CodeTier::kTop;
  if (kind == kinds.interpreted) return CodeTier::kInterpreter;
  return CodeTier::kOther;
}

bool IsFixedArray(const Heap& heap, Tagged* object) {
  const InstanceTypes& t = heap.layout().types;
  const uint16_t type = heap.Type(object);
  return type != 0 && (type == t.fixed_array || type == t.trusted_fixed_array ||
                       type == t.protected_fixed_array || type == t.weak_fixed_array ||
                       type == t.trusted_weak_fixed_array);
}

// A SharedFunctionInfo as deoptimization data holds it: plain, weak, or wrapped.
Tagged SharedFromLiteral(const Heap& heap, Tagged word) {
  if (IsWeakPointer(word)) word = StrongOf(word);
  const uint16_t type = heap.Type(&word);
  if (type == 0) return 0;
  if (type == heap.layout().types.sfi_wrapper) {
    uint64_t inner = 0;
    if (!heap.LoadWord(word, 8, &inner)) return 0;
    word = inner;
  }
  return heap.IsSharedFunctionInfo(&word) ? word : 0;
}

void ReadInlining(const Heap& heap, Tagged deopt_data, CodeInfo* info) {
  const DeoptIndices& index = heap.layout().deopt;
  uint64_t word = 0;
  if (heap.ArrayElement(deopt_data, index.shared, &word)) info->shared = SharedFromLiteral(heap, word);
  std::vector<uint8_t> bytes;
  if (!heap.ArrayElement(deopt_data, index.inlining_positions, &word) ||
      !heap.Bytes(word, kMaxTableBytes, &bytes)) {
    return;
  }
  for (size_t at = 0; at + kInliningRecordBytes <= bytes.size(); at += kInliningRecordBytes) {
    uint64_t position;
    InliningRecord record;
    std::memcpy(&position, &bytes[at], sizeof position);
    std::memcpy(&record.literal, &bytes[at + 8], sizeof record.literal);
    record.call_site = DecodeSourcePosition(position);
    info->inlining.push_back(record);
  }
  if (info->inlining.empty()) return;
  uint64_t literals = 0;
  if (!heap.ArrayElement(deopt_data, index.literals, &literals) || !IsFixedArray(heap, &literals)) {
    return;
  }
  // Inlined functions are the first literals; their highest index is all that is needed.
  int32_t count = 0;
  for (const InliningRecord& record : info->inlining) {
    if (record.literal >= count && record.literal < (1 << 16)) count = record.literal + 1;
  }
  for (int32_t i = 0; i < count; i++) {
    Tagged literal = 0;
    heap.ArrayElement(literals, i, &literal);
    info->inlined.push_back(SharedFromLiteral(heap, literal));
  }
}

}  // namespace

bool ReadCodeBounds(const Heap& heap, Tagged code, Address* start, Address* end) {
  const HeapOffsets& h = heap.layout().heap;
  if (!heap.IsCode(&code)) return false;
  int32_t size = 0;
  if (!heap.LoadInt(code, h.code_size, &size) || size <= 0 ||
      static_cast<uint64_t>(size) > kMaxCodeBytes) {
    return false;
  }
  if (h.code_start_is_inline) {
    *start = Untag(code) + static_cast<uint64_t>(h.code_instruction_start);
  } else if (!heap.LoadWord(code, h.code_instruction_start, start)) {
    return false;
  }
  *end = *start + static_cast<uint64_t>(size);
  return true;
}

bool ReadCode(const Heap& heap, Tagged code, CodeInfo* info) {
  const Layout& layout = heap.layout();
  int32_t flags = 0;
  if (!ReadCodeBounds(heap, code, &info->start, &info->end) ||
      !heap.LoadInt(code, layout.heap.code_flags, &flags)) {
    return false;
  }
  heap.IsCode(&code);
  info->object = code;
  const uint32_t kind = static_cast<uint32_t>(flags) & layout.kinds.mask;
  info->tier = TierOf(layout.kinds, kind);
  info->is_regexp = kind == layout.kinds.regexp;
  uint64_t data = 0, positions = 0;
  if (!heap.LoadWord(code, layout.heap.code_deopt_or_bytecode, &data) ||
      !heap.LoadWord(code, layout.heap.code_positions, &positions)) {
    return true;
  }
  if (info->tier == CodeTier::kBaseline) {
    if (heap.IsBytecodeArray(&data)) info->bytecode = data;
    heap.Bytes(positions, kMaxTableBytes, &info->bytecode_lengths);
  } else if (info->tier == CodeTier::kMid || info->tier == CodeTier::kTop) {
    std::vector<uint8_t> table;
    if (heap.Bytes(positions, kMaxTableBytes, &table)) {
      info->positions =
          DecodePositionTable(table.data(), table.size(), layout.unsigned_position_deltas);
    }
    if (IsFixedArray(heap, &data)) ReadInlining(heap, data, info);
  }
  return true;
}

std::vector<PositionEntry> ReadBytecodePositions(const Heap& heap, Tagged bytecode_array) {
  uint64_t table = 0;
  std::vector<uint8_t> bytes;
  if (!heap.LoadWord(bytecode_array, heap.layout().heap.bytecode_positions, &table) ||
      !heap.Bytes(table, kMaxTableBytes, &bytes)) {
    return {};
  }
  return DecodePositionTable(bytes.data(), bytes.size(), heap.layout().unsigned_position_deltas);
}

}  // namespace sigprof
