// SPDX-License-Identifier: MIT
#include "remote/thread_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "os/proc_file.h"

namespace sigprof::remote {
namespace {

// A name of 15 characters and 50 numbers.
constexpr size_t kStatLine = 1536;
constexpr size_t kSchedLine = 128;

size_t ReadTask(int* fd, pid_t pid, pid_t tid, const char* name, char* buffer, size_t size) {
  if (*fd < 0) *fd = open(TaskPath(pid, tid, name).c_str(), O_RDONLY | O_CLOEXEC);
  return *fd < 0 ? 0 : ReadFromStart(*fd, buffer, size);
}

}  // namespace

ThreadFiles::~ThreadFiles() {
  for (int fd : {sched_fd_, stat_fd_, syscall_fd_}) {
    if (fd >= 0) close(fd);
  }
}

bool ThreadFiles::ReadSched(SchedStat* out) {
  char line[kSchedLine];
  const size_t size = ReadTask(&sched_fd_, pid_, tid_, "schedstat", line, sizeof line);
  const char* end = line + size;
  uint64_t waited = 0;
  // "cpu waited switches"
  const auto first = std::from_chars(line, end, out->cpu_ns);
  if (size == 0 || first.ec != std::errc() || first.ptr == end) return false;
  const auto second = std::from_chars(first.ptr + 1, end, waited);
  if (second.ec != std::errc() || second.ptr == end) return false;
  return std::from_chars(second.ptr + 1, end, out->switches).ec == std::errc();
}

char ThreadFiles::ReadState() {
  char line[kStatLine];
  const size_t size = ReadTask(&stat_fd_, pid_, tid_, "stat", line, sizeof line);
  return ParseThreadState({line, size});
}

ThreadSyscall ThreadFiles::ReadSyscall() {
  if (syscall_fd_ < 0) syscall_fd_ = OpenThreadSyscall(pid_, tid_);
  return syscall_fd_ < 0 ? ThreadSyscall() : ReadThreadSyscallFrom(syscall_fd_);
}

}  // namespace sigprof::remote
