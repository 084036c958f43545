// SPDX-License-Identifier: MIT
// A thread of ours that looks at the JS threads at the sampling rate. In wall mode it samples those
// asleep in the kernel, without signalling them: a sleeping thread's stack is stable, so it is read
// from here, and nothing is woken or gets EINTR. Where the kernel offers no fine timers it sends
// the ticks (TimerKind::kSamplerThread).
#pragma once

#include <cstdint>
#include <vector>

#include "sampler/own_thread.h"

namespace sigprof {

struct JsThread;
struct RawSample;
struct Session;

class WallClock {
 public:
  // No-op (true) when neither is needed.
  bool Start(Session* session);
  void Stop();

 private:
  static void Main(void* self);
  void Run();
  void Look(JsThread* thread);
  void SampleAsleep(JsThread* thread, uint64_t cpu_ns);
  bool CaptureAsleep(JsThread* thread, uint64_t cpu_ns, RawSample* sample);
  void AddAsleep(JsThread* thread);
  void TickIfAdvanced(JsThread* thread);

  Session* session_ = nullptr;
  OwnThread thread_;
  std::vector<unsigned char> stack_;  // copy of a sleeping thread's stack
  std::vector<uint64_t> sample_;      // room for one largest RawSample
};

}  // namespace sigprof
