// SPDX-License-Identifier: MIT
// The raw sample: what capture leaves for resolve. Plain words of one thread's stack and of V8's
// per-thread state at one instant, the same whether the signal handler or an outside stop took it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sigprof {

// Words above rsp kept for leaf cases (frameless stubs, prologues).
inline constexpr uint32_t kTopWords = 64;
// Depth cap: the leaf-most and the root-most frames are kept, those between are counted.
inline constexpr uint32_t kMaxLeafFrames = 1024;
inline constexpr uint32_t kMaxRootFrames = 64;
inline constexpr uint32_t kMaxFrames = kMaxLeafFrames + kMaxRootFrames;
// C and C++ frames of one sample (with -n), the leaf-most.
inline constexpr uint32_t kMaxNativeFrames = 1024;

// How the walk found its first frame.
enum class WalkStart : uint8_t {
  kNone = 0,     // no JS on this stack (js_entry_sp == 0): idle, or native work without JS
  kExitFrame,    // c_entry_fp: C++ called from JS; the first frame is the exit frame, pc unknown
  kRegisters,    // rip in V8 or WebAssembly code: the first frame is rbp's, its pc is rip
  kFastCall,     // C function called without an exit frame: first frame and pc from the isolate
  kDeoptimizer,  // V8's deoptimizer runs: first standard frame found by scan, pc unknown
  kStackScan,    // C++ leaf, nothing recorded by V8: first frame found by scan
  kUnusable,     // JS is on the stack, but no frame could be found
};

enum RawSampleFlags : uint16_t {
  kSampleInGc = 1 << 0,       // stands for ticks that fell into a garbage collection
  kSampleTruncated = 1 << 1,  // the chain broke before the outermost entry frame
  kSampleAsleep = 1 << 2,     // taken of a thread asleep in the kernel (wall mode)
  kSampleIdle = 1 << 3,       // asleep or running with no JS on the stack
};

// One physical frame. For a standard (JS) frame `marker` is a tagged Context (odd); for a typed
// frame it is the frame type << 1 (even), and `slot32`/`slot40` hold [fp+16] and [fp+24] instead,
// where a builtin exit frame keeps its new.target and its target function.
struct RawFrame {
  uint64_t fp;
  uint64_t
      pc;  // pc inside this frame: rip for a leaf in V8 code, else the return address; 0 unknown
  uint64_t marker;    // [fp-8]
  uint64_t function;  // [fp-16]; replaced by the SharedFunctionInfo when the sample is pinned
  uint64_t slot32;    // [fp-32]: bytecode array of an interpreted or baseline frame
  uint64_t slot40;    // [fp-40]: bytecode offset (Smi) of an interpreted frame
};
static_assert(sizeof(RawFrame) == 48);

// V8's frame types for the stubs through which C++ enters JS, the same in every V8 from 10 to 14
// (v8dbg_frametype_EntryFrame, ...ConstructEntryFrame).
inline constexpr uint64_t kEntryFrameType = 1;
inline constexpr uint64_t kConstructEntryFrameType = 2;
inline bool IsEntryFrame(uint64_t marker) {
  return marker == kEntryFrameType << 1 || marker == kConstructEntryFrameType << 1;
}

// One C or C++ frame. Its place among V8's frames is told by addresses: the CFA is the address
// right above the return address, which for a RawFrame is fp + 16.
struct NativeFrame {
  // Inside the running instruction or the call. Below kNativeEnds it is a NativeEnd: the walk broke
  // off here or, with kUnknownCode and kNoData, may have gone on with frames left out.
  uint64_t pc;
  uint64_t cfa;
};
static_assert(sizeof(NativeFrame) == 16);

// Why a walk over native frames ended. The first three are as it should be, the others are kept as
// a frame in the place where the walk broke off.
enum class NativeEnd : uint8_t {
  kNone = 0,
  kOutermost,     // the first frame of the thread
  kV8Code,        // a frame of V8, which has a walk of its own
  kUnknownCode,   // in no module known: generated code, or a library just loaded or unloaded
  kNoData,        // the module has no unwind data for this code
  kBrokenData,    // it has, but it makes no sense
  kLostRegister,  // it needs a register whose value is not known any more
  kOutOfStack,    // it leads out of the stack, or in a circle
  kTooDeep,       // more than kMaxNativeFrames
};
inline constexpr uint64_t kNativeEnds = 16;

struct RawRegisters {
  uint64_t rip, rsp, rbp, rdi, r9, r12;
};

// Words of V8's Isolate at the tick.
struct RawIsolateState {
  uint64_t c_entry_fp;
  uint64_t fast_call_fp;
  uint64_t fast_call_pc;
  uint64_t js_entry_sp;
  uint32_t vm_state;
  uint32_t reserved;
};

// Fixed head, followed by `frame_count` frames of V8, leaf first, and `native_count` native ones,
// leaf first. With `omitted_frames` > 0 the frames [0, kMaxLeafFrames) are the leaf-most and the
// rest the root-most.
struct RawSample {
  uint64_t time_ns;  // CLOCK_MONOTONIC
  uint64_t
      weight_ns;  // CPU time (cpu mode) or elapsed time (wall mode) since the thread's last sample
  uint64_t gc_epoch;  // even outside, odd inside a moving collection
  RawRegisters regs;
  RawIsolateState isolate;
  uint64_t top_words[kTopWords];
  uint32_t top_word_count;
  uint32_t ticks;  // timer ticks this sample stands for, >= 1
  uint32_t frame_count;
  uint32_t omitted_frames;
  uint16_t flags;
  WalkStart start;
  uint8_t pinned;              // function words are SharedFunctionInfos (see sampler/gc_barrier.h)
  uint32_t native_generation;  // of the UnwindTables used; 0: native frames were not captured
  uint32_t native_count;
  uint32_t has_unknown_code;  // a native frame lies in no module known

  RawFrame* frames() { return reinterpret_cast<RawFrame*>(this + 1); }
  const RawFrame* frames() const { return reinterpret_cast<const RawFrame*>(this + 1); }
  NativeFrame* native_frames() { return reinterpret_cast<NativeFrame*>(frames() + frame_count); }
  const NativeFrame* native_frames() const {
    return reinterpret_cast<const NativeFrame*>(frames() + frame_count);
  }
  size_t size() const { return SizeFor(frame_count, native_count); }
  static constexpr size_t SizeFor(uint32_t frames, uint32_t native);
};
static_assert(std::is_trivially_copyable_v<RawSample> && sizeof(RawSample) % 8 == 0);

constexpr size_t RawSample::SizeFor(uint32_t frames, uint32_t native) {
  return sizeof(RawSample) + size_t{frames} * sizeof(RawFrame) +
         size_t{native} * sizeof(NativeFrame);
}
inline constexpr size_t kMaxRawSampleSize = RawSample::SizeFor(kMaxFrames, kMaxNativeFrames);

}  // namespace sigprof
