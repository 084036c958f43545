// SPDX-License-Identifier: MIT
#include "v8/deopt_frames.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

namespace sigprof {
namespace {

constexpr size_t kMaxFrames = 64;
constexpr size_t kMaxInstructions = 1 << 16;

// TranslationOpcode of V8 13 and 14: the number of each one's operands.
constexpr uint8_t kOperands[] = {
    6, 4,                 // INTERPRETED_FRAME_WITH_RETURN, ..._WITHOUT_RETURN
    3, 3,                 // JAVASCRIPT_BUILTIN_CONTINUATION_FRAME, ..._WITH_CATCH_FRAME
    2, 1, 3, 4, 3, 3, 2,  // frames of other kinds
    1, 0, 0,              // ARGUMENTS_ELEMENTS, ARGUMENTS_LENGTH, REST_LENGTH
    3, 3,                 // BEGIN_WITHOUT_FEEDBACK, BEGIN_WITH_FEEDBACK
    1, 1, 1, 0,           // BOOL_REGISTER, BOOL_STACK_SLOT, CAPTURED_OBJECT, STRING_CONCAT
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  // values in registers and slots
    0, 1, 1, 1, 1, 1,  // OPTIMIZED_OUT, LITERAL, REGISTER, TAGGED_STACK_SLOT, UINT32_...
    2, 1,              // UPDATE_FEEDBACK, MATCH_PREVIOUS_TRANSLATION
};
constexpr uint8_t kOpcodes = sizeof kOperands;
constexpr uint8_t kLastInterpretedFrame = 1, kLastFrame = 10;
constexpr uint8_t kFirstBegin = 14, kLastBegin = 15, kMatchPrevious = kOpcodes - 1;

struct Instruction {
  uint8_t opcode = 0;
  uint32_t operands[2] = {};  // the first two; the rest is of no interest here
};

// V8's signed operands have the sign in the lowest bit.
int32_t Signed(uint32_t operand) {
  const auto magnitude = static_cast<int32_t>(operand >> 1);
  return (operand & 1) != 0 ? -magnitude : magnitude;
}

class Instructions {
 public:
  Instructions(const uint8_t* bytes, size_t size, size_t at) : bytes_(bytes, size), at_(at) {}

  std::optional<Instruction> Next() {
    if (at_ >= bytes_.size()) return std::nullopt;
    Instruction instruction;
    instruction.opcode = bytes_[at_++];
    if (instruction.opcode >= kOpcodes) {
      // Short form of MATCH_PREVIOUS_TRANSLATION: what is above the opcodes is its operand.
      instruction.operands[0] = instruction.opcode - kOpcodes;
      instruction.opcode = kMatchPrevious;
      return instruction;
    }
    for (uint8_t i = 0; i < kOperands[instruction.opcode]; i++) {
      uint32_t operand = 0;
      if (!ReadOperand(&operand)) return std::nullopt;
      if (i < std::size(instruction.operands)) instruction.operands[i] = operand;
    }
    return instruction;
  }

 private:
  bool ReadOperand(uint32_t* value) {
    for (int shift = 0; shift < 35 && at_ < bytes_.size(); shift += 7) {
      const uint8_t byte = bytes_[at_++];
      *value |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  std::span<const uint8_t> bytes_;
  size_t at_;
};

bool IsBegin(const Instruction& instruction) {
  return instruction.opcode >= kFirstBegin && instruction.opcode <= kLastBegin;
}

// The instructions of a translation up to the next one's begin. `previous`: those that it may leave
// out where it has the same.
std::vector<Instruction> ReadTranslation(Instructions in,
                                         const std::vector<Instruction>& previous) {
  std::vector<Instruction> out;
  while (const auto next = in.Next()) {
    if (IsBegin(*next) || out.size() > kMaxInstructions) break;
    if (next->opcode != kMatchPrevious) {
      out.push_back(*next);
      continue;
    }
    const size_t from = out.size();
    if (from + next->operands[0] > previous.size()) return {};
    out.insert(out.end(), previous.begin() + static_cast<ptrdiff_t>(from),
               previous.begin() + static_cast<ptrdiff_t>(from + next->operands[0]));
  }
  return out;
}

uint32_t ReadLittleEndian(const uint8_t* bytes, uint32_t size) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < size; i++) value |= static_cast<uint32_t>(bytes[i]) << (8 * i);
  return value;
}

// The header: stack slots, number of entries, sizes of an entry's fields, tagged slots, 4 bytes
// each. An entry: pc, index of the deoptimization entry and pc of its exit, both plus 1, a byte,
// registers.
struct EntrySizes {
  explicit EntrySizes(const uint8_t* header) : bits(ReadLittleEndian(header + 8, 4)) {}
  bool valid() const {
    const bool has_deopt_data = (bits & 1) != 0;
    return has_deopt_data && bits >> 10 == 0 && pc > 0 && pc <= 4 && index <= 4 && registers <= 4;
  }
  size_t entry() const { return 2 * pc + index + 1 + registers; }

  const uint32_t bits;
  const uint32_t registers = bits >> 1 & 7, pc = bits >> 4 & 7, index = bits >> 7 & 7;
};

}  // namespace

std::vector<DeoptFrame> DecodeTranslation(const uint8_t* bytes, size_t size, size_t start) {
  Instructions in(bytes, size, start);
  const auto begin = in.Next();
  if (!begin || !IsBegin(*begin)) return {};
  const uint32_t back = begin->operands[0];
  const int32_t frame_count = Signed(begin->operands[1]);
  if (back > start || frame_count <= 0) return {};
  std::vector<Instruction> previous;
  if (back != 0) {
    Instructions at_previous(bytes, size, start - back);
    const auto previous_begin = at_previous.Next();
    if (!previous_begin || !IsBegin(*previous_begin)) return {};
    previous = ReadTranslation(at_previous, {});
  }
  std::vector<DeoptFrame> frames;
  int32_t seen = 0;
  for (const Instruction& instruction : ReadTranslation(in, previous)) {
    if (instruction.opcode > kLastFrame) continue;
    seen++;
    if (instruction.opcode > kLastInterpretedFrame || frames.size() == kMaxFrames) continue;
    frames.push_back({Signed(instruction.operands[0]), Signed(instruction.operands[1])});
  }
  if (seen != frame_count) return {};
  return frames;
}

size_t SafepointTableBytes(const uint8_t* header) {
  const EntrySizes sizes(header);
  const uint64_t count = ReadLittleEndian(header + 4, 4);
  return sizes.valid() ? kSafepointHeaderBytes + count * sizes.entry() : 0;
}

int32_t FindDeoptIndex(const uint8_t* safepoints, size_t size, int32_t return_offset) {
  if (size < kSafepointHeaderBytes) return -1;
  const EntrySizes sizes(safepoints);
  const size_t bytes = std::min(size, SafepointTableBytes(safepoints));
  for (size_t at = kSafepointHeaderBytes; at + sizes.entry() <= bytes; at += sizes.entry()) {
    const uint8_t* entry = safepoints + at;
    if (ReadLittleEndian(entry, sizes.pc) != static_cast<uint32_t>(return_offset)) continue;
    return static_cast<int32_t>(ReadLittleEndian(entry + sizes.pc, sizes.index)) - 1;
  }
  return -1;
}

}  // namespace sigprof
