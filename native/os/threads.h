// SPDX-License-Identifier: MIT
// Threads of the own process and of others. Any thread; not for the signal handler.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sigprof {

// The kernel's id of the calling thread.
pid_t OwnTid();

// Ids of the threads of `pid` (0: the own process), in no order. Threads that start or end
// meanwhile may be missing or gone. False when the process is gone or hidden.
bool ListThreads(pid_t pid, std::vector<pid_t>* out);

// The name the thread gave itself (at most 15 bytes, untrusted text); empty when it is gone.
std::string ThreadName(pid_t pid, pid_t tid);

// CPU time of a thread of any process, as of the last scheduler tick; 0 when it is gone or the
// kernel keeps no such account. Threads of the own process: ThreadCpuNs in os/clocks.h is exact.
uint64_t RemoteThreadCpuNs(pid_t pid, pid_t tid);

struct StackBounds {
  uint64_t low = 0;  // [low, high); the main thread's stack may still have to grow to `low`
  uint64_t high = 0;
};

// Where the stack of the calling thread lies. False when libc can't tell.
bool OwnStackBounds(StackBounds* out);

}  // namespace sigprof
