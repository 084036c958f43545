// SPDX-License-Identifier: MIT
// On the signal handler's path: no calls out of the handler's files (scripts/check-handler.mjs).
#include "unwinder/native_walk.h"

#include "unwinder/dwarf_expression.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-stack-protector")

namespace sigprof {
namespace {

// What a callee preserves (System V ABI for x86-64, 3.2.1), beside rsp.
constexpr uint32_t kPreserved = 1u << kDwarfRbx | 1u << kDwarfRbp | 1u << kDwarfR12 |
                                1u << kDwarfR13 | 1u << kDwarfR14 | 1u << kDwarfR15;

// V8's JSEntry pushes, below the frame pointer: marker, a free slot, r12, r13, r14, r15, rbx. The
// calibration of the layout checks these very instructions (v8/calibrate.cc).
constexpr uint64_t kEntryR12 = 24;
constexpr uint64_t kEntryR13 = 32;
constexpr uint64_t kEntryR14 = 40;
constexpr uint64_t kEntryR15 = 48;
constexpr uint64_t kEntryRbx = 56;

class NativeWalker {
 public:
  NativeWalker(const UnwindTables& tables, const CodeRanges& v8, const StackReader& stack,
               RowCache* cache, NativeStart* start, NativeFrameList* out)
      : tables_(tables),
        v8_(v8),
        stack_(stack),
        cache_(cache),
        regs_(start->regs),
        exact_(start->exact),
        out_(*out) {}

  NativeEnd Walk() {
    for (;;) {
      const uint64_t pc = regs_.value[kDwarfRip];
      if (v8_.Contains(pc)) return NativeEnd::kV8Code;
      if (out_.count >= out_.capacity) return NativeEnd::kTooDeep;
      const NativeEnd end = exact_ ? Step(pc) : StepFromCall(pc - 1);
      if (end != NativeEnd::kNone) return end;
    }
  }

 private:
  void Add(uint64_t pc, uint64_t cfa) { out_.frames[out_.count++] = {pc, cfa}; }

  // `pc` lies inside the instruction that made the call.
  NativeEnd StepFromCall(uint64_t pc) {
    if (cache_ == nullptr) return Step(pc);
    const SimpleRow* known = cache_->Find(pc, tables_.generation);
    if (known != nullptr) return StepBy(*known, pc);
    row_is_set_ = false;
    const NativeEnd end = Step(pc);
    if (row_is_set_) cache_->Keep(pc, tables_.generation, row_);
    return end;
  }

  NativeEnd StepBy(const SimpleRow& row, uint64_t pc) {
    const uint64_t rsp = regs_.value[kDwarfRsp];
    uint64_t cfa = 0;
    NativeEnd end = NativeEnd::kLostRegister;
    if (regs_.Knows(row.cfa_register)) {
      cfa = regs_.value[row.cfa_register] + static_cast<uint64_t>(int64_t{row.cfa_offset});
      end = CheckCfa(cfa);
    }
    Add(pc, end == NativeEnd::kNone ? cfa : rsp);
    if (end != NativeEnd::kNone) return end;
    regs_.known &= kPreserved;
    regs_.Set(kDwarfRsp, cfa);
    for (uint32_t left = row.saved; left != 0; left &= left - 1) {
      const auto i = static_cast<uint32_t>(__builtin_ctz(left));
      const uint64_t address = cfa + static_cast<uint64_t>(int64_t{row.at[i]});
      const uint32_t number = SimpleRow::kRegisters[i];
      if (stack_.Has(address)) {
        regs_.Set(number, stack_.At(address));
      } else if (number == kDwarfRip) {
        return NativeEnd::kOutOfStack;
      } else {
        regs_.known &= ~(1u << number);
      }
    }
    return regs_.value[kDwarfRip] == 0 ? NativeEnd::kOutermost : NativeEnd::kNone;
  }

