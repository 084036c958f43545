// SPDX-License-Identifier: MIT
// The stacks of all threads of a process, now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/status.h"
#include "remote/remote_options.h"

namespace sigprof::remote {

struct Dump {
  // A whole batch: one sample for each thread with JavaScript on its stack.
  std::vector<uint8_t> batch;
  // JSON: the process and its threads; see DumpInfo in src/native/addon.ts.
  std::string info;
};

// Of `options` pid, nonblocking and max_bytes count. Refuses as OpenTarget does. Any thread; works
// on one of its own.
Status DumpProcess(const RemoteOptions& options, Dump* out);

}  // namespace sigprof::remote
