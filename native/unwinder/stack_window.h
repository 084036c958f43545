// SPDX-License-Identifier: MIT
// A piece of one thread's stack, and reads within it. Signal-safe: loads only.
#pragma once

#include <cstdint>

namespace sigprof {

// A readable piece of one thread's stack: [low, high) of the thread, held at `bytes`. On the own
// thread `bytes` is `low` itself.
struct StackWindow {
  uint64_t low;
  uint64_t high;
  const unsigned char* bytes;
};

// Reads words of a window. Word addresses are multiples of 8, as all that compilers push.
class StackReader {
 public:
  explicit StackReader(const StackWindow& stack)
      : low_(stack.low), high_(stack.high), bytes_(stack.bytes) {}

  bool Has(uint64_t address) const {
    return address >= low_ && address + 8 <= high_ && address + 8 > address && (address & 7) == 0;
  }
  // Zero for an address outside, which no check of a walk takes for a frame.
  uint64_t At(uint64_t address) const {
    if (!Has(address)) return 0;
    return *reinterpret_cast<const uint64_t*>(bytes_ + (address - low_));
  }
  uint64_t low() const { return low_; }
  uint64_t high() const { return high_; }

 private:
  uint64_t low_, high_;
  const unsigned char* bytes_;
};

}  // namespace sigprof