  // `pc` lies inside the instruction that runs or that made the call.
  NativeEnd Step(uint64_t pc) {
    const UnwindModule* module = tables_.Find(pc);
    CfiResult result = CfiResult::kNone;
    if (module != nullptr && module->table_count != 0) result = FindCfiRow(*module, pc, &row_);
    if (result != CfiResult::kFound) {
      if (module == nullptr) out_.has_unknown_code = true;
      if (StepWithoutData(module, pc)) return NativeEnd::kNone;
      if (module != nullptr) Add(pc, regs_.value[kDwarfRsp]);
      if (result == CfiResult::kBroken) return NativeEnd::kBrokenData;
      return module == nullptr ? NativeEnd::kUnknownCode : NativeEnd::kNoData;
    }
    row_is_set_ = true;
    uint64_t cfa = 0;
    const NativeEnd end = FindCfa(*module, &cfa);
    Add(pc, end == NativeEnd::kNone ? cfa : regs_.value[kDwarfRsp]);
    return end == NativeEnd::kNone ? Apply(*module, cfa) : end;
  }

  NativeEnd FindCfa(const UnwindModule& module, uint64_t* cfa) const {
    if (row_.cfa_is_expression) {
      if (!EvaluateExpression(module, static_cast<uint64_t>(row_.cfa_value), regs_, stack_, false,
                              0, cfa)) {
        return NativeEnd::kLostRegister;
      }
    } else {
      if (!regs_.Knows(row_.cfa_register)) return NativeEnd::kLostRegister;
      *cfa = regs_.value[row_.cfa_register] + static_cast<uint64_t>(row_.cfa_value);
    }
    return CheckCfa(*cfa);
  }

  // The word below the CFA is the return address, so it lies above rsp; and stacks end. A signal
  // frame's caller is whatever was interrupted, on this same stack.
  NativeEnd CheckCfa(uint64_t cfa) const {
    const bool leads_up = cfa > regs_.value[kDwarfRsp] && cfa <= stack_.high() && (cfa & 7) == 0;
    return leads_up ? NativeEnd::kNone : NativeEnd::kOutOfStack;
  }

  // From the registers of this frame to its caller's.
  NativeEnd Apply(const UnwindModule& module, uint64_t cfa) {
    if ((row_.mentioned >> kDwarfRip & 1) == 0) return NativeEnd::kBrokenData;
    if (row_.rule[kDwarfRip] == CfiRule::kUndefined) return NativeEnd::kOutermost;
    NativeRegisters next = regs_;
    if (!row_.is_signal_frame) next.known &= kPreserved;
    next.Set(kDwarfRsp, cfa);
    for (uint32_t left = row_.mentioned; left != 0; left &= left - 1) {
      const auto number = static_cast<uint32_t>(__builtin_ctz(left));
      uint64_t value = 0;
      if (Recover(module, number, cfa, &value)) {
        next.Set(number, value);
      } else if (number == kDwarfRip || number == kDwarfRsp) {
        return NativeEnd::kOutOfStack;
      } else {
        next.known &= ~(1u << number);
      }
    }
    exact_ = row_.is_signal_frame;
    regs_ = next;
    // glibc marks the first frame of a thread by an undefined rip, others by a null return address.
    return regs_.value[kDwarfRip] == 0 ? NativeEnd::kOutermost : NativeEnd::kNone;
  }

  bool Recover(const UnwindModule& module, uint32_t number, uint64_t cfa, uint64_t* out) const {
    const auto value = static_cast<uint64_t>(int64_t{row_.value[number]});
    switch (row_.rule[number]) {
      case CfiRule::kAtOffset:
        *out = stack_.At(cfa + value);
        return stack_.Has(cfa + value);
      case CfiRule::kOffset:
        *out = cfa + value;
        return true;
      case CfiRule::kRegister:
        if (!regs_.Knows(value)) return false;
        *out = regs_.value[value];
        return true;
      case CfiRule::kAtExpression: {
        uint64_t address = 0;
        if (!EvaluateExpression(module, value, regs_, stack_, true, cfa, &address)) return false;
        *out = stack_.At(address);
        return stack_.Has(address);
      }
      case CfiRule::kExpression:
        return EvaluateExpression(module, value, regs_, stack_, true, cfa, out);
      default:
        return false;
    }
  }

