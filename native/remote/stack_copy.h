// SPDX-License-Identifier: MIT
// One thread of another process at one instant: V8's words of its isolate and its stack, copied in
// as few system calls as possible, and the raw sample made of them.
#pragma once

#include <cstdint>
#include <vector>

#include "os/memory.h"
#include "resolver/resolver.h"
#include "unwinder/capture.h"
#include "unwinder/native_walk.h"
#include "v8/layout.h"

namespace sigprof::remote {

enum class CopyResult : uint8_t {
  kTaken,
  kOtherIsolate,  // the thread has left its isolate, for now or for good: it runs no JavaScript
  kUnreadable,
};

class StackCopy {
 public:
  StackCopy() : sample_(kMaxRawSampleSize / sizeof(uint64_t)) {}

  // The copying part, for as long as the thread stands still. `slot` is where the thread keeps the
  // pointer to its isolate, which should be `isolate`.
  // `top` is the outermost JavaScript frame of the last copy (0: none); a right guess saves a call.
  // `stack_end` is where the thread's stack ends, for WalkNative; 0: not wanted.
  CopyResult Take(Memory* memory, const CaptureLayout& layout, Address slot, Address isolate,
                  uint64_t rsp, uint64_t top, uint64_t stack_end);
  // Whether the isolate's words were the same before and after the stack was copied; for threads
  // that do not stand still.
  bool StillSame(Memory* memory, const CaptureLayout& layout, Address isolate);

  // Also for as long as it stands still: walks over what was copied (see CaptureStack), and pins
  // the functions found, which V8 may move as soon as the thread runs.
  void Walk(Memory* memory, const Layout& layout, const CodeRanges& code, const RawRegisters& regs);

  // After Walk, and the thread may run: the native frames of what was copied, from `start` (null:
  // not known) and from each of V8's entry frames on.
  void WalkNative(const UnwindTables& tables, const CodeRanges& code, NativeStart* start);

  // What the last walk found.
  const RawSample& sample() const { return *reinterpret_cast<const RawSample*>(sample_.data()); }
  const RawIsolateState& isolate() const { return isolate_; }

 private:
  bool ReadStack(Memory* memory, uint64_t high);

  RawIsolateState isolate_ = {};
  uint64_t WantedEnd(uint64_t top) const;

  uint64_t low_ = 0, high_ = 0;  // of the stack, as far as copied
  uint64_t rsp_ = 0, stack_end_ = 0;
  std::vector<unsigned char> stack_;
  std::vector<uint64_t> sample_;  // room for one largest RawSample
  PinScratch pins_;
};

// v8::StateTag GC in the isolate's vm_state.
bool IsInGc(const RawIsolateState& isolate);

}  // namespace sigprof::remote
