// SPDX-License-Identifier: MIT
#include "sampler/wall_clock.h"

#include <algorithm>

#include "os/clocks.h"
#include "os/proc_status.h"
#include "sampler/drain.h"
#include "sampler/js_thread.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

// Stacks of Node threads: 984 KB of JS by default, 8 MB at most for C++ below.
constexpr uint64_t kMaxStackCopy = 4u << 20;

bool SameSleep(const ThreadSyscall& a, const ThreadSyscall& b) {
  return a.kind == ThreadSyscall::Kind::kAsleep && b.kind == a.kind && a.number == b.number &&
         a.sp == b.sp && a.pc == b.pc;
}

}  // namespace

bool WallClock::Start(Session* session) {
  session_ = session;
  const bool wall = session->options.mode == SamplingMode::kWall;
  if (!wall && session->plan.kind != TimerKind::kSamplerThread) return true;
  if (wall) sample_.resize(kMaxRawSampleSize / sizeof(uint64_t));
  return thread_.Start("sigprof-clock", Main, this);
}

void WallClock::Stop() { thread_.Join(); }

void WallClock::Main(void* self) { static_cast<WallClock*>(self)->Run(); }

void WallClock::Run() {
  const bool wall = session_->options.mode == SamplingMode::kWall;
  const bool ticks = session_->plan.kind == TimerKind::kSamplerThread;
  // Long periods are slept in pieces, so that stop() need not wait for their end.
  const uint64_t period = session_->plan.period_ns;
  uint64_t next = MonotonicNs() + period;
  while (!session_->stopping.load()) {
    const uint64_t now = MonotonicNs();
    if (now < next) {
      SleepNs(std::min<uint64_t>(next - now, 10000000));
      continue;
    }
    // After a pause of the whole process there is nothing to catch up with.
    next = std::max(next + period, now);
    TheSampler()->threads.ForEach([&](JsThread* thread) {
      if (thread->session != session_ || session_->stopping.load()) return;
      if (ticks) TickIfAdvanced(thread);
      if (wall && thread->isolate != nullptr) Look(thread);
    });
  }
}

void WallClock::TickIfAdvanced(JsThread* thread) {
  if (session_->signal_taken_ns.load() != 0) return;
  const uint64_t cpu = ThreadCpuNs(thread->tid);
  if (cpu < thread->signal_cpu_ns + session_->plan.period_ns) return;
  thread->signal_cpu_ns = cpu - (cpu - thread->signal_cpu_ns) % session_->plan.period_ns;
  SendTick(*thread);
}

void WallClock::Look(JsThread* thread) {
  const uint64_t cpu = ThreadCpuNs(thread->tid);
  const uint64_t now = MonotonicNs();
  // On the CPU nearly all the time since: its own ticks cover it.
  const bool busy = cpu - thread->look_cpu_ns > (now - thread->look_ns) / 8 * 7;
  thread->look_ns = now;
  // No CPU used since: still in the same system call, with the same stack.
  if (!thread->asleep_known || cpu != thread->look_cpu_ns) {
    thread->asleep_known = false;
    thread->look_cpu_ns = cpu;
    if (!busy) SampleAsleep(thread, cpu);
  }
  if (thread->asleep_known) AddAsleep(thread);
}

void WallClock::SampleAsleep(JsThread* thread, uint64_t cpu_ns) {
  RawSample* sample = reinterpret_cast<RawSample*>(sample_.data());
  sample->pinned = 0;
  sample->gc_epoch = thread->gc_epoch.load(std::memory_order_acquire);
  if (sample->gc_epoch & 1) return;  // waiting for V8's GC threads: the GC sample has that time
  if (!CaptureAsleep(thread, cpu_ns, sample)) return;
  if (sample->start == WalkStart::kNone) {
    thread->asleep_idle = true;
    thread->asleep_stack = session_->idle_stack;
    thread->asleep_known = true;
    return;
  }
  ResolveLock lock;
  thread->asleep_idle = false;
  thread->asleep_known = ResolveLoose(thread, session_, *sample, &thread->asleep_stack);
}

bool WallClock::CaptureAsleep(JsThread* thread, uint64_t cpu_ns, RawSample* sample) {
  if (thread->syscall_fd < 0) thread->syscall_fd = OpenThreadSyscall(0, thread->tid);
  const ThreadSyscall before = ReadThreadSyscallFrom(thread->syscall_fd);
  if (before.kind != ThreadSyscall::Kind::kAsleep) return false;
  // Waiting for a page, not in a system call: may be in JS code, whose rbp only the thread knows.
  if (before.number < 0) return false;
  if (before.sp < thread->stack_low || before.sp >= thread->stack_high) return false;
  const uint64_t size = std::min(thread->stack_high - before.sp, kMaxStackCopy);
  if (stack_.size() < size) stack_.resize(size);
  Sampler* sampler = TheSampler();
  const uint64_t got = sampler->memory->Read(before.sp, stack_.data(), size);
  // The isolate lives: its thread can't unregister while we hold its `life`.
  const CaptureLayout& layout = sampler->host->layout.capture;
  const RawIsolateState state =
      ReadIsolateState(layout, static_cast<const unsigned char*>(thread->isolate));
  RawRegisters regs = {};
  regs.rip = before.pc;
  regs.rsp = before.sp;
  const StackWindow window = {before.sp, before.sp + got, stack_.data()};
  CaptureStack(layout, thread->code, regs, state, window, sample);
  sample->flags |= kSampleAsleep;
  // A thread that woke and slept again meanwhile has used CPU.
  return SameSleep(before, ReadThreadSyscallFrom(thread->syscall_fd)) &&
         ThreadCpuNs(thread->tid) == cpu_ns;
}

void WallClock::AddAsleep(JsThread* thread) {
  const uint64_t now = MonotonicNs();
  const uint64_t last = thread->last_wall_ns.exchange(now, std::memory_order_relaxed);
  const uint64_t weight = now > last ? now - last : 0;
  ResolveLock lock;
  if (thread->asleep_idle && !session_->options.idle) {
    session_->counters.idle_ns += weight;
    return;
  }
  uint32_t flags = kSampleAsleep;
  if (thread->asleep_idle) flags |= kSampleIdle;
  AddRow(thread, session_, thread->asleep_stack, now, weight, 1, flags);
}

}  // namespace sigprof
