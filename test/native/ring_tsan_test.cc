// SPDX-License-Identifier: MIT
// The ring between a producer and a consumer at work at the same time: also run under TSan.
#include <atomic>
#include <thread>
#include <vector>

#include "sampler/ring.h"
#include "test_runner.h"

namespace sigprof {
namespace {

constexpr size_t kCapacity = size_t{1} << 18;  // a few of the largest records: wraps often

// Record `n` has a size and contents that follow from n alone.
uint32_t FramesOf(uint64_t n) { return static_cast<uint32_t>(n * 7919 % (kMaxFrames + 1)); }

bool Produce(SampleRing* ring, uint64_t n) {
  RawSample* sample = ring->Reserve();
  if (sample == nullptr) return false;
  sample->time_ns = n;
  sample->pinned = 0;
  sample->frame_count = FramesOf(n);
  sample->native_count = 0;
  for (uint32_t i = 0; i < sample->frame_count; i++) sample->frames()[i].function = n * 2 + i;
  ring->Commit();
  return true;
}

// Every word is of record n: all unpinned, or all pinned (their highest bit is set).
bool IsWhole(const RawSample& sample, uint64_t n) {
  constexpr uint64_t kPinned = uint64_t{1} << 63;
  if (sample.time_ns != n || sample.frame_count != FramesOf(n)) return false;
  for (uint32_t i = 0; i < sample.frame_count; i++) {
    uint64_t expected = (n * 2 + i) | (sample.pinned ? kPinned : 0);
    if (sample.frames()[i].function != expected) return false;
  }
  return true;
}

void Pin(SampleRing* ring) {
  ring->BeginPin();
  ring->ForEachPending([](RawSample* sample) {
    for (uint32_t i = 0; i < sample->frame_count; i++) {
      uint64_t* word = &sample->frames()[i].function;
      __atomic_store_n(word, *word | uint64_t{1} << 63, __ATOMIC_RELAXED);
    }
    // The flag's own 8-byte word, as the consumer copies words.
    auto* word = reinterpret_cast<uint64_t*>(sample) + offsetof(RawSample, pinned) / 8;
    uint64_t changed = *word;
    reinterpret_cast<unsigned char*>(&changed)[offsetof(RawSample, pinned) % 8] = 1;
    __atomic_store_n(word, changed, __ATOMIC_RELAXED);
  });
  ring->EndPin();
}

// Sends `count` records, pinning every so often; checks that all arrive whole and in order.
void RunBothSides(uint64_t count, uint64_t pin_every) {
  SampleRing ring;
  REQUIRE(ring.Allocate(kCapacity));
  std::thread producer([&] {
    for (uint64_t n = 0; n < count;) {
      if (Produce(&ring, n)) {
        if (pin_every != 0 && n % pin_every == 0) Pin(&ring);
        n++;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::vector<uint64_t> buffer(kMaxRawSampleSize / 8);
  auto* sample = reinterpret_cast<RawSample*>(buffer.data());
  uint64_t broken = 0;
  for (uint64_t n = 0; n < count;) {
    if (ring.CopyFront(sample) != SampleRing::Copy::kCopied) {
      std::this_thread::yield();
      continue;
    }
    broken += !IsWhole(*sample, n);
    ring.Pop();
    n++;
  }
  producer.join();
  EXPECT_EQ(broken, 0u);
  EXPECT(ring.empty());
}

TEST("ring: records of all sizes arrive whole and in order") { RunBothSides(20000, 0); }

TEST("ring: a record pinned while it is copied is taken again, never half pinned") {
  RunBothSides(20000, 3);
}

TEST("ring: a full ring refuses, and takes again once a record is popped") {
  SampleRing ring;
  REQUIRE(ring.Allocate(kCapacity));
  uint64_t taken = 0;
  while (Produce(&ring, taken)) taken++;
  EXPECT(taken >= 2);
  EXPECT(!Produce(&ring, taken));
  std::vector<uint64_t> buffer(kMaxRawSampleSize / 8);
  auto* sample = reinterpret_cast<RawSample*>(buffer.data());
  for (uint64_t n = 0; n < taken; n++) {
    REQUIRE(ring.CopyFront(sample) == SampleRing::Copy::kCopied);
    EXPECT(IsWhole(*sample, n));
    ring.Pop();
  }
  EXPECT_EQ(ring.CopyFront(sample), SampleRing::Copy::kEmpty);
  EXPECT(Produce(&ring, taken));
}

}  // namespace
}  // namespace sigprof
