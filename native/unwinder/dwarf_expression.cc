// SPDX-License-Identifier: MIT
// On the signal handler's path: no calls out of the handler's files (scripts/check-handler.mjs).
#include "unwinder/dwarf_expression.h"

#include "unwinder/dwarf_reader.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-stack-protector")

namespace sigprof {
namespace {

// DW_OP_*.
enum Operation : uint8_t {
  kDeref = 0x06,
  kConst1u = 0x08,
  kConst1s = 0x09,
  kConst2u = 0x0a,
  kConst2s = 0x0b,
  kConst4u = 0x0c,
  kConst4s = 0x0d,
  kConst8u = 0x0e,
  kConst8s = 0x0f,
  kConstu = 0x10,
  kConsts = 0x11,
  kDup = 0x12,
  kDrop = 0x13,
  kOver = 0x14,
  kPick = 0x15,
  kSwap = 0x16,
  kAnd = 0x1a,
  kMinus = 0x1c,
  kMul = 0x1e,
  kNeg = 0x1f,
  kNot = 0x20,
  kOr = 0x21,
  kPlus = 0x22,
  kPlusUconst = 0x23,
  kShl = 0x24,
  kShr = 0x25,
  kShra = 0x26,
  kXor = 0x27,
  kBra = 0x28,
  kEq = 0x29,
  kGe = 0x2a,
  kGt = 0x2b,
  kLe = 0x2c,
  kLt = 0x2d,
  kNe = 0x2e,
  kSkip = 0x2f,
  kLit0 = 0x30,
  kLit31 = 0x4f,
  kBreg0 = 0x70,
  kBreg31 = 0x8f,
  kBregx = 0x92,
  kNop = 0x96,
};

constexpr uint32_t kMaxDepth = 16;
// A backward branch could go round for ever; real expressions have under ten operations.
constexpr uint32_t kMaxSteps = 128;

class Evaluator {
 public:
  Evaluator(DwarfReader code, const NativeRegisters& regs, const StackReader& stack)
      : begin_(code), in_(code), regs_(regs), stack_(stack) {}

  void Push(uint64_t value) {
    if (depth_ == kMaxDepth) {
      ok_ = false;
      return;
    }
    values_[depth_++] = value;
  }

  bool Run(uint64_t* out) {
    for (uint32_t steps = 0; ok_ && !in_.empty(); steps++) {
      if (steps == kMaxSteps) return false;
      const uint8_t op = in_.U8();
      if (!(PushConstant(op) || PushRegister(op) || Arrange(op) || Compute(op) || Branch(op))) {
        return false;
      }
    }
    *out = Pop();
    return ok_ && in_.ok();
  }

 private:
  uint64_t Pop() {
    if (depth_ == 0) {
      ok_ = false;
      return 0;
    }
    return values_[--depth_];
  }
  uint64_t Peek(uint32_t below) {
    if (below >= depth_) {
      ok_ = false;
      return 0;
    }
    return values_[depth_ - 1 - below];
  }

  bool PushConstant(uint8_t op) {
    if (op >= kLit0 && op <= kLit31) {
      Push(op - kLit0);
      return true;
    }
    if (op >= kConst1u && op <= kConst8s) {
      const uint32_t size = 1u << ((op - kConst1u) / 2);
      const bool is_signed = (op & 1) != 0;
      Push(is_signed ? static_cast<uint64_t>(in_.Signed(size)) : in_.Fixed(size));
      return true;
    }
    if (op == kConstu) Push(in_.Uleb());
    if (op == kConsts) Push(static_cast<uint64_t>(in_.Sleb()));
    return op == kConstu || op == kConsts || op == kNop;
  }

  bool PushRegister(uint8_t op) {
    if (op != kBregx && !(op >= kBreg0 && op <= kBreg31)) return false;
    const uint64_t number = op == kBregx ? in_.Uleb() : op - kBreg0;
    const auto offset = static_cast<uint64_t>(in_.Sleb());
    if (!regs_.Knows(number)) return false;
    Push(regs_.value[number] + offset);
    return true;
  }

