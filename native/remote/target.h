// SPDX-License-Identifier: MIT
// A process to look at from outside: who it is, whether we may, and what its program tells of V8.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "os/maps.h"
#include "os/memory.h"
#include "os/status.h"
#include "unwinder/unwind_tables.h"
#include "v8/image.h"

namespace sigprof::remote {

enum class Fate : uint8_t {
  kRuns,
  kEnded,  // also when its id was used again
  kExec,   // it runs another program now
};

struct Target {
  explicit Target(pid_t process) : pid(process), memory(process) {}

  // What runs at `linked` in the file; bias of position independent programs included.
  Address AtRuntime(uint64_t linked) const { return linked + load_bias; }
  bool RefreshMaps() { return ReadMaps(pid, &maps); }
  // What has become of the process that was opened.
  Fate NowIs() const;

  const pid_t pid;
  ProcessMemory memory;
  std::vector<Mapping> maps;
  std::shared_ptr<const V8Image> image;
  uint64_t load_bias = 0;
  // Of its modules, when native frames are wanted; see target_modules.h.
  const UnwindTables* unwind = nullptr;
  std::string identity;      // changes when the id is used again, and with exec
  std::string executable;    // as the process's own mount namespace names it
  std::string command_line;  // words joined by blanks
  std::string cwd;
};

// Opens a process. Refuses with one of the codes documented in docs/cli.md: ERR_SIGPROF_NO_PROCESS,
// _ZOMBIE, _OTHER_USER, _PTRACE_DENIED, _TRACED, _NOT_NODE, _UNSUPPORTED. `stops`: whether ptrace
// will be needed.
Status OpenTarget(pid_t pid, bool stops, std::unique_ptr<Target>* out);

// Why PTRACE_SEIZE failed with `error`.
Status ExplainSeize(pid_t pid, int error);

// Start time, which changes when the id is used again, and start of the stack, which exec changes.
std::string ProcessIdentity(pid_t pid);

// Program and words of a process; empty for kernel threads and processes that are gone.
std::string CommandLine(pid_t pid);

}  // namespace sigprof::remote
