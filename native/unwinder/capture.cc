// SPDX-License-Identifier: MIT
// On the signal handler's path: no calls out of this file (scripts/check-handler.mjs reads the
// object file's undefined symbols). The pragma keeps gcc from turning copy loops into memcpy.
#include "unwinder/capture.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")

namespace sigprof {
namespace {

// Larger than any StackFrame::Type; a marker beyond it is no frame.
constexpr uint64_t kMaxFrameType = 63;
// How far above c_entry_fp the deoptimizer's frame description may push the next JS frame.
constexpr uint64_t kDeoptimizerScanBytes = 8192;
// How far above rsp a C++ leaf's frames are searched for the V8 frame that called it.
constexpr uint64_t kLeafScanBytes = 4096;

bool IsTagged(uint64_t word) { return (word & 3) == 1; }

bool IsTypedMarker(uint64_t marker) {
  return (marker & 1) == 0 && (marker >> 1) != 0 && (marker >> 1) <= kMaxFrameType;
}

// A frame whose own words make sense: it links upwards, returns into V8 or C++ code that a later
// check judges, and has either a context or a frame type in its marker slot.
bool LooksLikeFrame(const StackReader& stack, const CodeRanges& code, uint64_t fp) {
  if (!stack.Has(fp) || !stack.Has(fp + 8) || !stack.Has(fp - 8)) return false;
  const uint64_t marker = stack.At(fp - 8);
  const uint64_t caller = stack.At(fp);
  if (IsTypedMarker(marker)) {
    if (IsEntryFrame(marker)) return true;
  } else if (!IsTagged(marker) || !IsTagged(stack.At(fp - 16))) {
    return false;
  }
  return caller > fp && stack.Has(caller) && code.Contains(stack.At(fp + 8));
}

struct Start {
  WalkStart kind;
  uint64_t fp;
  uint64_t pc;
};

// While V8's deoptimizer runs, c_entry_fp equals fast_c_call_caller_fp and is no frame: the
// optimised frame is half dismantled. The next whole standard frame stands above it.
Start FindAboveDeoptimizer(const StackReader& stack, const CodeRanges& code, uint64_t from) {
  for (uint64_t a = from + 8; a < from + kDeoptimizerScanBytes && stack.Has(a); a += 8) {
    if (IsTagged(stack.At(a - 8)) && LooksLikeFrame(stack, code, a)) {
      return {WalkStart::kDeoptimizer, a, 0};
    }
  }
  return {WalkStart::kUnusable, 0, 0};
}

// C++ entered from V8 code without a record in the Isolate (plain C calls of builtins in V8 10 and
// 11). The call pushed a return address into V8 code; the caller's rbp is either still in rbp or
// was saved by a callee between rsp and that return address.
Start FindByScan(const StackReader& stack, const CodeRanges& code, const RawRegisters& regs) {
  uint64_t return_slot = 0;
  const uint64_t end = regs.rsp + kLeafScanBytes;
  for (uint64_t a = (regs.rsp + 7) & ~7ull; a < end && stack.Has(a); a += 8) {
    if (code.Contains(stack.At(a))) {
      return_slot = a;
      break;
    }
  }
  if (return_slot == 0) return {WalkStart::kUnusable, 0, 0};
  const uint64_t pc = stack.At(return_slot);
  if (regs.rbp > return_slot && LooksLikeFrame(stack, code, regs.rbp)) {
    return {WalkStart::kStackScan, regs.rbp, pc};
  }
  for (uint64_t a = return_slot - 8; a >= regs.rsp && stack.Has(a); a -= 8) {
    const uint64_t fp = stack.At(a);
    if (fp > return_slot && LooksLikeFrame(stack, code, fp)) {
      return {WalkStart::kStackScan, fp, pc};
    }
  }
  return {WalkStart::kUnusable, 0, 0};
}

// WebAssembly code lies in no range that is known beforehand, but its frames say what they are, and
// so do those by which it calls JavaScript, whose code lies beside it.
bool IsWasmFrame(const CaptureLayout& layout, const StackReader& stack, uint64_t fp) {
  if (layout.wasm_frame_type == 0 || !stack.Has(fp - 8) || !stack.Has(fp + 8)) return false;
  const uint64_t marker = stack.At(fp - 8);
  const bool is_wasm =
      marker == uint64_t{layout.wasm_frame_type} << 1 ||
      (layout.wasm_to_js_frame_type != 0 && marker == uint64_t{layout.wasm_to_js_frame_type} << 1);
  return is_wasm && stack.At(fp) > fp && stack.Has(stack.At(fp));
}

// The innermost whole frame of WebAssembly; 0 if there is none in sight.
uint64_t FindWasmFrame(const CaptureLayout& layout, const StackReader& stack,
                       const RawRegisters& regs) {
  if (regs.rbp - 8 >= regs.rsp) return IsWasmFrame(layout, stack, regs.rbp) ? regs.rbp : 0;
  // Between mov rbp,rsp and the push of the marker the caller's frame is the innermost.
  if (regs.rbp != regs.rsp || !stack.Has(regs.rbp)) return 0;
  const uint64_t caller = stack.At(regs.rbp);
  return caller > regs.rbp && IsWasmFrame(layout, stack, caller) ? caller : 0;
}

// The order matters: c_entry_fp wins over rip, because V8 code (irregexp, an exit stub) may run
// with an exit frame already recorded, and rbp is then not the JS frame.
Start FindStart(const CaptureLayout& layout, const StackReader& stack, const CodeRanges& code,
                const RawRegisters& regs, const RawIsolateState& isolate) {
  if (isolate.js_entry_sp == 0) return {WalkStart::kNone, 0, 0};
  // V8 resets c_entry_fp some instructions after it popped the exit frame: a value below rsp is
  // that of a frame that is gone.
  const uint64_t exit_fp = isolate.c_entry_fp >= regs.rsp ? isolate.c_entry_fp : 0;
  if (exit_fp != 0) {
    if (exit_fp == isolate.fast_call_fp) return FindAboveDeoptimizer(stack, code, exit_fp);
    if (stack.Has(exit_fp)) return {WalkStart::kExitFrame, exit_fp, 0};
    return {WalkStart::kUnusable, 0, 0};
  }
  if (code.Contains(regs.rip)) return {WalkStart::kRegisters, regs.rbp, regs.rip};
  if (isolate.fast_call_fp != 0 && stack.Has(isolate.fast_call_fp)) {
    return {WalkStart::kFastCall, isolate.fast_call_fp, isolate.fast_call_pc};
  }
  if (const uint64_t fp = FindWasmFrame(layout, stack, regs); fp != 0) {
    return {WalkStart::kRegisters, fp, regs.rip};
  }
  return FindByScan(stack, code, regs);
}

void CopyTopWords(const StackReader& stack, uint64_t rsp, RawSample* out) {
  uint32_t count = 0;
  for (uint64_t a = rsp; count < kTopWords && stack.Has(a); a += 8) {
    out->top_words[count++] = stack.At(a);
  }
  out->top_word_count = count;
}

void CopyFrame(const StackReader& stack, uint64_t fp, uint64_t pc, RawFrame* out) {
  out->fp = fp;
  out->pc = pc;
  out->marker = stack.At(fp - 8);
  out->function = stack.At(fp - 16);
  const bool typed = (out->marker & 1) == 0;
  out->slot32 = stack.At(typed ? fp + 16 : fp - 32);
  out->slot40 = stack.At(typed ? fp + 24 : fp - 40);
}

// Where the frame `fp` was called from; fp 0: it was the outermost entry frame.
struct Caller {
  uint64_t fp, pc;
};

Caller CallerOf(const CaptureLayout& layout, const StackReader& stack, uint64_t fp,
                uint64_t marker) {
  if (!IsEntryFrame(marker)) return {stack.At(fp), stack.At(fp + 8)};
  // An entry frame keeps what the Isolate held when C++ entered JS: the frame JS was left by.
  if (layout.entry_saved_fast_fp != 0) {
    const uint64_t fast_fp = stack.At(fp + layout.entry_saved_fast_fp);
    if (fast_fp != 0) return {fast_fp, stack.At(fp + layout.entry_saved_fast_pc)};
  }
  return {stack.At(fp + layout.entry_saved_c_entry_fp), 0};
}

}  // namespace

RawIsolateState ReadIsolateState(const CaptureLayout& layout, const unsigned char* isolate) {
  const auto word = [isolate](int32_t offset) {
    return *reinterpret_cast<const volatile uint64_t*>(isolate + offset);
  };
  RawIsolateState state;
  state.c_entry_fp = word(layout.c_entry_fp);
  state.fast_call_fp = word(layout.fast_call_fp);
  state.fast_call_pc = word(layout.fast_call_pc);
  state.js_entry_sp = word(layout.js_entry_sp);
  state.vm_state = static_cast<uint32_t>(word(layout.vm_state));
  state.reserved = 0;
  return state;
}

void CaptureStack(const CaptureLayout& layout, const CodeRanges& code, const RawRegisters& regs,
                  const RawIsolateState& isolate, const StackWindow& window, RawSample* out) {
  const StackReader stack(window);
  out->regs = regs;
  out->isolate = isolate;
  out->flags = 0;
  out->frame_count = 0;
  out->omitted_frames = 0;
  out->native_generation = 0;
  out->native_count = 0;
  out->has_unknown_code = 0;
  CopyTopWords(stack, regs.rsp, out);

  const Start start = FindStart(layout, stack, code, regs, isolate);
  out->start = start.kind;
  if (start.kind == WalkStart::kNone) {
    out->flags |= kSampleIdle;
    return;
  }
  if (start.kind == WalkStart::kUnusable) return;

  uint64_t fp = start.fp;
  uint64_t pc = start.pc;
  uint32_t total = 0;
  RawFrame* frames = out->frames();
  // Half-built leaf: rbp may still be out of the window's low end, but never below rsp.
  while (stack.Has(fp) && stack.Has(fp + 8)) {
    // Beyond the leaf-most frames the last slots are a circular buffer of the root-most ones.
    const uint32_t slot =
        total < kMaxLeafFrames ? total : kMaxLeafFrames + (total - kMaxLeafFrames) % kMaxRootFrames;
    CopyFrame(stack, fp, pc, &frames[slot]);
    total++;
    const Caller caller = CallerOf(layout, stack, fp, frames[slot].marker);
    if (caller.fp == 0) {
      fp = 0;
      break;
    }
    if (caller.fp <= fp) break;
    fp = caller.fp;
    pc = caller.pc;
  }
  if (fp != 0) out->flags |= kSampleTruncated;
  if (total <= kMaxFrames) {
    out->frame_count = total;
    return;
  }
  out->frame_count = kMaxFrames;
  out->omitted_frames = total - kMaxFrames;
  // Rotate the circular part into order, oldest (leaf-ward) first: three reversals, in place.
  RawFrame* root = frames + kMaxLeafFrames;
  const uint32_t first = (total - kMaxLeafFrames) % kMaxRootFrames;
  const auto reverse = [root](uint32_t from, uint32_t to) {
    while (from + 1 < to) {
      to--;
      const RawFrame kept = root[from];
      root[from] = root[to];
      root[to] = kept;
      from++;
    }
  };
  reverse(0, first);
  reverse(first, kMaxRootFrames);
  reverse(0, kMaxRootFrames);
}

}  // namespace sigprof
