// SPDX-License-Identifier: MIT
#include "sampler/helper.h"

#include <algorithm>

#include "os/clocks.h"
#include "sampler/drain.h"
#include "sampler/js_thread.h"
#include "sampler/sampled_natives.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kNativeLookNs = 100 * kMs;

// Ten sample intervals, within 20 and 100 ms; at high rates sooner, so that a ring of stacks 100
// deep (5.5 KB each) fills by no more than a quarter.
uint64_t PollNs(uint64_t period_ns) {
  const uint64_t usual = std::clamp(10 * period_ns, 20 * kMs, 100 * kMs);
  return std::min(usual, 50 * period_ns);
}

// How far polls of a process that does nothing may be apart.
constexpr uint64_t kIdlePollNs = 500 * kMs;

}  // namespace

bool Helper::Start(Session* session) {
  session_ = session;
  return thread_.Start("sigprof", Main, this);
}

void Helper::Stop() {
  TheSampler()->helper_waker.Wake();
  thread_.Join();
}

void Helper::Main(void* self) { static_cast<Helper*>(self)->Run(); }

void Helper::Run() {
  const bool native = session_->options.native;
  if (native) session_->native_modules.StartSymbols();
  if (session_->plan.kind == TimerKind::kPerf) {
    // Here and not in start(): the first perf event of a system may take 100 ms to open. Until then
    // the POSIX timers tick.
    TheSampler()->threads.ForEach([this](JsThread* thread) {
      if (session_->stopping || thread->session != session_ || thread->perf_fd.load() >= 0) return;
      if (UpgradeToPerf(thread, session_->plan) != 0) session_->threads_at_kernel_rate++;
    });
  }
  const uint64_t busy_poll = PollNs(session_->plan.period_ns);
  uint64_t poll = busy_poll;
  // With native frames, a thread is unknown until the first look at it that finds it busy.
  const uint64_t look_every = native ? kNativeLookNs / 5 : kNativeLookNs;
  uint64_t next_look = MonotonicNs() + look_every;
  while (!session_->stopping.load()) {
    TheSampler()->helper_waker.Wait(static_cast<int>(std::max<uint64_t>(poll / kMs, 1)));
    if (session_->stopping.load()) break;
    WatchSignal();
    ClearWakes();
    bool busy = true;
    if (!native || LookAtModules()) busy = DrainRings() != 0;
    const uint64_t now = MonotonicNs();
    if (now >= next_look) {
      if (LookAtThreads(now)) busy = true;
      next_look = now + look_every;
    }
    poll = busy ? busy_poll : std::min(poll * 2, kIdlePollNs);
  }
  if (native) session_->native_modules.FinishSymbols();
}

bool Helper::LookAtModules() {
  NativeModules* modules = &session_->native_modules;
  const bool changed = modules->Refresh(session_);
  if (!modules->HasSymbols()) return false;
  if (changed || !symbols_complete_) modules->LoadSymbols();
  symbols_complete_ = true;
  return true;
}

// A handler that the program has put in place of ours would be called for our ticks: better no
// ticks than a program that sees signals it can't explain.
void Helper::WatchSignal() {
  if (session_->signal_taken_ns.load() != 0 || TickHandlerInstalled()) return;
  session_->signal_taken_ns.store(MonotonicNs());
  TheSampler()->threads.ForEach([this](JsThread* thread) {
    if (thread->session == session_) DisarmTimers(thread);
  });
}

bool Helper::LookAtThreads(uint64_t now_ns) {
  if (!session_->options.native) {
    return session_->native_threads.Poll(session_, now_ns, nullptr);
  }
  DropEndedThreads(session_);
  std::vector<pid_t> busy;
  const bool found = session_->native_threads.Poll(session_, now_ns, &busy);
  for (const pid_t tid : busy) SampleNativeThread(session_, tid);
  return found;
}

void Helper::ClearWakes() {
  TheSampler()->threads.ForEach(
      [](JsThread* thread) { thread->wake_sent.store(false, std::memory_order_relaxed); });
}

uint64_t Helper::DrainRings() {
  uint64_t drained = 0;
  TheSampler()->threads.ForEach([this, &drained](JsThread* thread) {
    if (thread->session != session_) return;
    if (!thread->ring.empty()) thread->ring.PopulateRest();
    while (!session_->stopping.load()) {
      ResolveLock lock;
      if (DrainOne(thread, session_) != DrainStep::kDone) break;
      drained++;
    }
  });
  return drained;
}

}  // namespace sigprof
