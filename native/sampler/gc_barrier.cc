// SPDX-License-Identifier: MIT
#include "sampler/gc_barrier.h"

#include <atomic>

#include "os/clocks.h"
#include "resolver/resolver.h"
#include "sampler/drain.h"
#include "sampler/js_thread.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"
#include "v8/host.h"

namespace sigprof {
namespace {

class PinBatch {
 public:
  explicit PinBatch(Sampler* sampler) : sampler_(sampler) {}

  void Add(RawSample* sample) {
    if (sample->pinned) return;
    samples_[count_++] = sample;
    if (count_ == kSize) Flush();
  }
  void Flush() {
    if (count_ == 0) return;
    PinFunctions(sampler_->host->layout, sampler_->memory, samples_, count_, &scratch_);
    for (size_t i = 0; i < count_; i++) samples_[i]->pinned = 1;
    count_ = 0;
  }

 private:
  static constexpr size_t kSize = 256;
  Sampler* sampler_;
  PinScratch scratch_;
  RawSample* samples_[kSize];
  size_t count_ = 0;
};

// The handler does not write to the ring here (gc_depth is set), and the helper reads copies only.
__attribute__((noinline)) void PinPending(JsThread* thread) {
  if (thread->ring.empty()) return;
  PinBatch batch(TheSampler());
  thread->ring.BeginPin();
  thread->ring.ForEachPending([&batch](RawSample* sample) { batch.Add(sample); });
  batch.Flush();
  thread->ring.EndPin();
}

// Resolves what is pending; nothing has moved yet. Holds the resolve lock.
void ResolvePending(JsThread* thread) {
  for (;;) {
    const DrainStep step = DrainOne(thread, thread->session);
    if (step != DrainStep::kDone) return;  // kRetry can't pass while we, its cause, wait
  }
}

void BeginMajor(JsThread* thread, ThreadPhase phase) {
  Sampler* sampler = TheSampler();
  // Even without a recording: one may be starting, and its threads must not resolve meanwhile.
  sampler->gc_waiting.fetch_add(1);
  sampler->resolve.lock();
  sampler->gc_waiting.fetch_sub(1);
  if (phase != ThreadPhase::kOff) ResolvePending(thread);
  thread->major_count.fetch_add(1, std::memory_order_release);
  thread->major_gc.store(true, std::memory_order_release);
  sampler->resolve.unlock();
}

// One sample of the stack that caused the collection, for the ticks that fell into it.
void RecordGcTicks(JsThread* thread, uint64_t epoch_after) {
  const uint32_t ticks = thread->gc_pending_ticks.exchange(0, std::memory_order_relaxed);
  const uint64_t weight = thread->gc_pending_weight.exchange(0, std::memory_order_relaxed);
  if (ticks == 0) return;
  if (CaptureOwnStack(thread, weight, ticks, epoch_after)) return;
  thread->ring_full.fetch_add(ticks, std::memory_order_relaxed);
  // Not lost: the next collection's sample takes the weight over.
  thread->gc_pending_weight.fetch_add(weight, std::memory_order_relaxed);
}

uint64_t OddEpoch(const JsThread* thread) {
  return thread->gc_epoch.load(std::memory_order_relaxed) | 1;
}

}  // namespace

void OnGcPrologue(void*, int gc_type, int, void* data) {
  JsThread* thread = static_cast<JsThread*>(data);
  const uint32_t depth = thread->gc_depth.load(std::memory_order_relaxed);
  // First of all: from here on ticks of this thread leave the ring alone.
  thread->gc_depth.store(depth + 1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);

  const ThreadPhase phase = thread->Enter();
  const uint64_t begin = phase != ThreadPhase::kOff ? MonotonicNs() : 0;
  if (gc_type & kGcMarkCompact) BeginMajor(thread, phase);
  // Sequentially consistent: the resolver sees the odd epoch before any object moves.
  thread->gc_epoch.store(OddEpoch(thread), std::memory_order_seq_cst);
  if (!(gc_type & kGcMarkCompact) && phase != ThreadPhase::kOff) PinPending(thread);
  if (begin != 0) thread->barrier_ns.fetch_add(MonotonicNs() - begin, std::memory_order_relaxed);
  thread->Leave();
}

void OnGcEpilogue(void*, int, int, void* data) {
  JsThread* thread = static_cast<JsThread*>(data);
  const uint32_t depth = thread->gc_depth.load(std::memory_order_relaxed);
  if (depth == 0) return;  // registered in the middle of a collection
  if (depth == 1) {
    const uint64_t even = OddEpoch(thread) + 1;
    if (thread->Enter() == ThreadPhase::kArmed) RecordGcTicks(thread, even);
    thread->Leave();
    if (thread->major_gc.load(std::memory_order_relaxed)) {
      // Once more: what was cached of the heap between prologue and now is void as well.
      thread->major_count.fetch_add(1, std::memory_order_release);
    }
    thread->gc_epoch.store(even, std::memory_order_seq_cst);
    thread->major_gc.store(false, std::memory_order_release);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread->gc_depth.store(depth - 1, std::memory_order_relaxed);
}

}  // namespace sigprof
