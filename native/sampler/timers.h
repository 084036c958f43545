// SPDX-License-Identifier: MIT
// Ticks: what makes the kernel signal a JS thread as it uses CPU. Three ways, chosen by rate and by
// what the kernel allows. From any thread (the toggle arms threads that are stuck in JS); not for
// the signal handler. Callers hold the thread's `life` lock.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace sigprof {

struct JsThread;

enum class TimerKind : uint8_t {
  kPosixCpu,  // timer_create on the thread's CPU clock; the kernel looks at it HZ times a second
  kPerf,      // perf's software clock: exact up to 10 kHz
  kSamplerThread,  // a thread of ours that watches the CPU clocks
};
const char* TimerName(TimerKind kind);

struct TimerPlan {
  TimerKind kind = TimerKind::kPosixCpu;
  uint64_t period_ns = 10000000;
  double effective_rate_hz = 100;
  bool kernel = false;  // perf: tick inside the kernel too, where the system allows it
};

// The kernel's HZ.
uint32_t KernelHz();

// Chooses for `rate_hz`; asks the kernel without creating anything (see CanOpenPerf).
TimerPlan PlanTimers(uint32_t rate_hz);

// All return 0 or an errno. The POSIX timer of a perf plan ticks at most HZ times a second.
int ArmPosixTimer(JsThread* thread, const TimerPlan& plan);
int ArmPerf(JsThread* thread, const TimerPlan& plan);
// Replaces the thread's POSIX timer by perf; without effect where that is refused.
int UpgradeToPerf(JsThread* thread, const TimerPlan& plan);
void DisarmTimers(JsThread* thread);

// Queues one tick (SI_QUEUE with the thread's cookie).
int SendTick(const JsThread& thread);

}  // namespace sigprof
