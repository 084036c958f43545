// SPDX-License-Identifier: MIT
#include "sampler/participation.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

#include "os/clocks.h"
#include "sampler/drain.h"
#include "sampler/js_thread.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

// How long leaving waits for a collection of the thread to end; only another thread ever waits.
constexpr uint32_t kDrainTimeoutMs = 5000;
constexpr uint32_t kQuiesceTimeoutMs = 2000;
// Samples of threads without JavaScript hold native frames only, 16 bytes each.
constexpr size_t kNativeRing = size_t{256} << 10;
static_assert(kNativeRing >= 2 * kMaxRawSampleSize);

std::string RowName(const JsThread& thread) {
  if (thread.isolate == nullptr) return thread.name;
  return thread.is_main ? "main" : "worker " + std::to_string(thread.ordinal);
}

ThreadKind RowKind(const JsThread& thread) {
  if (thread.isolate == nullptr) return ThreadKind::kNative;
  return thread.is_main ? ThreadKind::kMain : ThreadKind::kWorker;
}

// Resolver and row of the thread. The resolve lock is held.
void JoinTables(JsThread* thread, Session* session) {
  const Sampler* sampler = TheSampler();
  if (thread->resolver == nullptr) {
    thread->resolver = std::make_unique<Resolver>(&sampler->host->layout, &sampler->host->builtins,
                                                  thread->code, sampler->memory, &session->tables);
    thread->resolver_major_count = thread->major_count.load();
    thread->resolver_epoch = thread->gc_epoch.load();
  } else {
    thread->resolver->UseTables(&session->tables);
  }
  thread->resolver->UseNativeFrames(session->native_frames.get());
  thread->base_stack = session->program_stack;
  if (thread->isolate == nullptr) {
    const std::string frame = std::string("(native thread: ").append(thread->name).append(")");
    thread->base_stack = SpecialStack(&session->tables, frame.c_str(), FunctionKind::kNativeThread);
    thread->resolver->UseRoot(thread->base_stack);
  }
  thread->row = session->tables.AddThread(static_cast<uint32_t>(thread->tid), RowKind(*thread),
                                          RowName(*thread));
}

void ResetForRecording(JsThread* thread, Session* session) {
  // Threads without JavaScript are looked at as they use CPU, in either mode.
  thread->wall = session->options.mode == SamplingMode::kWall && thread->isolate != nullptr;
  thread->wake_fd = TheSampler()->helper_waker.fd();
  thread->wake_sent = false;
  thread->ring_full = 0;
  thread->foreign_stack = 0;
  thread->overruns = 0;
  thread->handler_runs = 0;
  thread->handler_interrupted = 0;
  thread->handler_cycles = 0;
  thread->barrier_ns = 0;
  thread->gc_pending_weight = 0;
  thread->gc_pending_ticks = 0;
  thread->asleep_known = false;
  thread->last_stack = 0;
  thread->session = session;
}

int ArmTicks(JsThread* thread, Session* session, bool starting) {
  if (session->signal_taken_ns.load() != 0) return EBUSY;
  const TimerPlan& plan = session->plan;
  switch (plan.kind) {
    case TimerKind::kSamplerThread:
      return 0;
    case TimerKind::kPosixCpu: {
      const int error = ArmPosixTimer(thread, plan);
      // Timers count against RLIMIT_SIGPENDING, which all processes of a user share; perf does not.
      return error == EAGAIN && ArmPerf(thread, plan) == 0 ? 0 : error;
    }
    case TimerKind::kPerf:
      // At the start the helper thread opens perf's events, see there; until then POSIX timers
      // tick.
      if (!starting && ArmPerf(thread, plan) == 0) return 0;
      if (ArmPosixTimer(thread, plan) != 0) return ArmPerf(thread, plan);
      if (!starting) session->threads_at_kernel_rate.fetch_add(1);
      return 0;
  }
  return EINVAL;
}

// The interval since the last sample, which no tick will cover. The resolve lock is held.
void AddTail(JsThread* thread, Session* session, uint64_t cpu_ns, uint64_t now_ns) {
  SessionCounters& counters = session->counters;
  const uint64_t pending = thread->gc_pending_weight.exchange(0);
  const uint32_t gc_ticks = thread->gc_pending_ticks.exchange(0);
  if (pending != 0) {
    AddRow(thread, session, session->gc_stack, now_ns, pending, std::max(gc_ticks, 1u),
           kSampleInGc);
    thread->last_stack = 0;
  }
  const uint64_t now = thread->wall ? now_ns : cpu_ns;
  const uint64_t last =
      thread->wall ? thread->last_wall_ns.exchange(now) : thread->last_cpu_ns.exchange(now);
  if (now <= last) return;
  // Without ticks for long, the last one tells nothing.
  const bool known = thread->last_stack != 0 && session->signal_taken_ns.load() == 0;
  uint32_t stack = known ? thread->last_stack : thread->base_stack;
  uint32_t flags = 0;
  if (thread->wall && thread->asleep_known) {
    if (thread->asleep_idle && !session->options.idle) {
      counters.idle_ns += now - last;
      return;
    }
    stack = thread->asleep_stack;
    flags = kSampleAsleep;
    if (thread->asleep_idle) flags |= kSampleIdle;
  }
  AddRow(thread, session, stack, now_ns, now - last, 1, flags);
}

