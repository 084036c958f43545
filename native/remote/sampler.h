// SPDX-License-Identifier: MIT
// The thread that samples other processes: one for all processes of a recording. Started and asked
// from any one thread at a time; everything else happens on its own.
#pragma once

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "remote/child_processes.h"
#include "remote/recording.h"

namespace sigprof::remote {

// How a recording goes; for status lines and the header of `top`.
struct RemoteProgress {
  bool running = false;    // some process is still being sampled
  const char* ended = "";  // "exited" or "exec", of the process asked for
  uint64_t processes = 0, samples = 0, lost = 0;
};

class RemoteSampler {
 public:
  // A profile a process, each a whole batch.
  using Batches = std::vector<std::vector<uint8_t>>;

  RemoteSampler() = default;
  ~RemoteSampler() { Stop(); }
  RemoteSampler(const RemoteSampler&) = delete;
  RemoteSampler& operator=(const RemoteSampler&) = delete;

  // Returns when sampling has begun, or with the reason why it can't.
  Status Start(const RemoteOptions& options);
  RemoteProgress Progress();
  // What was recorded since the last call.
  Batches TakeInterval();
  // Ends sampling and lets go of all threads; everything recorded since TakeInterval, if that was
  // ever called.
  Batches Stop();

 private:
  static void* Main(void* self);
  void Run();
  Status Begin();
  void Loop(Tracer* tracer);
  void LookLate(Tracer* tracer);
  void Scan(Tracer* tracer, uint64_t now_ns);
  void AdoptChildren(Tracer* tracer);
  Batches EncodeAll(bool begin_anew);

  RemoteOptions options_;
  pthread_t thread_{};
  bool started_ = false;
  std::atomic<bool> stopping_{false};
  timer_t timer_{};

  // Holds mutex_, before the sampler's next look.
  class Turn {
   public:
    explicit Turn(RemoteSampler* sampler);
    ~Turn();

   private:
    RemoteSampler& sampler_;
  };

  std::atomic<int> waiting_{0};  // Turns asked for or held
  std::condition_variable turn_;
  std::mutex mutex_;  // guards all below; held by the sampler's thread but while it waits
  std::condition_variable begun_changed_;
  bool begun_ = false;
  Status begin_status_;
  std::vector<std::unique_ptr<Recording>> recordings_;  // the first is of the process asked for
  Batches finished_;                                    // of children that have ended
  uint64_t finished_samples_ = 0;
  ChildProcesses children_;
  std::atomic<uint64_t> own_cpu_ns_{0};
};

}  // namespace sigprof::remote
