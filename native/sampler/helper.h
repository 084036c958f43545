// SPDX-License-Identifier: MIT
// The helper thread: polls the rings of all threads and resolves what they hold. Waking it costs
// more than a sample itself, so the handler does that only when its ring is half full.
#pragma once

#include <cstdint>

#include "sampler/own_thread.h"

namespace sigprof {

struct Session;

class Helper {
 public:
  bool Start(Session* session);
  // Asks it to end and waits. Rings may hold samples still.
  void Stop();
  uint64_t CpuNs() const { return thread_.CpuNs(); }

 private:
  static void Main(void* self);
  void Run();
  void WatchSignal();
  // With native frames: keeps the modules up to date. True if the rings can be read.
  bool LookAtModules();
  void ClearWakes();
  uint64_t DrainRings();
  // Whether any without JavaScript has used CPU.
  bool LookAtThreads(uint64_t now_ns);

  Session* session_ = nullptr;
  OwnThread thread_;
  bool symbols_complete_ = false;  // of the modules that came while the first ones were loaded
};

}  // namespace sigprof
