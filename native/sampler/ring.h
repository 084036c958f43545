// SPDX-License-Identifier: MIT
// The ring between a sampled thread and whoever resolves: whole RawSamples, each contiguous, in
// memory that is mapped and populated beforehand so that the signal handler takes no page fault.
// Populating a page costs about 0.5 us, so start() does the first ones only and the helper thread
// does the rest, of threads that tick.
// One producer (the sampled thread: its signal handler, or its GC callbacks while the handler is
// kept from writing) and one consumer (who holds the resolve lock). Producer calls are made in the
// signal handler: no calls out of this file, no allocation.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "unwinder/raw_sample.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14
#endif

namespace sigprof {

class SampleRing {
 public:
  static constexpr size_t kDefaultCapacity = size_t{1} << 20;
  // Some 25 records 100 frames deep: more than the ticks until the helper looks.
  static constexpr size_t kPopulatedFirst = size_t{128} << 10;
  enum class Copy { kEmpty, kCopied, kBusy };

  SampleRing() = default;
  ~SampleRing() { Release(); }
  SampleRing(const SampleRing&) = delete;
  SampleRing& operator=(const SampleRing&) = delete;

  // `capacity` is a power of two of at least two largest records. Neither side may be at work.
  bool Allocate(size_t capacity = kDefaultCapacity) {
    if (base_ != nullptr) return true;
    void* memory =
        mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    base_ = static_cast<unsigned char*>(memory);
    capacity_ = capacity;
    populated_ = 0;
    if (!Populate(capacity < kPopulatedFirst ? capacity : kPopulatedFirst)) {
      // An older kernel: touched by hand, which only we may do, before there is a producer.
      for (size_t at = 0; at < capacity; at += 4096) base_[at] = 0;
      populated_ = capacity;
    }
    head_.store(0, std::memory_order_relaxed);
    tail_.store(0, std::memory_order_relaxed);
    pin_sequence_.store(0, std::memory_order_relaxed);
    return true;
  }

  void Release() {
    if (base_ != nullptr) munmap(base_, capacity_);
    base_ = nullptr;
  }
  bool allocated() const { return base_ != nullptr; }

  // Whoever keeps the ring from being released: populates the rest, while the producer may write.
  void PopulateRest() {
    if (populated_ < capacity_) Populate(capacity_);
    populated_ = capacity_;
  }

  // Producer: room for a record of kMaxRawSampleSize bytes, or null when full.
  RawSample* Reserve() {
    const uint64_t at = Start(head_.load(std::memory_order_relaxed));
    // Acquire: the consumer's reads of the record it popped end before we overwrite it.
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    if (at + kMaxRawSampleSize - tail > capacity_) return nullptr;
    return At(at);
  }

  // Producer: publishes the record last reserved, as large as its counts say.
  void Commit() {
    const uint64_t at = Start(head_.load(std::memory_order_relaxed));
    const uint64_t end = at + At(at)->size();
    // Release: whoever sees the new head sees the record.
    head_.store(end, std::memory_order_release);
  }

  // Producer: more than half of it waits to be consumed.
  bool HalfFull() const {
    return head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_relaxed) >
           capacity_ / 2;
  }

  // Producer: calls visit(RawSample*) for every pending record, oldest first. The consumer may pop
  // records meanwhile, but nothing overwrites them before the producer's next Reserve.
  template <typename Visit>
  void ForEachPending(Visit visit) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    for (uint64_t at = tail_.load(std::memory_order_acquire); at != head;) {
      at = Start(at);
      RawSample* sample = At(at);
      visit(sample);
      at += sample->size();
    }
  }

  // Producer: brackets a change of pending records. A seqlock: odd while they change.
  void BeginPin() {
    pin_sequence_.store(pin_sequence_.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void EndPin() {
    pin_sequence_.store(pin_sequence_.load(std::memory_order_relaxed) + 1,
                        std::memory_order_release);
  }

  // Consumer: copies the oldest record to `out` (kMaxRawSampleSize bytes, 8-aligned). kBusy: the
  // producer is pinning, or did so during the copy; try again a little later.
  Copy CopyFront(RawSample* out) const {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (head_.load(std::memory_order_acquire) == tail) return Copy::kEmpty;
    const uint64_t before = pin_sequence_.load(std::memory_order_acquire);
    if (before & 1) return Copy::kBusy;
    const RawSample* front = At(Start(tail));
    const size_t words = front->size() / sizeof(uint64_t);
    const uint64_t* from = reinterpret_cast<const uint64_t*>(front);
    uint64_t* to = reinterpret_cast<uint64_t*>(out);
    for (size_t i = 0; i < words; i++) to[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (pin_sequence_.load(std::memory_order_relaxed) != before) return Copy::kBusy;
    return Copy::kCopied;
  }

  // Consumer: drops the oldest record; there must be one.
  void Pop() {
    const uint64_t at = Start(tail_.load(std::memory_order_relaxed));
    tail_.store(at + At(at)->size(), std::memory_order_release);
  }

  bool empty() const {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  // Makes the first `size` bytes present without changing them.
  bool Populate(size_t size) {
    if (madvise(base_ + populated_, size - populated_, MADV_POPULATE_WRITE) != 0) return false;
    populated_ = size;
    return true;
  }

  // Where a record begins that may not begin before `position`: there, or at the next turn of the
  // ring where the rest of this one can't hold the largest record. Both sides apply this rule, so
  // no padding record is needed.
  uint64_t Start(uint64_t position) const {
    const uint64_t left = capacity_ - (position & (capacity_ - 1));
    return left < kMaxRawSampleSize ? position + left : position;
  }
  RawSample* At(uint64_t position) const {
    return reinterpret_cast<RawSample*>(base_ + (position & (capacity_ - 1)));
  }

  unsigned char* base_ = nullptr;
  size_t capacity_ = 0;
  size_t populated_ = 0;  // bytes from the start; never used by the producer
  // Bytes ever written and consumed. Head: written by the producer (release), read by the consumer
  // (acquire). Tail: the other way round. On lines of their own against false sharing.
  alignas(64) std::atomic<uint64_t> head_{0};
  std::atomic<uint64_t> pin_sequence_{0};  // written by the producer, read by the consumer
  alignas(64) std::atomic<uint64_t> tail_{0};
};

}  // namespace sigprof
