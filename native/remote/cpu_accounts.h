// SPDX-License-Identifier: MIT
// CPU time of the target's threads without JavaScript (libuv's pool, V8's helpers), which are not
// stopped: their clocks are read, and what they used becomes samples of "(native thread: NAME)".
// Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "resolver/tables.h"

namespace sigprof::remote {

class CpuAccounts {
 public:
  explicit CpuAccounts(uint64_t period_ns) : period_ns_(period_ns) {}

  // What the thread has used so far is not recorded.
  void Open(pid_t tid, uint64_t cpu_ns) { entries_[tid] = {cpu_ns, 0, 0}; }
  // Nothing more of the thread is to be charged; returns up to which CPU time it was.
  uint64_t Close(pid_t tid);
  // Records what it used since; the thread was opened. Returns the weight of the sample, if any.
  uint64_t Charge(ProfileTables* tables, pid_t pid, pid_t tid, uint64_t cpu_ns, uint64_t time_ns);
  // Records time of threads that came and went unseen.
  uint64_t ChargeExited(ProfileTables* tables, uint64_t weight_ns, uint64_t time_ns);
  // Ids of the tables are void.
  void ForgetTables();

 private:
  struct Entry {
    uint64_t charged_ns = 0;
    uint32_t row = 0;
    uint32_t stack = 0;  // 0: not in the tables yet
  };
  uint32_t StackFor(ProfileTables* tables, const std::string& name);
  void AddRow(ProfileTables* tables, const Entry& entry, uint64_t weight_ns, uint64_t time_ns);

  const uint64_t period_ns_;
  std::unordered_map<pid_t, Entry> entries_;
  std::map<std::string, uint32_t> stacks_;  // by thread name
  Entry exited_;
};

}  // namespace sigprof::remote
