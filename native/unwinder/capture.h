// SPDX-License-Identifier: MIT
// Capture: registers, Isolate words and a window of stack memory in, a RawSample out. A pure
// function: it reads the given window and its arguments only, so the signal handler may call it,
// and so may the outside sampler on a copied stack. No system calls, no allocation, no errno.
#pragma once

#include <cstdint>

#include "unwinder/raw_sample.h"
#include "unwinder/stack_window.h"

namespace sigprof {

// Executable ranges that hold V8 code: the JIT code range, the builtins where they are linked and
// the copy of them that V8 >= 11 executes. Fixed while an isolate lives.
struct CodeRanges {
  static constexpr uint32_t kMax = 8;
  uint32_t count = 0;
  struct Range {
    uint64_t start, end;
  } ranges[kMax] = {};

  bool Contains(uint64_t pc) const {
    for (uint32_t i = 0; i < count; i++) {
      if (pc - ranges[i].start < ranges[i].end - ranges[i].start) return true;
    }
    return false;
  }
  void Add(uint64_t start, uint64_t end) {
    if (count < kMax && start < end) ranges[count++] = {start, end};
  }
};

// What capture must know of V8: byte offsets into the Isolate and into an entry frame.
struct CaptureLayout {
  int32_t c_entry_fp = 0;
  int32_t fast_call_fp = 0;
  int32_t fast_call_pc = 0;
  int32_t js_entry_sp = 0;
  int32_t vm_state = 0;
  int32_t entry_saved_c_entry_fp = -64;  // in an entry frame, from its fp
  int32_t entry_saved_fast_fp = 0;       // 0: this V8 does not save it (< 13)
  int32_t entry_saved_fast_pc = 0;
  // StackFrame::Type of WebAssembly code, and of what it calls JavaScript by; 0: none known
  uint32_t wasm_frame_type = 0, wasm_to_js_frame_type = 0;
};

// Reads the Isolate's words; the isolate must be alive.
RawIsolateState ReadIsolateState(const CaptureLayout& layout, const unsigned char* isolate);

// Fills `out` (room for kMaxRawSampleSize bytes): registers, isolate words, top words, frames and
// how the walk went. Leaves time, weight, ticks, epoch and pinned alone. O(frames), < 512 B stack.
// Bad memory ends the walk with kSampleTruncated; what was found is kept.
void CaptureStack(const CaptureLayout& layout, const CodeRanges& code, const RawRegisters& regs,
                  const RawIsolateState& isolate, const StackWindow& stack, RawSample* out);

}  // namespace sigprof
