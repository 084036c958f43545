// SPDX-License-Identifier: MIT
// The sampler's own threads: all signals blocked, never sampled, their CPU time reported apart.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace sigprof {

// Wakes a waiting thread. Wake is async-signal-safe (one write to an eventfd).
class Waker {
 public:
  Waker() = default;
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  bool Open();
  int fd() const { return fd_.load(); }
  void Wake();
  // Returns after a Wake or after `timeout_ms` (-1: never on its own).
  void Wait(int timeout_ms);

 private:
  std::atomic<int> fd_{-1};
};

// Sleeps on CLOCK_MONOTONIC. Not for the signal handler.
void SleepNs(uint64_t ns);

class OwnThread {
 public:
  using Body = void (*)(void* argument);

  OwnThread() = default;
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

  // False if the kernel refuses a thread. `name` is at most 15 characters.
  bool Start(const char* name, Body body, void* argument);
  // Waits for the body to return. No-op if not running.
  void Join();
  bool running() const { return running_; }
  // CPU time of the thread so far; after Join, of its whole life.
  uint64_t CpuNs() const;

  // Whether `tid` is one of ours. From any thread.
  static bool IsOwn(pid_t tid);
  // CPU time of all our threads since load, ended ones included. From any thread.
  static uint64_t TotalCpuNs();

 private:
  static void* Main(void* self);

  Body body_ = nullptr;
  void* argument_ = nullptr;
  const char* name_ = nullptr;
  pthread_t handle_{};
  bool running_ = false;
  std::atomic<pid_t> tid_{0};           // written by the thread, read by any
  std::atomic<uint64_t> final_cpu_{0};  // written by the thread at its end
};

}  // namespace sigprof
