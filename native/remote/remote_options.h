// SPDX-License-Identifier: MIT
// What a recording of other processes was asked for.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace sigprof::remote {

struct RemoteOptions {
  pid_t pid = 0;
  uint32_t rate_hz = 100;
  bool wall = false;          // as time passes, instead of as CPU is used
  bool native = false;        // C and C++ frames too
  bool idle = false;          // keep idle samples (wall mode)
  bool subprocesses = false;  // child Node processes too
  bool nonblocking = false;   // never stop a thread
  size_t max_bytes = 64u << 20;

  uint64_t period_ns() const { return 1'000'000'000u / rate_hz; }
};

}  // namespace sigprof::remote