  bool Arrange(uint8_t op) {
    switch (op) {
      case kDup:
        Push(Peek(0));
        return true;
      case kDrop:
        Pop();
        return true;
      case kOver:
        Push(Peek(1));
        return true;
      case kPick:
        Push(Peek(in_.U8()));
        return true;
      case kSwap: {
        const uint64_t top = Pop();
        const uint64_t next = Pop();
        Push(top);
        Push(next);
        return true;
      }
      case kDeref: {
        const uint64_t address = Pop();
        if (!stack_.Has(address)) return false;
        Push(stack_.At(address));
        return true;
      }
      default:
        return false;
    }
  }

  bool Compute(uint8_t op) {
    if (op == kPlusUconst) {
      Push(Pop() + in_.Uleb());
      return true;
    }
    if (op == kNeg || op == kNot) {
      const uint64_t value = Pop();
      Push(op == kNeg ? 0 - value : ~value);
      return true;
    }
    const bool binary = op == kAnd || op == kMinus || op == kMul || op == kOr || op == kPlus ||
                        (op >= kShl && op <= kXor) || (op >= kEq && op <= kNe);
    if (!binary) return false;
    const uint64_t right = Pop();
    const uint64_t left = Pop();
    Push(op >= kEq && op <= kNe ? Compare(op, left, right) : Combine(op, left, right));
    return true;
  }

  static uint64_t Combine(uint8_t op, uint64_t left, uint64_t right) {
    switch (op) {
      case kAnd:
        return left & right;
      case kMinus:
        return left - right;
      case kMul:
        return left * right;
      case kOr:
        return left | right;
      case kXor:
        return left ^ right;
      case kShl:
        return right < 64 ? left << right : 0;
      case kShr:
        return right < 64 ? left >> right : 0;
      case kShra:
        return static_cast<uint64_t>(static_cast<int64_t>(left) >> (right < 64 ? right : 63));
      default:
        return left + right;
    }
  }

  static uint64_t Compare(uint8_t op, uint64_t left, uint64_t right) {
    const auto a = static_cast<int64_t>(left);
    const auto b = static_cast<int64_t>(right);
    switch (op) {
      case kEq:
        return a == b;
      case kGe:
        return a >= b;
      case kGt:
        return a > b;
      case kLe:
        return a <= b;
      case kLt:
        return a < b;
      default:
        return a != b;
    }
  }

  // Relative to the operation after it, forward or back, within the expression.
  bool Branch(uint8_t op) {
    if (op != kBra && op != kSkip) return false;
    const int64_t distance = in_.Signed(2);
    if (op == kBra && Pop() == 0) return true;
    const int64_t target = (in_.at() - begin_.at()) + distance;
    if (target < 0 || static_cast<uint64_t>(target) > begin_.left()) return false;
    in_ = begin_;
    in_.Skip(static_cast<uint64_t>(target));
    return true;
  }

  DwarfReader begin_, in_;
  const NativeRegisters& regs_;
  const StackReader& stack_;
  uint64_t values_[kMaxDepth];
  uint32_t depth_ = 0;
  bool ok_ = true;
};

}  // namespace

bool EvaluateExpression(const UnwindModule& module, uint64_t offset, const NativeRegisters& regs,
                        const StackReader& stack, bool push_cfa, uint64_t cfa, uint64_t* out) {
  if (offset >= module.frames_size) return false;
  DwarfReader in(module.frames + offset, module.frames + module.frames_size,
                 module.frames_base + offset);
  const uint64_t length = in.Uleb();
  const DwarfReader code = in.Part(length);
  if (!in.ok()) return false;
  Evaluator evaluator(code, regs, stack);
  if (push_cfa) evaluator.Push(cfa);
  return evaluator.Run(out);
}

}  // namespace sigprof
