// SPDX-License-Identifier: MIT
#include "sampler/own_thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/clocks.h"

namespace sigprof {
namespace {

// Tids of our threads, 0 = free. Written by a thread about itself, read by any.
std::atomic<pid_t> g_own_tids[8];
std::atomic<uint64_t> g_ended_cpu_ns{0};  // of our threads that have ended

// Decoding and file work only; the default of 8 MB would be charged to RLIMIT_AS for nothing.
constexpr size_t kStackSize = 1u << 20;

}  // namespace

Waker::~Waker() {
  const int fd = fd_.exchange(-1);
  if (fd >= 0) close(fd);
}

bool Waker::Open() {
  if (fd_.load() < 0) fd_.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return fd_.load() >= 0;
}

void Waker::Wake() {
  const int saved = errno;
  const uint64_t one = 1;
  if (write(fd_.load(), &one, sizeof(one)) < 0) {
    // EAGAIN: the counter is at its limit, so the waiter wakes anyway.
  }
  errno = saved;
}

void Waker::Wait(int timeout_ms) {
  pollfd entry = {fd_.load(), POLLIN, 0};
  poll(&entry, 1, timeout_ms);
  uint64_t count;
  if (read(entry.fd, &count, sizeof(count)) < 0) {
    // EAGAIN: it was the time-out.
  }
}

void SleepNs(uint64_t ns) {
  const timespec time = {static_cast<time_t>(ns / 1000000000u),
                         static_cast<long>(ns % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

bool OwnThread::Start(const char* name, Body body, void* argument) {
  body_ = body;
  argument_ = argument;
  name_ = name;
  final_cpu_.store(0);
  // A thread inherits its creator's mask: blocked from its first instruction on, it never takes a
  // signal meant for the program.
  sigset_t all, saved;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &saved);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  running_ = pthread_create(&handle_, &attributes, Main, this) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  return running_;
}

void* OwnThread::Main(void* argument) {
  OwnThread* self = static_cast<OwnThread*>(argument);
  const pid_t tid = static_cast<pid_t>(syscall(SYS_gettid));
  std::atomic<pid_t>* slot = nullptr;
  for (auto& candidate : g_own_tids) {
    pid_t free = 0;
    if (candidate.compare_exchange_strong(free, tid)) {
      slot = &candidate;
      break;
    }
  }
  self->tid_.store(tid);
  prctl(PR_SET_NAME, self->name_, 0, 0, 0);
  self->body_(self->argument_);
  const uint64_t cpu = ThreadCpuNs(tid);
  self->final_cpu_.store(cpu);
  self->tid_.store(0);
  if (slot != nullptr) slot->store(0);
  g_ended_cpu_ns.fetch_add(cpu);
  return nullptr;
}

void OwnThread::Join() {
  if (!running_) return;
  pthread_join(handle_, nullptr);
  running_ = false;
}

uint64_t OwnThread::CpuNs() const {
  const pid_t tid = tid_.load();
  return tid != 0 ? ThreadCpuNs(tid) : final_cpu_.load();
}

bool OwnThread::IsOwn(pid_t tid) {
  for (const auto& own : g_own_tids) {
    if (own.load() == tid) return true;
  }
  return false;
}

uint64_t OwnThread::TotalCpuNs() {
  uint64_t total = g_ended_cpu_ns.load();
  for (const auto& own : g_own_tids) {
    const pid_t tid = own.load();
    if (tid != 0) total += ThreadCpuNs(tid);
  }
  return total;
}

}  // namespace sigprof
