// SPDX-License-Identifier: MIT
// One thread of the target, with what it takes to read its stack if it runs JavaScript.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "remote/stack_copy.h"
#include "remote/target.h"
#include "remote/thread_files.h"
#include "remote/tracer.h"
#include "resolver/resolver.h"
#include "v8/builtins.h"

namespace sigprof::remote {

struct RemoteThread {
  RemoteThread(pid_t pid, pid_t id) : tid(id), is_main(id == pid), files(pid, id) {}

  const pid_t tid;
  const bool is_main;
  ThreadFiles files;
  uint64_t thread_pointer = 0;  // 0: not known yet
  Address slot = 0;             // where it keeps its isolate

  // Set while it has an isolate.
  Address isolate = 0;
  Builtins builtins;
  CodeRanges code;
  std::unique_ptr<Resolver> resolver;
  uint64_t top = 0;  // outermost JavaScript frame, when last seen

  bool runs_js() const { return isolate != 0; }
};

// Finds the thread pointer: in the memory of a thread asleep, else by stopping it once, if `tracer`
// is not null, and waiting so long for that. False when neither is possible (now).
bool FindThreadPointer(Tracer* tracer, Target* target, RemoteThread* thread, uint64_t patience_ns);

// Of a thread that is stopped. It runs on, traced or not.
void ReadThreadPointerAndResume(Tracer* tracer, RemoteThread* thread, bool detach);

// Looks whether the thread has an isolate of its own and finds its code; a change drops what was
// known.
// False when the isolate is there but not ready to be read.
bool FindIsolate(Target* target, RemoteThread* thread, ProfileTables* tables);

// Takes a sample of a thread that is stopped, and lets it run on.
CopyResult CaptureAndResume(Tracer* tracer, Target* target, RemoteThread* thread, StackCopy* copy,
                            ThreadRegisters* regs);
// Takes a sample of a thread asleep in a system call, without stopping it; false when it is not
// asleep, or woke meanwhile.
bool CaptureAsleep(Target* target, RemoteThread* thread, StackCopy* copy, ThreadSyscall* syscall);

// Takes a sample of a thread that runs, without stopping it: possible while it is in C++, which
// V8 left a record of. False when it is in JavaScript, or the record changed meanwhile.
bool CaptureUnstopped(Target* target, RemoteThread* thread, StackCopy* copy);

}  // namespace sigprof::remote
