// SPDX-License-Identifier: MIT
#include "sampler/timers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "os/clocks.h"
#include "sampler/js_thread.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

constexpr uint64_t kSecond = 1000000000;

// Whether perf_event_open is permitted, without opening an event: the permission checks (seccomp,
// perf_event_paranoid of Debian's patch, LSM) come before the attributes are read, and reading them
// from a null pointer fails with EFAULT. Opening the first event of a system can block for 100 ms
// (the kernel patches its context switch), which start() must not pay for.
bool CanOpenPerf() {
  const long fd = syscall(SYS_perf_event_open, nullptr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd >= 0) close(static_cast<int>(fd));
  return fd < 0 && errno == EFAULT;
}

// Whether we may queue signals to our own threads: signal 0 checks only.
bool CanSendTicks() {
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  info.si_code = SI_QUEUE;
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), 0, &info) == 0;
}

}  // namespace

const char* TimerName(TimerKind kind) {
  switch (kind) {
    case TimerKind::kPerf:
      return "perf";
    case TimerKind::kSamplerThread:
      return "sampler-thread";
    default:
      return "posix-cpu";
  }
}

uint32_t KernelHz() {
  // CLOCK_MONOTONIC_COARSE advances at the timer interrupt: its resolution is 1/HZ.
  timespec resolution;
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_nsec <= 0) return 100;
  const uint64_t ns = static_cast<uint64_t>(resolution.tv_nsec);
  return static_cast<uint32_t>(std::clamp<uint64_t>((kSecond + ns / 2) / ns, 24, 2000));
}

TimerPlan PlanTimers(uint32_t rate_hz) {
  TimerPlan plan;
  plan.period_ns = kSecond / rate_hz;
  plan.effective_rate_hz = rate_hz;
  const uint32_t hz = KernelHz();
  // Beyond HZ/2 the timer's period is near the kernel's own and beats against it.
  if (rate_hz <= hz / 2) return plan;
  if (CanOpenPerf()) {
    plan.kind = TimerKind::kPerf;
  } else if (CanSendTicks()) {
    plan.kind = TimerKind::kSamplerThread;
  } else if (rate_hz > hz) {
    plan.period_ns = kSecond / hz;
    plan.effective_rate_hz = hz;
  }
  return plan;
}

int ArmPosixTimer(JsThread* thread, const TimerPlan& plan) {
  sigevent event;
  memset(&event, 0, sizeof(event));
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kTickSignal;
  event.sigev_value.sival_ptr = reinterpret_cast<void*>(TickCookie(*thread));
  event._sigev_un._tid = thread->tid;
  // The system call itself: glibc before 2.34 has the wrapper in librt, and ids are needed only
  // by us.
  int id;
  if (syscall(SYS_timer_create, ThreadCpuClock(thread->tid), &event, &id) != 0) return errno;
  const uint64_t period = std::max(plan.period_ns, kSecond / KernelHz());
  itimerspec times;
  times.it_interval.tv_sec = static_cast<time_t>(period / kSecond);
  times.it_interval.tv_nsec = static_cast<long>(period % kSecond);
  times.it_value = times.it_interval;
  if (syscall(SYS_timer_settime, id, 0, &times, nullptr) != 0) {
    const int error = errno;
    syscall(SYS_timer_delete, id);
    return error;
  }
  thread->timer_id = id;
  thread->timer_armed.store(true);
  return 0;
}

// A tick every `period_ns` of the thread's CPU time; a descriptor, or -errno.
static int OpenTaskClock(pid_t tid, uint64_t period_ns, bool exclude_kernel) {
  perf_event_attr attributes;
  memset(&attributes, 0, sizeof(attributes));
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.sample_period = period_ns;
  attributes.exclude_kernel = exclude_kernel;
  attributes.exclude_hv = 1;
  attributes.disabled = 1;
  attributes.wakeup_events = 1;
  const int fd = static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
  return fd >= 0 ? fd : -errno;
}

int ArmPerf(JsThread* thread, const TimerPlan& plan) {
  // An unprivileged user may observe user mode only (perf_event_paranoid 2): what a thread does in
  // the kernel then weighs on its next tick outside.
  int fd = -EACCES;
  if (plan.kernel) fd = OpenTaskClock(thread->tid, plan.period_ns, false);
  if (fd == -EACCES || fd == -EPERM) fd = OpenTaskClock(thread->tid, plan.period_ns, true);
  if (fd < 0) return -fd;
  const f_owner_ex owner = {F_OWNER_TID, thread->tid};
  if (fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 || fcntl(fd, F_SETSIG, kTickSignal) != 0 ||
      fcntl(fd, F_SETOWN_EX, &owner) != 0) {
    const int error = errno;
    close(fd);
    return error;
  }
  thread->perf_fd.store(fd);
  if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) != 0) {
    const int error = errno;
    thread->perf_fd.store(-1);
    close(fd);
    return error;
  }
  return 0;
}

int UpgradeToPerf(JsThread* thread, const TimerPlan& plan) {
  const int error = ArmPerf(thread, plan);
  if (error == 0 && thread->timer_armed.exchange(false)) {
    syscall(SYS_timer_delete, thread->timer_id);
  }
  return error;
}

void DisarmTimers(JsThread* thread) {
  if (thread->timer_armed.exchange(false)) syscall(SYS_timer_delete, thread->timer_id);
  const int fd = thread->perf_fd.load();
  if (fd >= 0) {
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    close(fd);
    // A tick may still be pending: the handler goes on recognising the number as ours.
    thread->perf_fd.store(-2 - fd);
  }
}

int SendTick(const JsThread& thread) {
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  info.si_signo = kTickSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(TickCookie(thread));
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread.tid, kTickSignal, &info) == 0 ? 0 : errno;
}

}  // namespace sigprof
