// SPDX-License-Identifier: MIT
// The optimize pragma keeps gcc from turning copy loops into calls of memcpy and memset.
#include "sampler/signal_handler.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-stack-protector")

#include <ucontext.h>
#include <x86intrin.h>

#include <atomic>

#include "os/clocks.h"
#include "sampler/js_thread.h"
#include "sampler/tick_state.h"
#include "unwinder/native_walk.h"

namespace sigprof {

TickState g_tick_state;

namespace {

// initial-exec: the slot lies in static TLS, so reading it is one load; the general model could
// call __tls_get_addr, which may allocate.
__attribute__((tls_model("initial-exec"))) __thread JsThread* t_current = nullptr;

// V8's StateTag (include/v8-unwinder.h): JS, GC, PARSER, ... in this order since V8 7.
constexpr uint32_t kVmStateGc = 1;

// Some 100 us, where a run takes 1 to 10.
constexpr uint64_t kInterruptedCycles = uint64_t{1} << 18;

constexpr uint64_t kSlotMask = kMaxNativeThreads - 1;

bool HasCookie(const siginfo_t* info) {
  if (info->si_code != SI_TIMER && info->si_code != SI_QUEUE) return false;
  const auto value = reinterpret_cast<uint64_t>(info->si_value.sival_ptr);
  return (value & ~kSlotMask) == g_tick_state.config.cookie;
}

bool HasPerfFd(const JsThread* thread, const siginfo_t* info) {
  if (thread == nullptr || (info->si_code != POLL_IN && info->si_code != POLL_HUP)) return false;
  const int fd = thread->perf_fd.load(std::memory_order_relaxed);
  return info->si_fd == (fd >= 0 ? fd : -2 - fd);
}

bool IsOwnTick(const JsThread* thread, const siginfo_t* info) {
  return HasCookie(info) || HasPerfFd(thread, info);
}

// The record of a thread without JavaScript, which has no thread-local: by the tick itself.
JsThread* FindNativeThread(const siginfo_t* info) {
  if (HasCookie(info)) {
    const uint64_t slot = reinterpret_cast<uint64_t>(info->si_value.sival_ptr) & kSlotMask;
    return g_tick_state.native_threads[slot].load(std::memory_order_acquire);
  }
  for (auto& place : g_tick_state.native_threads) {
    JsThread* thread = place.load(std::memory_order_acquire);
    if (HasPerfFd(thread, info)) return thread;
  }
  return nullptr;
}

pid_t RawTid() {
  long result = 186;  // __NR_gettid
  __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
  return static_cast<pid_t>(result);
}

// Reads the own memory through the kernel, which does not fault but stops. Returns how much it
// read.
size_t RawReadSelf(uint64_t address, void* out, size_t size) {
  struct {
    void* base;
    size_t length;
  } local = {out, size}, remote = {reinterpret_cast<void*>(address), size};
  long result = 310;  // __NR_process_vm_readv
  register long r10 __asm__("r10") = reinterpret_cast<long>(&remote);
  register long r8 __asm__("r8") = 1;
  register long r9 __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(static_cast<long>(g_tick_state.config.pid)), "S"(&local), "d"(1L),
                     "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result > 0 ? static_cast<size_t>(result) : 0;
}

// libc's record of the running thread, which lies at the upper end of its stack (glibc and musl).
uint64_t ThreadPointer() {
  uint64_t pointer;
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

// A leaf function may keep words below rsp, where the kernel leaves them alone (System V
// ABI, 3.2.2). Hand-written assembly keeps the address of its caller's frame there.
constexpr uint64_t kRedZoneBytes = 128;

// Nobody knows where the stacks of such threads end, and a program may unmap them: a copy.
StackWindow CopyOwnStack(JsThread* thread, uint64_t rsp) {
  const uint64_t low = (rsp - kRedZoneBytes) & ~uint64_t{7};
  const uint64_t top = ThreadPointer();
  size_t size = JsThread::kStackCopy;
  if (top > low && top - low < size) size = top - low;
  const size_t got = RawReadSelf(low, thread->stack_copy, size);
  return {low, low + got, thread->stack_copy};
}

void ForwardSignal(int signal, siginfo_t* info, void* context) {
  g_tick_state.foreign_signals.fetch_add(1, std::memory_order_relaxed);
  const struct sigaction& previous = g_tick_state.previous;
  if (previous.sa_flags & SA_SIGINFO) {
    if (previous.sa_sigaction != nullptr) previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  }
}

// CPU time, or elapsed time in wall mode, since this thread's last sample, which this one becomes.
uint64_t TakeWeight(JsThread* thread, uint64_t now_ns) {
  if (thread->wall) {
    const uint64_t last = thread->last_wall_ns.exchange(now_ns, std::memory_order_relaxed);
    return now_ns > last ? now_ns - last : 0;
  }
  const uint64_t cpu = RawThreadCpuNs();
  const uint64_t last = thread->last_cpu_ns.load(std::memory_order_relaxed);
  thread->last_cpu_ns.store(cpu, std::memory_order_relaxed);
  return cpu > last ? cpu - last : 0;
}

template <typename T, typename U>
void Add(std::atomic<T>* counter, U value) {  // only this thread writes: no locked instruction
  counter->store(counter->load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

// The time stamp counter goes on while the thread is off the CPU, and ticks come when the kernel
// looks at its clocks and may decide for another thread.
void CountRun(JsThread* thread, uint64_t cycles) {
  Add(&thread->handler_runs, 1u);
  if (cycles < kInterruptedCycles) {
    Add(&thread->handler_cycles, cycles);
  } else {
    Add(&thread->handler_interrupted, 1u);
  }
}

// Wakes the helper, which may sleep for long after an idle time. At most once until it has come.
void WakeHelper(JsThread* thread) {
  if (thread->wake_sent.exchange(true, std::memory_order_relaxed)) return;
  const uint64_t one = 1;
  long result = 1;  // __NR_write; to an eventfd, which is never full and never blocks
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(static_cast<long>(thread->wake_fd)), "S"(&one), "d"(sizeof(one))
                   : "rcx", "r11", "memory");
}

struct TickRegisters {
  RawRegisters raw;
  NativeStart native;
};

void ReadRegisters(const ucontext_t* context, TickRegisters* out) {
  const greg_t* gregs = context->uc_mcontext.gregs;
  const auto reg = [gregs](int index) { return static_cast<uint64_t>(gregs[index]); };
  out->raw = {reg(REG_RIP), reg(REG_RSP), reg(REG_RBP), reg(REG_RDI), reg(REG_R9), reg(REG_R12)};
  // In DWARF's order.
  constexpr int kOrder[kDwarfRegisters] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                           REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                           REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (uint32_t i = 0; i < kDwarfRegisters; i++) out->native.regs.value[i] = reg(kOrder[i]);
  out->native.regs.known = (1u << kDwarfRegisters) - 1;
  out->native.exact = true;
}

// With the red zone; rsp lies within the thread's stack.
StackWindow OwnStack(const JsThread* thread, uint64_t rsp) {
  const bool has_room = rsp - thread->stack_low >= kRedZoneBytes;
  const uint64_t low = has_room ? rsp - kRedZoneBytes : rsp;
  return {low, thread->stack_high, reinterpret_cast<const unsigned char*>(low)};
}

// What V8's frames are read from: they use no red zone, and what lies there is stale.
StackWindow From(const StackWindow& stack, uint64_t rsp) {
  if (rsp < stack.low || rsp > stack.high) return stack;
  return {rsp, stack.high, stack.bytes + (rsp - stack.low)};
}

// Captures into the ring without publishing; null if the ring is full. `start` null: native frames
// above the topmost frame of V8 are not wanted.
RawSample* Capture(JsThread* thread, const RawRegisters& regs, const StackWindow& window,
                   NativeStart* start) {
  RawSample* sample = thread->ring.Reserve();
  if (sample == nullptr) return nullptr;
  const CaptureLayout& layout = g_tick_state.config.layout;
  const unsigned char* isolate = static_cast<const unsigned char*>(thread->isolate);
  RawIsolateState state = {};
  if (isolate != nullptr) state = ReadIsolateState(layout, isolate);
  CaptureStack(layout, thread->code, regs, state, From(window, regs.rsp), sample);
  const UnwindTables* tables = g_tick_state.unwind.load(std::memory_order_seq_cst);
  if (tables != nullptr) {
    CaptureNative(*tables, thread->code, window, thread->rows.get(), start, sample);
  }
  return sample;
}

void RecordTick(JsThread* thread, uint32_t ticks, const ucontext_t* context) {
  if (thread->gc_depth.load(std::memory_order_relaxed) > 0) {
    // Objects are moving; the epilogue callback takes the stack, with this weight.
    Add(&thread->gc_pending_weight, TakeWeight(thread, RawMonotonicNs()));
    Add(&thread->gc_pending_ticks, ticks);
    return;
  }
  TickRegisters regs;
  ReadRegisters(context, &regs);
  const uint64_t rsp = regs.raw.rsp;
  StackWindow window;
  if (thread->isolate == nullptr) {
    window = CopyOwnStack(thread, rsp);
  } else if (rsp >= thread->stack_low && rsp < thread->stack_high) {
    window = OwnStack(thread, rsp);
  } else {
    Add(&thread->foreign_stack, ticks);  // on a fiber or an alternate signal stack
    return;
  }
  RawSample* sample = Capture(thread, regs.raw, window, &regs.native);
  if (sample == nullptr) {
    Add(&thread->ring_full, ticks);  // the next sample takes the weight over
    return;
  }
  sample->time_ns = RawMonotonicNs();
  sample->weight_ns = TakeWeight(thread, sample->time_ns);
  sample->ticks = ticks;
  sample->gc_epoch = thread->gc_epoch.load(std::memory_order_relaxed);
  sample->pinned = 0;
  if (sample->isolate.vm_state == kVmStateGc) sample->flags |= kSampleInGc;
  // A library may have been loaded, which the helper has to find out. After Commit the sample is
  // the helper's.
  const bool is_news = sample->has_unknown_code != 0;
  thread->ring.Commit();
  if (is_news || thread->ring.HalfFull()) WakeHelper(thread);
}

}  // namespace

void OnTick(int signal, siginfo_t* info, void* context) {
  const uint64_t begin = __rdtsc();
  JsThread* thread = t_current;
  if (thread == nullptr) thread = FindNativeThread(info);
  if (!IsOwnTick(thread, info)) {
    ForwardSignal(signal, info, context);
    return;
  }
  if (thread == nullptr) return;
  // A tick of a timer that is gone may carry a place that belongs to another thread by now.
  if (thread->Enter() == ThreadPhase::kArmed && (thread == t_current || thread->tid == RawTid())) {
    uint32_t ticks = 1;
    if (info->si_code == SI_TIMER && info->si_overrun > 0) {
      ticks += static_cast<uint32_t>(info->si_overrun);
      Add(&thread->overruns, static_cast<uint64_t>(info->si_overrun));
    }
    RecordTick(thread, ticks, static_cast<const ucontext_t*>(context));
    CountRun(thread, __rdtsc() - begin);
  }
  thread->Leave();
}

// Never inlined: its own frame is the bottom of the stack that is captured. c_entry_fp is set in a
// GC callback, so the walk starts at V8's exit frame and needs no exact rip.
__attribute__((noinline)) bool CaptureOwnStack(JsThread* thread, uint64_t weight_ns, uint32_t ticks,
                                               uint64_t gc_epoch) {
  RawRegisters regs = {};
  regs.rip = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  regs.rbp = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  regs.rsp = regs.rbp;
  if (regs.rsp < thread->stack_low || regs.rsp >= thread->stack_high) return false;
  RawSample* sample = Capture(thread, regs, OwnStack(thread, regs.rsp), nullptr);
  if (sample == nullptr) return false;
  sample->time_ns = RawMonotonicNs();
  sample->weight_ns = weight_ns;
  sample->ticks = ticks;
  sample->gc_epoch = gc_epoch;
  sample->pinned = 0;
  sample->flags |= kSampleInGc;
  thread->ring.Commit();
  return true;
}

void SetCurrentJsThread(JsThread* thread) {
  t_current = thread;
  // The handler runs on this thread: no more than the compiler has to keep the order.
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

JsThread* CurrentJsThread() { return t_current; }

}  // namespace sigprof
