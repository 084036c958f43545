// SPDX-License-Identifier: MIT
#include "remote/thread_pointer.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "os/proc_file.h"

namespace sigprof::remote {
namespace {

// glibc x64, struct pthread: header.tcb at 0, header.self at 16, tid at 0x2d0 (the same since 2.3).
constexpr uint64_t kSelf = 16;
constexpr uint64_t kTid = 0x2d0;
constexpr uint64_t kChunk = 64u << 10;
constexpr uint64_t kMaxStack = 16u << 20;
// The main thread's descriptor lies in a mapping that ld.so made for itself.
constexpr uint64_t kMaxLoaderMapping = 4u << 20;

// The thread's id as its own pid namespace has it.
uint32_t InnerTid(pid_t pid, pid_t tid) {
  std::string status;
  uint32_t inner = static_cast<uint32_t>(tid);
  if (!ReadProcFile(TaskPath(pid, tid, "status"), &status)) return inner;
  const size_t at = status.find("\nNSpid:");
  if (at == std::string::npos) return inner;
  const size_t end = status.find('\n', at + 1);
  const size_t last = status.rfind('\t', end);
  if (last == std::string::npos || last < at) return inner;
  std::from_chars(status.data() + last + 1, status.data() + end, inner);
  return inner;
}

uint64_t SearchIn(Memory* memory, uint64_t start, uint64_t end, uint32_t tid) {
  std::vector<uint64_t> words((kChunk + kTid + 8) / 8);
  for (uint64_t at = (start + 15) & ~15ull; at < end; at += kChunk) {
    const uint64_t size = std::min(end - at, words.size() * 8);
    const uint64_t got = memory->Read(at, words.data(), size);
    for (uint64_t i = 0; i + kTid + 8 <= got && i < kChunk; i += 16) {
      const uint64_t self = at + i;
      if (words[i / 8] == self && words[(i + kSelf) / 8] == self &&
          static_cast<uint32_t>(words[(i + kTid) / 8]) == tid) {
        return self;
      }
    }
    if (got < size) break;
  }
  return 0;
}

bool IsLibrary(const Mapping& map) { return map.path.find(".so") != std::string::npos; }

}  // namespace

uint64_t SearchThreadPointer(Target* target, pid_t tid, uint64_t sp) {
  const uint32_t inner = InnerTid(target->pid, tid);
  const std::vector<Mapping>& maps = target->maps;
  if (tid != target->pid) {
    const Mapping* stack = FindMapping(maps, sp);
    if (stack == nullptr) return 0;
    return SearchIn(&target->memory, sp, std::min(stack->end, sp + kMaxStack), inner);
  }
  for (size_t i = 0; i < maps.size(); i++) {
    const bool is_loaders =
        maps[i].writable && maps[i].path.empty() &&
        maps[i].end - maps[i].start <= kMaxLoaderMapping &&
        ((i > 0 && IsLibrary(maps[i - 1])) || (i + 1 < maps.size() && IsLibrary(maps[i + 1])));
    if (!is_loaders) continue;
    const uint64_t found = SearchIn(&target->memory, maps[i].start, maps[i].end, inner);
    if (found != 0) return found;
  }
  return 0;
}

}  // namespace sigprof::remote
