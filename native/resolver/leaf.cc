// SPDX-License-Identifier: MIT
#include "resolver/leaf.h"

namespace sigprof {
namespace {

// V8's bytecode handlers (x64): kInterpreterBytecodeOffsetRegister = r9, ...ArrayRegister = r12.
// The offset counts from the tagged array and is not a Smi there.
FramePlace BytecodePlace(uint64_t bytecode_array, int32_t offset) {
  FramePlace place;
  place.kind = FramePlace::kBytecode;
  place.bytecode_array = bytecode_array;
  place.bytecode_offset = offset;
  return place;
}

FramePlace CodePlace(const CodeInfo* code, Address pc) {
  FramePlace place;
  place.kind = FramePlace::kCode;
  place.code = code;
  place.pc = pc;
  return place;
}

// Words below rsp are dead: a slot counts only if the frame has pushed it already.
bool IsWritten(const RawSample& sample, const RawFrame& frame, uint64_t below_fp) {
  return frame.fp - below_fp >= sample.regs.rsp;
}

class LeafRules {
 public:
  LeafRules(FrameDecoder* decoder, const RawSample& sample, const RawFrame& frame)
      : decoder_(*decoder), sample_(sample), frame_(frame) {}

  LeafDecision Decide() {
    // A frame is built by push rbp; mov rbp,rsp; push context; push function, and taken down by mov
    // rsp,rbp; pop rbp. Slots below rsp are dead: what they show may be anything.
    half_built_ = !IsWritten(sample_, frame_, 16);
    out_.is_typed = !half_built_ && (frame_.marker & 1) == 0;
    if (!half_built_ && !out_.is_typed) out_.shared = decoder_.SharedOf(frame_.function);
    if (decoder_.code().IsJit(frame_.pc)) {
      InJitCode();
    } else if (half_built_) {
      out_.shared = FunctionEnteredByBuiltin();
      out_.skip = out_.shared == 0;  // a stub's: the frame above is whole and tells the function
    } else {
      InBuiltin();
    }
    return out_;
  }

 private:
  void InJitCode() {
    const bool is_tick = sample_.start == WalkStart::kRegisters;
    const Address pc = is_tick ? frame_.pc : frame_.pc - 1;
    const CodeInfo* code = decoder_.code().Find(pc, out_.shared);
    if (code == nullptr) return;
    if (code->tier == CodeTier::kOther) {
      out_.is_regexp = code->is_regexp;
      out_.skip = !out_.is_typed && out_.shared == 0;
      return;
    }
    if (half_built_) {
      out_.shared = OwnerOf(*code);
      out_.skip = out_.shared == 0;
    } else if (is_tick && (out_.is_typed || !BelongsTo(*code, out_.shared))) {
      // Prologue or epilogue: rbp is the caller's. The caller stands at the return address, on top
      // of the stack, or below the rbp just pushed.
      out_.callee = OwnerOf(*code);
      out_.callee_place = CodePlace(code, pc);
      if (out_.shared != 0) {
        out_.place = decoder_.PlaceOf(frame_, out_.shared, ReturnAddressOnTop(), true);
      }
      return;
    }
    out_.place = CodePlace(code, pc);
  }

  // The function whose frame a builtin is building. V8's calling convention has it in rdi, but only
  // builtins that are called as functions follow that; in others rdi may hold any function.
  Tagged FunctionEnteredByBuiltin() {
    const Tagged shared = decoder_.SharedOf(sample_.regs.rdi);
    const FunctionEntry* function = shared == 0 ? nullptr : decoder_.functions().Find(shared);
    if (function == nullptr) return 0;
    const std::string& running = decoder_.builtins().NameOfPc(frame_.pc);
    if (function->script != nullptr) {
      return running.starts_with("InterpreterEntryTrampoline") ? shared : 0;
    }
    return !running.empty() && decoder_.functions().BuiltinSymbol(*function) == running ? shared
                                                                                        : 0;
  }

  // rip in a builtin: the builtin's own frame, an interpreted function's bytecode handler, or a
  // frameless stub called from machine code, whose frame this then is.
  void InBuiltin() {
    if (out_.shared == 0) return;
    const bool has_bytecode = IsWritten(sample_, frame_, 40);
    uint64_t own_bytecode = has_bytecode ? frame_.slot32 : 0;
    bool callee_found = false;
    for (uint32_t i = 0; i < sample_.top_word_count; i++) {
      if (sample_.regs.rsp + i * 8 >= frame_.fp) break;
      const Address pc = sample_.top_words[i];
      if (!decoder_.code().IsJit(pc)) continue;
      const CodeInfo* code = decoder_.code().Find(pc - 1, out_.shared);
      if (code == nullptr || code->tier == CodeTier::kOther) continue;
      if (BelongsTo(*code, out_.shared)) {
        out_.place = CodePlace(code, pc - 1);
        return;
      }
      if (code->tier == CodeTier::kBaseline && !callee_found) {
        // V8's out-of-line baseline prologue runs before the callee's frame is pushed; the next
        // machine code word is then the caller's.
        callee_found = true;
        out_.callee = OwnerOf(*code);
        out_.callee_place = CodePlace(code, pc - 1);
      }
    }
    if (!has_bytecode) return;
    int32_t offset = LiveBytecodeOffset(&decoder_, sample_, frame_);
    if (offset < 0) offset = decoder_.InterpretedOffset(own_bytecode, frame_.slot40);
    if (offset >= 0) out_.place = BytecodePlace(own_bytecode, offset);
  }

  Address ReturnAddressOnTop() const {
    for (uint32_t i = 0; i < 2 && i < sample_.top_word_count; i++) {
      if (decoder_.ranges().Contains(sample_.top_words[i])) return sample_.top_words[i];
    }
    return 0;
  }

  bool BelongsTo(const CodeInfo& code, Tagged shared) const {
    if (code.tier == CodeTier::kBaseline) {
      if (code.bytecode == 0) return true;
      const Tagged own = BytecodeOf(decoder_.heap(), shared);
      return own == 0 || own == code.bytecode;
    }
    return code.shared == 0 || code.shared == shared;
  }

  // The function of code that has no frame yet: optimised code names it, for baseline code it is
  // in rdi, if that is a function with the same bytecode.
  Tagged OwnerOf(const CodeInfo& code) {
    if (code.tier != CodeTier::kBaseline) return code.shared;
    const Tagged shared = decoder_.SharedOf(sample_.regs.rdi);
    if (shared != 0 && BytecodeOf(decoder_.heap(), shared) == code.bytecode) return shared;
    return 0;
  }

  FrameDecoder& decoder_;
  const RawSample& sample_;
  const RawFrame& frame_;
  bool half_built_ = false;
  LeafDecision out_;
};

}  // namespace

int32_t LiveBytecodeOffset(FrameDecoder* decoder, const RawSample& sample, const RawFrame& frame) {
  if (sample.regs.r12 != frame.slot32) return -1;
  return decoder->InterpretedOffset(frame.slot32, sample.regs.r9 << 32);
}

LeafDecision DecideLeaf(FrameDecoder* decoder, const RawSample& sample, const RawFrame& frame) {
  return LeafRules(decoder, sample, frame).Decide();
}

}  // namespace sigprof
