// SPDX-License-Identifier: MIT
// State of the recording that runs, and of the sampler as such. Internal to native/sampler.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "os/memory.h"
#include "resolver/native_frames.h"
#include "resolver/tables.h"
#include "sampler/helper.h"
#include "sampler/native_modules.h"
#include "sampler/native_threads.h"
#include "sampler/recording.h"
#include "sampler/thread_registry.h"
#include "sampler/timers.h"
#include "sampler/wall_clock.h"
#include "v8/host.h"

namespace sigprof {

// Losses and totals that are not kept per thread. Guarded by the resolve lock.
struct SessionCounters {
  uint64_t covered_ns = 0;
  uint64_t unresolved_frames = 0;
  uint64_t truncated_stacks = 0;
  uint64_t unusable_stacks = 0;
  uint64_t unpinned = 0;  // records that a collection overtook; never expected
  uint64_t idle_ns = 0;   // wall mode: idle time that was not recorded
  // Sums over threads that left during the recording.
  uint64_t ring_full = 0, foreign_stack = 0, overruns = 0, barrier_ns = 0;
  uint64_t handler_runs = 0, handler_interrupted = 0, handler_cycles = 0;
};

struct Session {
  explicit Session(const SamplingOptions& sampling)
      : options(sampling), tables(sampling.max_bytes) {}

  const SamplingOptions options;
  TimerPlan plan;
  uint64_t start_ns = 0;  // CLOCK_MONOTONIC
  uint64_t start_unix_ms = 0;
  uint64_t start_process_cpu = 0;  // CPU clock of the process
  uint64_t start_cycles = 0;       // time stamp counter, to convert handler_cycles
  uint64_t foreign_signals_before = 0;
  std::atomic<uint32_t> threads_without_timer{0};
  std::atomic<uint32_t> threads_at_kernel_rate{0};  // perf was refused for them
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> signal_taken_ns{0};  // when another handler took the tick signal; 0 never

  // Guarded by the resolve lock.
  ProfileTables tables;
  SessionCounters counters;
  std::unique_ptr<NativeFrames> native_frames;  // null without options.native
  bool header_written = false;
  std::vector<uint64_t> copy;  // room for one largest RawSample
  uint32_t program_stack = 0, idle_stack = 0, gc_stack = 0;

  uint64_t start_own_cpu = 0;  // CPU time of our own threads before
  // Clocks when sampling ended; 0 while it goes on.
  uint64_t end_ns = 0, end_process_cpu = 0, end_own_cpu = 0;
  // CPU time of JS threads that have left the recording; added by any thread.
  std::atomic<uint64_t> js_cpu_ns{0};

  NativeThreads native_threads;
  NativeModules native_modules;
  Helper helper;
  WallClock wall_clock;
};

// The sampler of this process. One object, never destroyed: threads of ours and late signals may
// look at it until the last instruction of exit().
struct Sampler {
  std::mutex control;   // one start, stop or take at a time
  std::mutex registry;  // who takes part: registration, and the recording's begin and end
  std::mutex resolve;   // tables, resolvers, the consuming side of all rings
  std::atomic<uint32_t> gc_waiting{0};  // collections that wait for `resolve`; others back off
  Waker helper_waker;                   // never closed: handlers write to it
  std::atomic<bool> forked{false};      // a child of fork: nothing of us works here

  const Host* host = nullptr;  // set at the first registration
  Memory* memory = nullptr;
  SymbolCache* symbols = nullptr;
  std::string node_version;
  std::string second_copy;  // path of another loaded copy of the addon, if any
  ThreadRegistry threads;
  uint32_t workers_seen = 0;               // guarded by registry
  std::atomic<Session*> session{nullptr};  // written under registry
  std::unique_ptr<Session> owned_session;  // guarded by control
};
Sampler* TheSampler();
// Makes everything of ours inert in children of fork(). Idempotent.
void InstallForkGuard();

// The COUNTERS object of the format. The control lock is held, the resolve lock is not.
std::string CountersJson(Session* session);
// The META object.
std::string MetaJson(const Session& session);

// The resolve lock for everyone but the GC barrier: lets a collection that waits go first.
class ResolveLock {
 public:
  ResolveLock();
  ~ResolveLock();
  ResolveLock(const ResolveLock&) = delete;
  ResolveLock& operator=(const ResolveLock&) = delete;
};

}  // namespace sigprof
