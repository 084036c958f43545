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

bool IsOwnTick(const JsThread* thread, const siginfo_t* info) {
  if (info->si_code == SI_TIMER || info->si_code == SI_QUEUE) {
    return reinterpret_cast<uint64_t>(info->si_value.sival_ptr) == g_tick_state.config.cookie;
  }
  if (info->si_code == POLL_IN || info->si_code == POLL_HUP) {
    if (thread == nullptr) return false;
    const int fd = thread->perf_fd.load(std::memory_order_relaxed);
    return info->si_fd == (fd >= 0 ? fd : -2 - fd);
  }
  return false;
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

// Captures into the ring without publishing; null if the ring is full.
RawSample* Capture(JsThread* thread, const RawRegisters& regs) {
  RawSample* sample = thread->ring.Reserve();
  if (sample == nullptr) return nullptr;
  const CaptureLayout& layout = g_tick_state.config.layout;
  const unsigned char* isolate = static_cast<const unsigned char*>(thread->isolate);
  const StackWindow window = {regs.rsp, thread->stack_high,
                              reinterpret_cast<const unsigned char*>(regs.rsp)};
  CaptureStack(layout, thread->code, regs, ReadIsolateState(layout, isolate), window, sample);
  return sample;
}

void RecordTick(JsThread* thread, uint32_t ticks, const ucontext_t* context) {
  if (thread->gc_depth.load(std::memory_order_relaxed) > 0) {
    // Objects are moving; the epilogue callback takes the stack, with this weight.
    Add(&thread->gc_pending_weight, TakeWeight(thread, RawMonotonicNs()));
    Add(&thread->gc_pending_ticks, ticks);
    return;
  }
  const greg_t* gregs = context->uc_mcontext.gregs;
  const auto reg = [gregs](int index) { return static_cast<uint64_t>(gregs[index]); };
  const RawRegisters regs = {reg(REG_RIP), reg(REG_RSP), reg(REG_RBP),
                             reg(REG_RDI), reg(REG_R9),  reg(REG_R12)};
  if (regs.rsp < thread->stack_low || regs.rsp >= thread->stack_high) {
    Add(&thread->foreign_stack, ticks);  // on a fiber or an alternate signal stack
    return;
  }
  RawSample* sample = Capture(thread, regs);
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
  thread->ring.Commit();
  if (thread->ring.HalfFull()) WakeHelper(thread);
}

}  // namespace

void OnTick(int signal, siginfo_t* info, void* context) {
  const uint64_t begin = __rdtsc();
  JsThread* thread = t_current;
  if (!IsOwnTick(thread, info)) {
    ForwardSignal(signal, info, context);
    return;
  }
  if (thread == nullptr) return;
  if (thread->Enter() == ThreadPhase::kArmed) {
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
  RawSample* sample = Capture(thread, regs);
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
