// SPDX-License-Identifier: MIT
// What a thread is doing, as /proc tells it. Any thread; not for the signal handler.
// Both files can be kept open and read again and again: the kernel makes the contents anew each
// time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace sigprof {

// State letter of a thread ('R' running or runnable, 'S' asleep, 'D' asleep uninterruptibly, 'T',
// 't' stopped, 'Z' ended), 0 when it is gone. `pid` 0 is the own process.
char ThreadState(pid_t pid, pid_t tid);
// The letter from the text of /proc/PID/task/TID/stat; 0 when malformed.
char ParseThreadState(std::string_view stat);

struct ThreadSyscall {
  enum class Kind : uint8_t {
    kUnknown,  // gone, not permitted, or not offered by this kernel
    kRunning,  // on a CPU or runnable: nothing stable to tell
    kAsleep,   // blocked: the fields below hold
  };
  Kind kind = Kind::kUnknown;
  int64_t number = -1;  // system call; -1: blocked outside of one, e.g. in a page fault
  uint64_t sp = 0;      // user-space stack pointer and program counter
  uint64_t pc = 0;
};

// Of other processes it needs the permission to ptrace them. The thread may wake at any moment:
// read a second time after using `sp` and compare.
ThreadSyscall ReadThreadSyscall(pid_t pid, pid_t tid);

// A descriptor for ReadThreadSyscallFrom; -1 on failure. The caller closes it.
int OpenThreadSyscall(pid_t pid, pid_t tid);
ThreadSyscall ReadThreadSyscallFrom(int fd);

// One line of /proc/PID/task/TID/syscall.
ThreadSyscall ParseThreadSyscall(std::string_view line);

}  // namespace sigprof
