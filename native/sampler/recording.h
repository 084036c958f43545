// SPDX-License-Identifier: MIT
// A recording of the own process: start, take what has been decoded so far, stop. One at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "os/status.h"

namespace sigprof {

enum class SamplingMode : uint8_t { kCpu, kWall };

struct SamplingOptions {
  uint32_t rate_hz = 100;
  SamplingMode mode = SamplingMode::kCpu;
  bool idle = false;
  bool native = false;  // C and C++ frames, and threads without JavaScript
  size_t max_bytes = 64u << 20;
  std::string title;  // goes into META
};

struct StartInfo {
  double effective_rate_hz = 0;
  const char* timer = "posix-cpu";  // or "perf", "sampler-thread"
};

// Process-wide facts for META; call before the first recording.
void SetNodeVersion(const std::string& version);

// Registers the calling JS thread (main or worker): stack bounds, isolate, GC callbacks. Idempotent
// for a thread. A recording that runs picks the thread up at once. Returns the reason on refusal.
Status RegisterCurrentThread(bool is_main);
// On the same thread, before its isolate goes: pending samples are resolved, timers disarmed.
void UnregisterCurrentThread();

// Callable from any thread. Well under a millisecond.
Status StartRecording(const SamplingOptions& options, StartInfo* info);
// Appends what was decoded since the last call as batch chunks (header and META first).
void TakeBatch(std::vector<uint8_t>* out);
// Stops sampling, resolves what is pending and appends the rest with final COUNTERS.
Status StopRecording(std::vector<uint8_t>* out);
bool IsRecording();

}  // namespace sigprof
