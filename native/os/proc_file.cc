// SPDX-License-Identifier: MIT
#include "os/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace sigprof {
namespace {

constexpr size_t kMaxFile = 256u << 20;

}  // namespace

std::string ProcPath(pid_t pid, std::string_view name) {
  std::string path = pid == 0 ? "/proc/self/" : "/proc/" + std::to_string(pid) + "/";
  return path.append(name);
}

std::string TaskPath(pid_t pid, pid_t tid, std::string_view name) {
  return ProcPath(pid, "task/" + std::to_string(tid) + "/").append(name);
}

bool ReadProcFile(const std::string& path, std::string* out) {
  out->clear();
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = true;
  size_t size = 0;
  for (;;) {
    // Files of /proc tell no size; a large buffer means fewer calls, and maps may change between
    // two.
    if (out->size() - size < 16384) out->resize(out->size() + 65536);
    ssize_t got = read(fd, out->data() + size, out->size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || size > kMaxFile) ok = false;
    if (got <= 0 || !ok) break;
    size += static_cast<size_t>(got);
  }
  close(fd);
  out->resize(ok ? size : 0);
  return ok;
}

size_t ReadFromStart(int fd, char* buffer, size_t size) {
  ssize_t got;
  do {
    got = pread(fd, buffer, size, 0);
  } while (got < 0 && errno == EINTR);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

}  // namespace sigprof
