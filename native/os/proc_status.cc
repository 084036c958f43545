// SPDX-License-Identifier: MIT
#include "os/proc_status.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "os/proc_file.h"

namespace sigprof {
namespace {

// Eight hexadecimal words and the number: under 200 bytes.
constexpr size_t kSyscallLine = 512;

// Takes the next blank-separated word off `rest`; empty at the end.
std::string_view TakeWord(std::string_view* rest) {
  while (!rest->empty() && (rest->front() == ' ' || rest->front() == '\n')) rest->remove_prefix(1);
  size_t length = std::min(rest->find_first_of(" \n"), rest->size());
  std::string_view word = rest->substr(0, length);
  rest->remove_prefix(length);
  return word;
}

bool ParseHex(std::string_view word, uint64_t* out) {
  if (!word.starts_with("0x")) return false;
  word.remove_prefix(2);
  const char* end = word.data() + word.size();
  auto [at, error] = std::from_chars(word.data(), end, *out, 16);
  return error == std::errc() && at == end;
}

}  // namespace

char ParseThreadState(std::string_view stat) {
  // The name before it is in parentheses and may itself hold any of them: the last one counts.
  size_t close = stat.rfind(')');
  if (close == std::string_view::npos || close + 2 >= stat.size()) return 0;
  return stat[close + 1] == ' ' ? stat[close + 2] : 0;
}

char ThreadState(pid_t pid, pid_t tid) {
  std::string text;
  return ReadProcFile(TaskPath(pid, tid, "stat"), &text) ? ParseThreadState(text) : 0;
}

ThreadSyscall ParseThreadSyscall(std::string_view line) {
  ThreadSyscall result;
  std::string_view word = TakeWord(&line);
  if (word == "running") {
    result.kind = ThreadSyscall::Kind::kRunning;
    return result;
  }
  const char* end = word.data() + word.size();
  auto [at, error] = std::from_chars(word.data(), end, result.number, 10);
  if (error != std::errc() || at != end) return {};
  // "-1 SP PC" outside of a system call, "NR A1 .. A6 SP PC" inside one (fs/proc/base.c).
  if (result.number >= 0) {
    for (int i = 0; i < 6; i++) TakeWord(&line);
  }
  if (!ParseHex(TakeWord(&line), &result.sp) || !ParseHex(TakeWord(&line), &result.pc)) return {};
  result.kind = ThreadSyscall::Kind::kAsleep;
  return result;
}

int OpenThreadSyscall(pid_t pid, pid_t tid) {
  return open(TaskPath(pid, tid, "syscall").c_str(), O_RDONLY | O_CLOEXEC);
}

ThreadSyscall ReadThreadSyscallFrom(int fd) {
  char line[kSyscallLine];
  return ParseThreadSyscall({line, ReadFromStart(fd, line, sizeof line)});
}

ThreadSyscall ReadThreadSyscall(pid_t pid, pid_t tid) {
  int fd = OpenThreadSyscall(pid, tid);
  if (fd < 0) return {};
  ThreadSyscall result = ReadThreadSyscallFrom(fd);
  close(fd);
  return result;
}

}  // namespace sigprof
