// SPDX-License-Identifier: MIT
#include "sampler/session.h"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>
#include <x86intrin.h>

#include <cstdio>

#include "os/clocks.h"
#include "os/json.h"
#include "sampler/js_thread.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

// In the child of a fork without exec there are no timers and no threads of ours, and locks may be
// held by threads that don't exist: everything of ours is dead there.
void AfterForkInChild() {
  TheSampler()->forked.store(true);
  SetCurrentJsThread(nullptr);
}

uint64_t CyclesToNs(uint64_t cycles, const Session& session) {
  const uint64_t total_cycles = __rdtsc() - session.start_cycles;
  const uint64_t total_ns = MonotonicNs() - session.start_ns;
  if (total_cycles == 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(cycles) * static_cast<double>(total_ns) /
                               static_cast<double>(total_cycles));
}

// Time in signal handlers; a run in which the thread lost the CPU counts as much as the others.
uint64_t HandlerNs(const SessionCounters& sum, const Session& session) {
  const uint64_t measured = sum.handler_runs - sum.handler_interrupted;
  if (sum.handler_runs <= sum.handler_interrupted) return 0;
  return CyclesToNs(sum.handler_cycles, session) * sum.handler_runs / measured;
}

std::string NativeJson(const NativeCounters& native) {
  const auto reason = [&native](NativeEnd end) {
    return native.by_reason[static_cast<size_t>(end)];
  };
  JsonObject counters;
  counters.Add("stacks", native.stacks);
  counters.Add("broken", native.broken);
  counters.Add("unknownCode", reason(NativeEnd::kUnknownCode));
  counters.Add("noUnwindData", reason(NativeEnd::kNoData));
  counters.Add("brokenUnwindData", reason(NativeEnd::kBrokenData));
  counters.Add("registerLost", reason(NativeEnd::kLostRegister));
  counters.Add("stackNotReadable", reason(NativeEnd::kOutOfStack));
  counters.Add("tooDeep", reason(NativeEnd::kTooDeep));
  return counters.Take();
}

}  // namespace

Sampler* TheSampler() {
  static Sampler* const sampler = new Sampler;
  return sampler;
}

void InstallForkGuard() {
  static const int installed = pthread_atfork(nullptr, nullptr, AfterForkInChild);
  (void)installed;
}

ResolveLock::ResolveLock() {
  Sampler* sampler = TheSampler();
  for (;;) {
    while (sampler->gc_waiting.load(std::memory_order_relaxed) != 0) SleepNs(20000);
    sampler->resolve.lock();
    if (sampler->gc_waiting.load(std::memory_order_relaxed) == 0) return;
    sampler->resolve.unlock();
  }
}

ResolveLock::~ResolveLock() { TheSampler()->resolve.unlock(); }

bool JsThread::Quiesce(uint32_t timeout_ms) const {
  const uint64_t deadline = MonotonicNs() + uint64_t{timeout_ms} * 1000000;
  while (busy.load(std::memory_order_seq_cst) != 0) {
    if (MonotonicNs() > deadline) return false;
    SleepNs(20000);
  }
  return true;
}

std::string MetaJson(const Session& session) {
  const Sampler* sampler = TheSampler();
  char cwd[PATH_MAX];
  if (getcwd(cwd, sizeof(cwd)) == nullptr) cwd[0] = '\0';
  JsonObject meta;
  meta.Add("pid", static_cast<uint64_t>(getpid()));
  meta.Add("nodeVersion", sampler->node_version);
  meta.Add("v8Version", sampler->host->v8_version);
  meta.Add("mode", session.options.mode == SamplingMode::kWall ? "wall" : "cpu");
  meta.Add("rateHz", uint64_t{session.options.rate_hz});
  meta.Add("effectiveRateHz", session.plan.effective_rate_hz);
  meta.Add("timer", TimerName(session.plan.kind));
  meta.Add("startTimeMs", session.start_unix_ms);
  meta.Add("cwd", std::string(cwd));
  meta.Add("title", session.options.title);
  meta.Add("idle", session.options.idle);
  if (session.options.native) meta.Add("native", true);
  return meta.Take();
}

std::string CountersJson(Session* session) {
  Sampler* sampler = TheSampler();
  SessionCounters sum;
  uint64_t samples, table_full, refused;
  NativeCounters native;
  {
    ResolveLock lock;
    if (session->native_frames != nullptr) native = session->native_frames->counters;
    sum = session->counters;
    samples = session->tables.sample_count();
    table_full = session->tables.stacks_refused();
    refused = session->tables.samples_refused();
  }
  uint64_t cpu = ProcessCpuNs() - session->start_process_cpu;
  const uint64_t own = OwnThread::TotalCpuNs() - session->start_own_cpu;
  if (session->end_process_cpu != 0) cpu = session->end_process_cpu - session->start_process_cpu;
  const uint64_t own_then =
      session->end_own_cpu != 0 ? session->end_own_cpu - session->start_own_cpu : own;
  sampler->threads.ForEach([&](JsThread* thread) {
    if (thread->session != session) return;
    sum.ring_full += thread->ring_full.load(std::memory_order_relaxed);
    sum.foreign_stack += thread->foreign_stack.load(std::memory_order_relaxed);
    sum.overruns += thread->overruns.load(std::memory_order_relaxed);
    sum.handler_runs += thread->handler_runs.load(std::memory_order_relaxed);
    sum.handler_interrupted += thread->handler_interrupted.load(std::memory_order_relaxed);
    sum.handler_cycles += thread->handler_cycles.load(std::memory_order_relaxed);
    sum.barrier_ns += thread->barrier_ns.load(std::memory_order_relaxed);
  });
  JsonObject lost;
  lost.Add("ringFull", sum.ring_full);
  lost.Add("unresolvedFrames", sum.unresolved_frames);
  lost.Add("truncatedStacks", sum.truncated_stacks);
  lost.Add("unusableStacks", sum.unusable_stacks);
  lost.Add("tableFull", table_full);
  lost.Add("samplesRefused", refused);
  lost.Add("timerOverruns", sum.overruns);
  lost.Add("threadsWithoutTimer", uint64_t{session->threads_without_timer.load()});
  lost.Add("threadsAtKernelRate", uint64_t{session->threads_at_kernel_rate.load()});
  lost.Add("foreignStacks", sum.foreign_stack);
  lost.Add("unpinned", sum.unpinned);
  lost.Add("signalTaken", uint64_t{session->signal_taken_ns.load() != 0});
  if (session->native_frames != nullptr) lost.Add("brokenNativeStacks", native.broken);
  JsonObject counters;
  counters.Add("durationNs",
               (session->end_ns != 0 ? session->end_ns : MonotonicNs()) - session->start_ns);
  counters.Add("samples", samples);
  counters.Add("cpuNs", cpu > own_then ? cpu - own_then : 0);
  counters.Add("coveredNs", sum.covered_ns);
  counters.AddRaw("lost", lost.Take());
  counters.Add("helperCpuNs", own);
  counters.Add("handlerNs", HandlerNs(sum, *session));
  counters.Add("handlerInterrupted", sum.handler_interrupted);
  counters.Add("barrierNs", sum.barrier_ns);
  counters.Add("idleNs", sum.idle_ns);
  counters.Add("foreignSignals", ForeignSignals() - session->foreign_signals_before);
  if (session->native_frames != nullptr) counters.AddRaw("native", NativeJson(native));
  return counters.Take();
}

}  // namespace sigprof
