// SPDX-License-Identifier: MIT
// Child processes of a process, and theirs. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sigprof::remote {

// Ids of the processes below `pid`, parents first.
std::vector<pid_t> ProcessesBelow(pid_t pid);

class ChildProcesses {
 public:
  // Processes below `root` that run the same program as at the last call and were not handed out
  // before: a child that has just been forked still shows its parent's program.
  std::vector<pid_t> FindNew(pid_t root);

 private:
  std::unordered_map<pid_t, std::string> seen_;  // identity at the last call
  std::unordered_set<std::string> handed_out_;
};

}  // namespace sigprof::remote
