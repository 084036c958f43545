// SPDX-License-Identifier: MIT
#include "os/threads.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "os/maps.h"
#include "os/proc_file.h"

namespace sigprof {

// Not gettid(): glibc has it since 2.30 only.
pid_t OwnTid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

bool ListThreads(pid_t pid, std::vector<pid_t>* out) {
  out->clear();
  DIR* dir = opendir(ProcPath(pid, "task").c_str());
  if (dir == nullptr) return false;
  while (const dirent* entry = readdir(dir)) {
    int tid = atoi(entry->d_name);  // 0 for "." and ".."
    if (tid > 0) out->push_back(tid);
  }
  closedir(dir);
  return !out->empty();
}

std::string ThreadName(pid_t pid, pid_t tid) {
  std::string name;
  if (!ReadProcFile(TaskPath(pid, tid, "comm"), &name)) return {};
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

uint64_t RemoteThreadCpuNs(pid_t pid, pid_t tid) {
  std::string text;
  if (!ReadProcFile(TaskPath(pid, tid, "schedstat"), &text)) return 0;
  uint64_t ns = 0;
  std::from_chars(text.data(), text.data() + text.size(), ns);
  return ns;
}

#if !defined(__GLIBC__)
namespace {

// musl tells only what of the main thread's stack is mapped by now. It may grow down to the limit,
// but not below the mapping before it.
uint64_t LowestStackAddress(const StackBounds& mapped) {
  rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) != 0) return mapped.low;
  uint64_t low = limit.rlim_cur < mapped.high ? mapped.high - limit.rlim_cur : 0;
  std::vector<Mapping> maps;
  if (!ReadMaps(0, &maps)) return mapped.low;
  for (const Mapping& map : maps) {
    if (map.end <= mapped.low) low = std::max(low, map.end);
  }
  return std::min(low, mapped.low);
}

}  // namespace
#endif

bool OwnStackBounds(StackBounds* out) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  void* low = nullptr;
  size_t size = 0;
  bool ok = pthread_attr_getstack(&attributes, &low, &size) == 0 && size > 0;
  pthread_attr_destroy(&attributes);
  if (!ok) return false;
  out->low = reinterpret_cast<uint64_t>(low);
  out->high = out->low + size;
#if !defined(__GLIBC__)
  if (OwnTid() == getpid()) out->low = LowestStackAddress(*out);
#endif
  return true;
}

}  // namespace sigprof
