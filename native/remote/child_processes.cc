// SPDX-License-Identifier: MIT
#include "remote/child_processes.h"

#include <charconv>
#include <utility>

#include "os/proc_file.h"
#include "os/threads.h"
#include "remote/target.h"

namespace sigprof::remote {
namespace {

constexpr size_t kMaxProcesses = 4096;

// The kernel lists a thread's children where it was built with that (CONFIG_PROC_CHILDREN, as all
// distributions do); without it none are found.
void AppendChildren(pid_t pid, std::vector<pid_t>* out) {
  std::vector<pid_t> tids;
  std::string text;
  if (!ListThreads(pid, &tids)) return;
  for (pid_t tid : tids) {
    if (!ReadProcFile(TaskPath(pid, tid, "children"), &text)) continue;
    const char* at = text.data();
    const char* end = at + text.size();
    while (at < end && out->size() < kMaxProcesses) {
      pid_t child = 0;
      const auto [next, error] = std::from_chars(at, end, child);
      if (error != std::errc()) break;
      out->push_back(child);
      at = next + 1;
    }
  }
}

}  // namespace

std::vector<pid_t> ProcessesBelow(pid_t pid) {
  std::vector<pid_t> all;
  AppendChildren(pid, &all);
  for (size_t i = 0; i < all.size(); i++) AppendChildren(all[i], &all);
  return all;
}

std::vector<pid_t> ChildProcesses::FindNew(pid_t root) {
  std::vector<pid_t> found;
  std::unordered_map<pid_t, std::string> now;
  for (pid_t pid : ProcessesBelow(root)) {
    const std::string identity = std::to_string(pid) + ProcessIdentity(pid);
    const auto before = seen_.find(pid);
    const bool is_settled = before != seen_.end() && before->second == identity;
    if (is_settled && handed_out_.insert(identity).second) found.push_back(pid);
    now[pid] = identity;
  }
  seen_ = std::move(now);
  return found;
}

}  // namespace sigprof::remote
