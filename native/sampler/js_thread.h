// SPDX-License-Identifier: MIT
// One sampled thread: what its signal handler, its GC callbacks and the sampler's threads
// share. Objects are never freed; a slot is reused only after its thread has unregistered itself,
// so no handler can hold a stale one.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "resolver/resolver.h"
#include "sampler/ring.h"
#include "unwinder/capture.h"
#include "unwinder/row_cache.h"

namespace sigprof {

struct Session;

// What the thread's handler may do. Changed by start and stop (any thread, under `life`).
enum class ThreadPhase : uint8_t {
  kOff,       // no ring; ticks are ignored
  kArmed,     // ticks are recorded
  kDraining,  // ticks are ignored, the ring is still there for the resolver and the GC barrier
};

struct JsThread {
  // Held by whoever uses the thread from outside its own handler and GC callbacks, so that it can't
  // unregister meanwhile. Lock order: control, registry, life, resolve.
  std::mutex life;
  bool alive = false;  // guarded by life

  // -- Set at registration, constant while alive.
  pid_t tid = 0;
  bool is_main = false;
  uint32_t ordinal = 0;  // 0 main, workers from 1 in order of registration
  uint64_t stack_low = 0;
  uint64_t stack_high = 0;
  void* isolate = nullptr;  // null: a thread without JavaScript, sampled for its native frames
  CodeRanges code;
  uint32_t native_slot = 0;             // in the values of its ticks; 0 for JS threads
  unsigned char* stack_copy = nullptr;  // kStackCopy bytes for the handler of a native thread
  std::string name;                     // of a native thread
  std::unique_ptr<RowCache> rows;       // with native frames, for the handler
  static constexpr size_t kStackCopy = size_t{256} << 10;

  // -- Handler and GC callbacks (this thread) against start and stop (any thread).
  std::atomic<ThreadPhase> phase{ThreadPhase::kOff};  // seq_cst, see Enter()
  std::atomic<uint32_t> busy{0};  // own thread: handlers and callbacks at work (they nest)
  SampleRing ring;
  bool wall = false;                     // set before phase becomes kArmed
  int wake_fd = -1;                      // set before phase becomes kArmed: the helper's eventfd
  std::atomic<bool> wake_sent{false};    // set by the handler, cleared by the helper
  std::atomic<int> perf_fd{-1};          // written by arm and disarm, read by the handler
  std::atomic<bool> timer_armed{false};  // written under life; a POSIX timer exists
  int timer_id = 0;                      // the kernel's, valid while timer_armed

  // -- Clocks of the last sample. cpu: written by the handler while armed, by start and stop
  // otherwise. wall: exchanged by the handler and by the wall clock's thread.
  std::atomic<uint64_t> last_cpu_ns{0};
  std::atomic<uint64_t> last_wall_ns{0};

  // -- GC, written by the own thread only. The handler reads gc_depth (same thread); the resolver
  // reads gc_epoch (acquire), major_gc and major_count (under the resolve lock).
  std::atomic<uint32_t> gc_depth{0};
  std::atomic<uint64_t> gc_epoch{0};  // odd inside a moving collection
  std::atomic<bool> major_gc{false};
  std::atomic<uint64_t> major_count{0};
  std::atomic<uint64_t> gc_pending_weight{0};  // own thread: ticks inside collections
  std::atomic<uint32_t> gc_pending_ticks{0};
  std::atomic<uint64_t> barrier_ns{0};

  // -- Counters of the current recording. Written by the own thread, read by any (relaxed).
  std::atomic<uint64_t> ring_full{0};
  std::atomic<uint64_t> foreign_stack{0};
  std::atomic<uint64_t> overruns{0};
  std::atomic<uint64_t> handler_runs{0};
  std::atomic<uint64_t> handler_interrupted{0};  // runs in which the thread lost the CPU
  std::atomic<uint64_t> handler_cycles{0};       // of the other runs

  // -- Resolving; guarded by the resolve lock.
  std::unique_ptr<Resolver> resolver;
  uint64_t resolver_epoch = 0;  // gc_epoch and major_count when the resolver was last told
  uint64_t resolver_major_count = 0;
  uint32_t row = 0;         // thread id in the tables
  uint32_t base_stack = 0;  // of samples of which nothing else is known
  uint32_t last_stack = 0;  // of the last sample; 0 none

  // -- Guarded by life.
  Session* session = nullptr;  // the recording the thread takes part in
  uint64_t start_cpu_ns = 0;   // CPU clock when it joined the recording
  uint64_t stop_cpu_ns = 0;    // and when its ticks were stopped

  // -- The wall clock's thread only.
  uint64_t look_cpu_ns = 0;    // CPU clock at the last look
  uint64_t signal_cpu_ns = 0;  // CPU clock when it was last signalled
  bool asleep_known = false;   // asleep_stack is that of the system call it is still in
  bool asleep_idle = false;
  uint32_t asleep_stack = 0;
  uint64_t look_ns = 0;  // time of the last look
  int syscall_fd = -1;   // /proc/self/task/TID/syscall; closed when the thread leaves

  // Own thread: keeps the ring alive until Leave. Returns the phase. The sequentially consistent
  // pair (busy, then phase) here against (phase, then busy) in Quiesce lets neither miss the other.
  ThreadPhase Enter() {
    busy.fetch_add(1, std::memory_order_seq_cst);
    return phase.load(std::memory_order_seq_cst);
  }
  void Leave() { busy.fetch_sub(1, std::memory_order_release); }
  // Other threads, after changing phase: waits until no handler or callback uses the old one.
  // False after `timeout_ms` (the thread is stopped by a debugger, or starved).
  bool Quiesce(uint32_t timeout_ms) const;
};

}  // namespace sigprof
