// SPDX-License-Identifier: MIT
// For the benchmarks only: the CPU clock of the calling thread, and ticks with a handler that does
// nothing, by the same kernel timers as the profiler's. What such ticks cost is the kernel's part of
// a sample, which no profiler can do without.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <node_api.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Not SIGURG, which is the profiler's, and not SIGPROF, which is V8's.
#define TICK_SIGNAL SIGVTALRM

static volatile uint64_t ticks;
static int perf_fd = -1;
static timer_t timer;
static int has_timer = 0;

static void on_tick(int signal) {
  (void)signal;
  ticks++;
}

static int start_perf(uint64_t period_ns) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof(attributes));
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.sample_period = period_ns;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  attributes.wakeup_events = 1;
  const pid_t tid = (pid_t)syscall(SYS_gettid);
  perf_fd = (int)syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (perf_fd < 0) return errno;
  const struct f_owner_ex owner = {F_OWNER_TID, tid};
  if (fcntl(perf_fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 ||
      fcntl(perf_fd, F_SETSIG, TICK_SIGNAL) != 0 || fcntl(perf_fd, F_SETOWN_EX, &owner) != 0) {
    return errno;
  }
  return 0;
}

static int start_timer(uint64_t period_ns) {
  struct sigevent event;
  memset(&event, 0, sizeof(event));
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = TICK_SIGNAL;
  event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return errno;
  has_timer = 1;
  struct itimerspec times;
  times.it_interval.tv_sec = (time_t)(period_ns / 1000000000u);
  times.it_interval.tv_nsec = (long)(period_ns % 1000000000u);
  times.it_value = times.it_interval;
  return timer_settime(timer, 0, &times, NULL) == 0 ? 0 : errno;
}

static napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

// startTicks(rateHz, usePerf): 0, or the errno of what the kernel refuses.
static napi_value start_ticks(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  double rate_hz = 100;
  bool use_perf = false;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_double(env, arguments[0], &rate_hz);
  napi_get_value_bool(env, arguments[1], &use_perf);
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  sigaction(TICK_SIGNAL, &action, NULL);
  ticks = 0;
  const uint64_t period_ns = (uint64_t)(1e9 / rate_hz);
  return number(env, use_perf ? start_perf(period_ns) : start_timer(period_ns));
}

// stopTicks(): how many ticks there were.
static napi_value stop_ticks(napi_env env, napi_callback_info info) {
  (void)info;
  if (has_timer) timer_delete(timer);
  has_timer = 0;
  if (perf_fd >= 0) close(perf_fd);
  perf_fd = -1;
  return number(env, (double)ticks);
}

static napi_value thread_cpu_ns(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return number(env, (double)now.tv_sec * 1e9 + (double)now.tv_nsec);
}

static void add(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
  add(env, exports, "startTicks", start_ticks);
  add(env, exports, "stopTicks", stop_ticks);
  add(env, exports, "threadCpuNs", thread_cpu_ns);
  return exports;
}
