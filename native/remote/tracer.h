// SPDX-License-Identifier: MIT
// Stops single threads of other processes for microseconds, by ptrace. Threads stay seized between
// stops: should we die at any moment, the kernel lets go of them and they run on.
// The kernel binds tracees to the thread that seized them: use, and destroy, on one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "unwinder/native_registers.h"
#include "unwinder/raw_sample.h"

namespace sigprof::remote {

struct ThreadRegisters {
  RawRegisters raw;
  NativeRegisters native;
  uint64_t fs_base = 0;  // thread pointer
};

enum class StopResult : uint8_t {
  kStopped,  // Resume() must follow
  kGone,     // the thread has ended
  kLate,     // waits for a CPU, or for a device; when it stops it is among TakeLateStops()
};

class Tracer {
 public:
  // The kernel lets go of all tracees when the thread ends, without stopping them.
  Tracer() = default;
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Begins to trace a thread without stopping it. 0, or errno (ESRCH: gone, EPERM: not permitted).
  int Seize(pid_t pid, pid_t tid);
  bool IsSeized(pid_t tid) const { return tracees_.contains(tid); }
  size_t count() const { return tracees_.size(); }

  // Stops a seized thread. Signals that arrive meanwhile are passed on. `patience_ns`: how long to
  // wait beyond the microseconds that a running thread takes.
  StopResult Stop(pid_t tid, uint64_t patience_ns);
  // It is still to stop, after a kLate.
  bool IsLate(pid_t tid) const;
  // Threads that have stopped since they were kLate; each is to be resumed.
  std::vector<pid_t> TakeLateStops() { return std::exchange(late_stops_, {}); }
  bool HasLateStops() const { return !late_stops_.empty(); }
  // A time before which the last thread stopped was certainly still running.
  uint64_t stopped_after_ns() const { return stopped_after_ns_; }
  bool ReadRegisters(pid_t tid, ThreadRegisters* out);
  void Resume(pid_t tid);
  // Lets go of a stopped thread, which runs on.
  void Detach(pid_t tid);

  // Answers everything that tracees have reported: signals are passed on, group-stops kept, late
  // stops noted. Never blocks.
  void HandleEvents();
  // Blocks until there is something to handle, a signal comes in (see sampler.cc) or, without
  // tracees, until `until_ns`; and handles it.
  void WaitForEvents(uint64_t until_ns);

  bool HasExecs() const { return !execs_.empty(); }
  // Processes that started another program since the last call.
  std::vector<pid_t> TakeExecs();

 private:
  struct Tracee {
    pid_t pid = 0;
    bool interrupted = false;    // a PTRACE_INTERRUPT is under way
    bool group_stopped = false;  // its user stopped it (SIGSTOP, Ctrl-Z): it stays so
  };
  // What a wait status asks for; true if it is the stop that PTRACE_INTERRUPT made.
  bool Answer(pid_t tid, int status);
  pid_t WaitOnce(int flags);

  std::unordered_map<pid_t, Tracee> tracees_;
  std::vector<pid_t> execs_;
  std::vector<pid_t> late_stops_;
  uint64_t stopped_after_ns_ = 0;
};

}  // namespace sigprof::remote