  // Code without unwind data: hand-written assembly that was just called (the return address is on
  // top of the stack), or anything with a frame pointer. A guess counts only if it leads to code
  // that is known.
  bool StepWithoutData(const UnwindModule* module, uint64_t pc) {
    if (module == nullptr) pc = static_cast<uint64_t>(NativeEnd::kUnknownCode);
    const uint64_t rsp = regs_.value[kDwarfRsp];
    const uint64_t rbp = regs_.value[kDwarfRbp];
    if (exact_ && IsCode(stack_.At(rsp))) {
      GoTo(pc, stack_.At(rsp), rsp + 8, rbp);
      return true;
    }
    if (!regs_.Knows(kDwarfRbp) || rbp < rsp || !stack_.Has(rbp + 8)) return false;
    if (!IsCode(stack_.At(rbp + 8)) || stack_.At(rbp) <= rbp) return false;
    GoTo(pc, stack_.At(rbp + 8), rbp + 16, stack_.At(rbp));
    // The register may still be that of a function further up.
    if (module != nullptr && out_.count < out_.capacity) {
      Add(static_cast<uint64_t>(NativeEnd::kNoData), rbp + 16);
    }
    return true;
  }

  bool IsCode(uint64_t pc) const { return v8_.Contains(pc) || tables_.Find(pc - 1) != nullptr; }

  void GoTo(uint64_t pc, uint64_t return_pc, uint64_t cfa, uint64_t rbp) {
    Add(pc, cfa);
    const bool keeps_rbp = regs_.Knows(kDwarfRbp);
    regs_.known = 0;
    regs_.Set(kDwarfRip, return_pc);
    regs_.Set(kDwarfRsp, cfa);
    if (keeps_rbp) regs_.Set(kDwarfRbp, rbp);
    exact_ = false;
  }

  const UnwindTables& tables_;
  const CodeRanges& v8_;
  const StackReader& stack_;
  RowCache* cache_;
  NativeRegisters& regs_;
  bool exact_;
  NativeFrameList& out_;
  bool row_is_set_ = false;
  CfiRow row_;
};

bool IsComplete(NativeEnd end) { return end == NativeEnd::kV8Code || end == NativeEnd::kOutermost; }

// The registers with which JSEntry at `fp` returns to the C++ that called it.
void StartAtEntryFrame(const StackReader& stack, uint64_t fp, NativeStart* out) {
  NativeRegisters* regs = &out->regs;
  out->exact = false;
  regs->known = 0;
  regs->Set(kDwarfRip, stack.At(fp + 8));
  regs->Set(kDwarfRsp, fp + 16);
  regs->Set(kDwarfRbp, stack.At(fp));
  regs->Set(kDwarfR12, stack.At(fp - kEntryR12));
  regs->Set(kDwarfR13, stack.At(fp - kEntryR13));
  regs->Set(kDwarfR14, stack.At(fp - kEntryR14));
  regs->Set(kDwarfR15, stack.At(fp - kEntryR15));
  regs->Set(kDwarfRbx, stack.At(fp - kEntryRbx));
}

}  // namespace

NativeEnd WalkNative(const UnwindTables& tables, const CodeRanges& v8, const StackReader& stack,
                     RowCache* cache, NativeStart* start, NativeFrameList* out) {
  return NativeWalker(tables, v8, stack, cache, start, out).Walk();
}

void CaptureNative(const UnwindTables& tables, const CodeRanges& v8, const StackWindow& window,
                   RowCache* cache, NativeStart* start, RawSample* sample) {
  const StackReader stack(window);
  // One place stays free for the reason.
  NativeFrameList list = {sample->native_frames(), 0, kMaxNativeFrames - 1, false};
  const auto walk = [&](NativeStart* from) {
    const NativeEnd end = WalkNative(tables, v8, stack, cache, from, &list);
    if (!IsComplete(end) && list.count < kMaxNativeFrames) {
      list.frames[list.count++] = {static_cast<uint64_t>(end), from->regs.value[kDwarfRsp]};
    }
    return end;
  };
  bool room = true;
  if (start != nullptr) room = walk(start) != NativeEnd::kTooDeep;
  for (uint32_t i = 0; room && i < sample->frame_count; i++) {
    const RawFrame& frame = sample->frames()[i];
    if (!IsEntryFrame(frame.marker)) continue;
    NativeStart entry;
    StartAtEntryFrame(stack, frame.fp, &entry);
    room = walk(&entry) != NativeEnd::kTooDeep;
  }
  sample->native_count = list.count;
  sample->has_unknown_code = list.has_unknown_code;
  sample->native_generation = tables.generation;
}

}  // namespace sigprof
