// SPDX-License-Identifier: MIT
#include "v8/code.h"

#include <algorithm>
#include <cstring>

#include "v8/deopt_frames.h"

namespace sigprof {
namespace {

constexpr size_t kMaxTableBytes = 4u << 20;
constexpr uint64_t kMaxCodeBytes = 64u << 20;
constexpr int kMaxInliningDepth = 64;

// V8's InliningPosition: u64 call site, i32 index into the literals, 4 bytes padding.
constexpr int32_t kInliningRecordBytes = 16;

CodeTier TierOf(const CodeKinds& kinds, uint32_t kind) {
  if (kind == kinds.baseline) return CodeTier::kBaseline;
  if (kind == kinds.maglev) return CodeTier::kMid;
  if (kind == kinds.turbofan) return CodeTier::kTop;
  if (kind == kinds.interpreted) return CodeTier::kInterpreter;
  return CodeTier::kOther;
}

bool IsArray(const Heap& heap, Tagged* object) {
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

// The deoptimization data of optimised code.
class DeoptData {
 public:
  DeoptData(const Heap& heap, Tagged code) : heap_(heap) {
    const DeoptIndices& index = heap.layout().deopt;
    uint64_t positions = 0;
    if (!heap.LoadWord(code, heap.layout().heap.code_deopt_or_bytecode, &data_) ||
        !IsArray(heap, &data_) || !heap.ArrayElement(data_, index.inlining_positions, &positions)) {
      return;
    }
    heap.Bytes(positions, kMaxTableBytes, &records_);
    if (heap.ArrayElement(data_, index.literals, &literals_) && !IsArray(heap, &literals_)) {
      literals_ = 0;
    }
  }

  // The function inlined under `id` (1-based) and the call site it was inlined at.
  bool Record(uint32_t id, Tagged* shared, SourcePosition* call_site) const {
    const size_t at = size_t{id - 1} * kInliningRecordBytes;
    if (at + kInliningRecordBytes > records_.size()) return false;
    uint64_t position;
    int32_t literal;
    std::memcpy(&position, &records_[at], sizeof position);
    std::memcpy(&literal, &records_[at + 8], sizeof literal);
    *call_site = DecodeSourcePosition(position);
    *shared = Literal(literal);
    return true;
  }

  // The entry of the call whose lazy exit is at `offset` of the code; -1: there is no such exit.
  // V8 makes calls return there instead when it has discarded the code.
  int32_t LazyExitAt(int32_t offset) const {
    const int32_t start = Number(kExitStart), eager = Number(kEagerCount);
    if (start <= 0 || offset < start || (offset - start) % kExitBytes != 0) return -1;
    const int32_t entry = (offset - start) / kExitBytes;
    return entry >= eager && entry < eager + Number(kLazyCount) ? entry : -1;
  }

  // The pc that V8 notes of an entry: in Turbofan's code where the call returns to, in Maglev's
  // where its exit is.
  int32_t PcOf(int32_t entry) const { return Number(kFirstEntry + kEntryWords * entry + 2); }

  // The functions active at an entry, innermost first.
  std::vector<CodePosition> FramesAt(int32_t entry) const {
    const int32_t start = Number(kFirstEntry + kEntryWords * entry + 1);
    Tagged translations = 0;
    std::vector<uint8_t> bytes;
    if (entry < 0 || start < 0 || !heap_.ArrayElement(data_, 0, &translations) ||
        !heap_.Bytes(translations, kMaxTableBytes, &bytes)) {
      return {};
    }
    std::vector<CodePosition> out;
    for (const DeoptFrame& frame :
         DecodeTranslation(bytes.data(), bytes.size(), static_cast<size_t>(start))) {
      const Tagged shared = Literal(frame.literal);
      if (shared == 0) return {};
      const Tagged bytecode = BytecodeOf(heap_, shared);
      if (bytecode == 0) return {};
      out.insert(out.begin(), {shared, LocateBytecode(heap_, bytecode, frame.bytecode_offset)});
    }
    return out;
  }

 private:
  // Elements behind the inlining positions. An entry is its bytecode offset, the index of its
  // translation, and its pc.
  static constexpr int32_t kExitStart = 1, kEagerCount = 2, kLazyCount = 3, kFirstEntry = 4;
  static constexpr int32_t kEntryWords = 3;
  static constexpr int32_t kExitBytes = 4;  // x64: a call through the root register

  // -1 if it is none.
  int32_t Number(int32_t element) const {
    Tagged word = 0;
    const bool read =
        data_ != 0 &&
        heap_.ArrayElement(data_, heap_.layout().deopt.inlining_positions + element, &word);
    return read && IsSmi(word) ? SmiValue(word) : -1;
  }

  Tagged Literal(int32_t index) const {
    Tagged word = 0;
    if (index < 0 || literals_ == 0 || !heap_.ArrayElement(literals_, index, &word)) return 0;
    return SharedFromLiteral(heap_, word);
  }

  const Heap& heap_;
  Tagged data_ = 0;
  std::vector<uint8_t> records_;
  Tagged literals_ = 0;
};

// The table behind machine code; empty if there is none that can be read.
std::vector<uint8_t> ReadSafepointTable(const Heap& heap, const CodeInfo& code) {
  std::vector<uint8_t> table(kSafepointHeaderBytes);
  if (heap.memory()->Read(code.end, table.data(), table.size()) != table.size()) return {};
  const size_t size = SafepointTableBytes(table.data());
  if (size == 0 || size > kMaxTableBytes) return {};
  table.resize(size);
  table.resize(heap.memory()->Read(code.end, table.data(), size));
  return table;
}

// The functions active at the call in Maglev's code that returns to `return_offset`, innermost
// first, as V8's stack traces have them; none where V8 kept nothing. From V8 13 on the position
// table of code with a peeled loop names that loop for all that follows it.
std::vector<CodePosition> LocateMaglevCall(const Heap& heap, const CodeInfo& code,
                                           const DeoptData& deopt, int32_t return_offset) {
  int32_t entry = deopt.LazyExitAt(return_offset);
  if (entry < 0) {
    const std::vector<uint8_t> safepoints = ReadSafepointTable(heap, code);
    entry = FindDeoptIndex(safepoints.data(), safepoints.size(), return_offset);
  }
  if (entry < 0) return {};
  std::vector<CodePosition> frames = deopt.FramesAt(entry);
  if (frames.empty() || frames.back().shared != code.shared) return {};
  frames.back().shared = 0;
  return frames;
}

// The functions active at an instruction, innermost first, by the code's position table.
std::vector<CodePosition> LocateByPositions(const Heap& heap, const CodeInfo& code,
                                            const DeoptData& deopt, int32_t offset) {
  std::vector<CodePosition> out;
  uint64_t table = 0;
  std::vector<uint8_t> bytes;
  SourcePosition position;
  if (heap.LoadWord(code.object, heap.layout().heap.code_positions, &table) &&
      heap.Bytes(table, kMaxTableBytes, &bytes)) {
    position =
        FindPosition(bytes.data(), bytes.size(), heap.layout().unsigned_position_deltas, offset);
  }
  for (int depth = 0; position.inlining_id != 0 && depth < kMaxInliningDepth; depth++) {
    Tagged shared = 0;
    SourcePosition call_site;
    if (!deopt.Record(position.inlining_id, &shared, &call_site)) break;
    if (shared != 0) out.push_back({shared, position.script_offset});
    position = call_site;
  }
  out.push_back({0, position.script_offset});
  return out;
}

// Whether the outer ones of `positions` are `frames`: then nothing speaks against the inner ones.
// Maglev's frames lack the callback of an Array.prototype.forEach that is inlined.
bool EndsWith(const std::vector<CodePosition>& positions, const std::vector<CodePosition>& frames) {
  return positions.size() >= frames.size() &&
         std::equal(frames.rbegin(), frames.rend(), positions.rbegin(),
                    [](const CodePosition& a, const CodePosition& b) {
                      return a.shared == b.shared && a.script_offset == b.script_offset;
                    });
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
  uint64_t data = 0, shared = 0;
  if (!heap.LoadWord(code, layout.heap.code_deopt_or_bytecode, &data)) return true;
  if (info->tier == CodeTier::kBaseline) {
    if (heap.IsBytecodeArray(&data)) info->bytecode = data;
  } else if (info->tier == CodeTier::kMid || info->tier == CodeTier::kTop) {
    if (IsArray(heap, &data) && heap.ArrayElement(data, layout.deopt.shared, &shared)) {
      info->shared = SharedFromLiteral(heap, shared);
    }
  }
  return true;
}

std::vector<CodePosition> LocateInOptimizedCode(const Heap& heap, const CodeInfo& code,
                                                Address pc) {
  const DeoptData deopt(heap, code.object);
  const auto offset = static_cast<int32_t>(pc - code.start);
  if (code.tier == CodeTier::kMid && heap.layout().version.major >= 13) {
    std::vector<CodePosition> positions = LocateByPositions(heap, code, deopt, offset);
    // A caller's pc is just before where the call returns to, which is no instruction's start.
    std::vector<CodePosition> frames = LocateMaglevCall(heap, code, deopt, offset + 1);
    return frames.empty() || EndsWith(positions, frames) ? positions : frames;
  }
  const int32_t exit = code.tier == CodeTier::kTop ? deopt.LazyExitAt(offset + 1) : -1;
  return LocateByPositions(heap, code, deopt, exit >= 0 ? deopt.PcOf(exit) - 1 : offset);
}

int32_t BytecodeArrayLength(const Heap& heap, Tagged bytecode_array) {
  uint64_t length = 0;
  if (!heap.LoadWord(bytecode_array, heap.layout().heap.bytecode_length, &length) ||
      !IsSmi(length)) {
    return -1;
  }
  return SmiValue(length);
}

int32_t LocateInBaselineCode(const Heap& heap, const Builtins& builtins, const CodeInfo& code,
                             Address pc) {
  uint64_t table = 0;
  std::vector<uint8_t> lengths;
  if (code.bytecode == 0 ||
      !heap.LoadWord(code.object, heap.layout().heap.code_positions, &table) ||
      !heap.Bytes(table, kMaxTableBytes, &lengths)) {
    return -1;
  }
  const int32_t index =
      BaselineBytecodeIndex(lengths.data(), lengths.size(), static_cast<int64_t>(pc - code.start));
  const int32_t length = BytecodeArrayLength(heap, code.bytecode);
  if (length <= 0 || static_cast<size_t>(length) > kMaxTableBytes) return -1;
  std::vector<uint8_t> bytecodes(static_cast<size_t>(length));
  const Address data =
      Untag(code.bytecode) + static_cast<uint64_t>(heap.layout().heap.bytecode_first);
  if (heap.memory()->Read(data, bytecodes.data(), bytecodes.size()) != bytecodes.size()) return -1;
  size_t offset = 0;
  for (int32_t i = 0; i < index; i++) {
    const size_t size = builtins.BytecodeLength(&bytecodes[offset], bytecodes.size() - offset);
    if (size == 0 || offset + size >= bytecodes.size())
      return i == 0 ? -1 : static_cast<int32_t>(offset);
    offset += size;
  }
  return static_cast<int32_t>(offset);
}

int32_t LocateBytecode(const Heap& heap, Tagged bytecode_array, int32_t bytecode_offset) {
  uint64_t table = 0;
  std::vector<uint8_t> bytes;
  if (!heap.LoadWord(bytecode_array, heap.layout().heap.bytecode_positions, &table) ||
      !heap.Bytes(table, kMaxTableBytes, &bytes)) {
    return -1;
  }
  return FindPosition(bytes.data(), bytes.size(), heap.layout().unsigned_position_deltas,
                      bytecode_offset)
      .script_offset;
}

Tagged BytecodeOf(const Heap& heap, Tagged shared) {
  uint64_t data = 0;
  if (!heap.LoadWord(shared, heap.layout().heap.sfi_function_data, &data)) return 0;
  if (heap.IsBytecodeArray(&data)) return data;
  CodeInfo code;
  if (heap.IsCode(&data) && ReadCode(heap, data, &code)) return code.bytecode;
  return 0;
}

}  // namespace sigprof
