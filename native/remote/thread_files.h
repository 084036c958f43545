// SPDX-License-Identifier: MIT
// What the kernel tells of one thread of another process, through files that stay open. They belong
// to this very thread: when it has ended they read as nothing, even if its id is used again.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "os/proc_status.h"

namespace sigprof::remote {

// /proc/PID/task/TID/schedstat
struct SchedStat {
  uint64_t cpu_ns = 0;    // exact whenever the thread is off the CPU, else as of the last tick
  uint64_t switches = 0;  // times it was put on a CPU
  bool operator==(const SchedStat&) const = default;
};

class ThreadFiles {
 public:
  ThreadFiles(pid_t pid, pid_t tid) : pid_(pid), tid_(tid) {}
  ~ThreadFiles();
  ThreadFiles(const ThreadFiles&) = delete;
  ThreadFiles& operator=(const ThreadFiles&) = delete;

  // False when the thread is gone.
  bool ReadSched(SchedStat* out);
  // See ThreadState in os/proc_status.h.
  char ReadState();
  ThreadSyscall ReadSyscall();

 private:
  const pid_t pid_, tid_;
  int sched_fd_ = -1, stat_fd_ = -1, syscall_fd_ = -1;  // opened at first use
};

}  // namespace sigprof::remote
