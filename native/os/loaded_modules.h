// SPDX-License-Identifier: MIT
// The program and the libraries loaded in a process: where their code runs, where their unwind data
// lies, which file they came from. Any thread; not for the signal handler (the loader's lock).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "os/memory.h"

namespace sigprof {

struct LoadedModule {
  std::string path;      // as the process names it; "[vdso]" for the kernel's. Untrusted text
  std::string build_id;  // raw bytes of NT_GNU_BUILD_ID; empty if none
  uint64_t bias = 0;     // added to addresses as linked
  uint64_t start = 0;    // of the executable segments, [start, end)
  uint64_t end = 0;
  uint64_t unwind_header = 0;  // address of .eh_frame_hdr; 0: none
  uint64_t unwind_size = 0;    // of it
  uint64_t unwind_end = 0;     // end of the segment it lies in, where .eh_frame lies as well
  bool is_main = false;        // the program itself, which is never unloaded

  bool operator==(const LoadedModule&) const = default;
};

// How often modules have been loaded and unloaded in the own process: cheap to ask.
struct ModuleChanges {
  uint64_t loaded = 0;
  uint64_t unloaded = 0;
  bool operator==(const ModuleChanges&) const = default;
};
ModuleChanges CountModuleChanges();

// The modules of the own process, by the dynamic loader's list, by ascending address.
std::vector<LoadedModule> ListModules(ModuleChanges* changes);

// The modules of another process, by its mappings and the headers in its memory.
std::vector<LoadedModule> ListModulesOf(pid_t pid, Memory* memory);

}  // namespace sigprof
