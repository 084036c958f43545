// SPDX-License-Identifier: MIT
// Clocks in nanoseconds. Every function here is callable on any thread; the Raw ones also in the
// signal handler: they are a single system call instruction, no libc, errno untouched.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>

namespace sigprof {

namespace internal {

// clock_gettime by the bare system call; 0 on success, -errno else.
inline long RawClockGettime(clockid_t clock, timespec* out) {
#if defined(__x86_64__)
  long result = 228;  // __NR_clock_gettime
  asm volatile("syscall"
               : "+a"(result)
               : "D"(static_cast<long>(clock)), "S"(out)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number asm("x8") = 113;  // __NR_clock_gettime
  register long x0 asm("x0") = clock;
  register timespec* x1 asm("x1") = out;
  asm volatile("svc #0" : "+r"(x0) : "r"(number), "r"(x1) : "memory");
  return x0;
#else
#error "unsupported processor"
#endif
}

inline uint64_t ToNs(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

inline uint64_t ClockNs(clockid_t clock) {
  timespec time;
  return clock_gettime(clock, &time) == 0 ? ToNs(time) : 0;
}

}  // namespace internal

// CLOCK_MONOTONIC through the vDSO.
inline uint64_t MonotonicNs() { return internal::ClockNs(CLOCK_MONOTONIC); }

// CLOCK_MONOTONIC by a system call, for the signal handler.
inline uint64_t RawMonotonicNs() {
  timespec time = {};
  internal::RawClockGettime(CLOCK_MONOTONIC, &time);
  return internal::ToNs(time);
}

// CPU time of the calling thread, for the signal handler. The kernel brings the running thread's
// runtime up to date for this (task_sched_runtime), so it is exact, not as of the last tick.
inline uint64_t RawThreadCpuNs() {
  timespec time = {};
  internal::RawClockGettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return internal::ToNs(time);
}

// The clock id of a thread's CPU time: ~tid << 3 | CPUCLOCK_PERTHREAD (4) | CPUCLOCK_SCHED (2), see
// include/linux/posix-timers.h; it is kernel ABI, as libc's pthread_getcpuclockid makes the same.
inline clockid_t ThreadCpuClock(pid_t tid) {
  return static_cast<clockid_t>((~static_cast<uint32_t>(tid) << 3) | 6u);
}

// CPU time of a thread of the own process; 0 when it has ended. The kernel refuses the threads of
// other processes: see RemoteThreadCpuNs in os/threads.h.
inline uint64_t ThreadCpuNs(pid_t tid) { return internal::ClockNs(ThreadCpuClock(tid)); }

// CPU time of the own process, ended threads included.
inline uint64_t ProcessCpuNs() { return internal::ClockNs(CLOCK_PROCESS_CPUTIME_ID); }

// CPU time of process `pid`, ended threads included; 0 when it is gone. Needs no permission.
inline uint64_t ProcessCpuNs(pid_t pid) {
  return internal::ClockNs(static_cast<clockid_t>((~static_cast<uint32_t>(pid) << 3) | 2u));
}

}  // namespace sigprof