void AddCounters(JsThread* thread, Session* session) {
  SessionCounters& sum = session->counters;
  sum.ring_full += thread->ring_full.load();
  sum.foreign_stack += thread->foreign_stack.load();
  sum.overruns += thread->overruns.load();
  sum.handler_runs += thread->handler_runs.load();
  sum.handler_interrupted += thread->handler_interrupted.load();
  sum.handler_cycles += thread->handler_cycles.load();
  sum.barrier_ns += thread->barrier_ns.load();
}

}  // namespace

int JoinRecording(JsThread* thread, Session* session) {
  Sampler* sampler = TheSampler();
  ResetForRecording(thread, session);
  const uint64_t cpu = ThreadCpuNs(thread->tid);
  const uint64_t counted = session->native_threads.BecameJs(thread->tid);
  // A thread born during the recording: what it used before it loaded us is its own time too.
  const bool born_now = sampler->session.load() == session;
  thread->start_cpu_ns = born_now ? std::min(counted, cpu) : cpu;
  thread->last_cpu_ns.store(thread->start_cpu_ns);
  thread->last_wall_ns.store(MonotonicNs());
  thread->look_cpu_ns = 0;
  thread->look_ns = 0;
  thread->signal_cpu_ns = cpu;
  {
    ResolveLock lock;
    JoinTables(thread, session);
    if (born_now && cpu > thread->start_cpu_ns) {
      const uint64_t before = cpu - thread->start_cpu_ns;
      const uint64_t ticks = std::max<uint64_t>(1, before / session->plan.period_ns);
      if (!thread->wall) {
        AddRow(thread, session, thread->base_stack, MonotonicNs(), before,
               static_cast<uint32_t>(ticks), 0);
      }
      thread->last_cpu_ns.store(cpu);
      thread->last_stack = 0;
    }
  }
  if (session->options.native && thread->rows == nullptr) {
    thread->rows = std::make_unique<RowCache>();
  }
  const size_t capacity = thread->isolate == nullptr ? kNativeRing : SampleRing::kDefaultCapacity;
  int error = thread->ring.Allocate(capacity) ? 0 : ENOMEM;
  if (error == 0) {
    thread->phase.store(ThreadPhase::kArmed, std::memory_order_seq_cst);
    error = ArmTicks(thread, session, !born_now);
  }
  if (error != 0) session->threads_without_timer.fetch_add(1);
  return error;
}

void StopTicks(JsThread* thread) {
  DisarmTimers(thread);
  if (thread->phase.load() == ThreadPhase::kArmed) {
    thread->phase.store(ThreadPhase::kDraining, std::memory_order_seq_cst);
  }
  thread->stop_cpu_ns = ThreadCpuNs(thread->tid);
  // The clock of a thread that has ended reads 0: what it used after its last tick is found in the
  // process's (NativeThreads::AddExited).
  if (thread->isolate == nullptr) {
    thread->stop_cpu_ns = std::max(thread->stop_cpu_ns, thread->last_cpu_ns.load());
  }
}

void LeaveRecording(JsThread* thread) {
  Session* session = thread->session;
  if (thread->phase.load() != ThreadPhase::kOff) {
    thread->Quiesce(kQuiesceTimeoutMs);
    DrainAll(thread, session, kDrainTimeoutMs);
  }
  const uint64_t cpu = thread->stop_cpu_ns;
  {
    ResolveLock lock;
    AddTail(thread, session, cpu, session->end_ns != 0 ? session->end_ns : MonotonicNs());
    AddCounters(thread, session);
  }
  if (cpu > thread->start_cpu_ns) session->js_cpu_ns.fetch_add(cpu - thread->start_cpu_ns);
  thread->phase.store(ThreadPhase::kOff, std::memory_order_seq_cst);
  // A handler that can't end (the thread is stopped by a debugger) keeps its ring: a leak of 1 MB
  // until the slot's next recording, instead of a crash.
  if (thread->Quiesce(kQuiesceTimeoutMs)) {
    thread->ring.Release();
    thread->rows.reset();
  }
  if (thread->syscall_fd >= 0) close(thread->syscall_fd);
  thread->syscall_fd = -1;
  thread->session = nullptr;
}

}  // namespace sigprof
