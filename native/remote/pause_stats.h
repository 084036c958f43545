// SPDX-License-Identifier: MIT
// How long stops lasted: a histogram with eight steps to each power of two. Not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sigprof::remote {

class PauseStats {
 public:
  void Add(uint64_t ns) {
    counts_[BucketOf(ns)]++;
    count_++;
    if (ns > max_ns_) max_ns_ = ns;
  }
  uint64_t count() const { return count_; }
  uint64_t max_ns() const { return max_ns_; }

  // The pause that `share` (0 to 1) of all did not exceed, to 12 %; 0 if there were none.
  uint64_t Quantile(double share) const {
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_));
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); i++) {
      seen += counts_[i];
      if (seen > wanted) return UpperEnd(i) < max_ns_ ? UpperEnd(i) : max_ns_;
    }
    return max_ns_;
  }

 private:
  static constexpr size_t kSteps = 8;
  static size_t BucketOf(uint64_t ns) {
    if (ns < kSteps) return static_cast<size_t>(ns);
    const auto power = static_cast<size_t>(std::bit_width(ns)) - 4;
    return (power + 1) * kSteps + static_cast<size_t>((ns >> power) - kSteps);
  }
  static uint64_t UpperEnd(size_t bucket) {
    if (bucket < kSteps) return bucket;
    const size_t power = bucket / kSteps - 1;
    return ((bucket % kSteps + kSteps + 1) << power) - 1;
  }

  std::array<uint32_t, kSteps* 62> counts_ = {};
  uint64_t count_ = 0, max_ns_ = 0;
};

}  // namespace sigprof::remote
