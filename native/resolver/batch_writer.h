// SPDX-License-Identifier: MIT
// Writes one chunk of docs/batch-format.md. Lives as long as the chunk is being written; the
// destructor fills in its size and pads it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace sigprof {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

enum class BatchChunkType : uint32_t {
  kMeta = 1,
  kStrings = 2,
  kFunctions = 3,
  kFrames = 4,
  kStacks = 5,
  kThreads = 6,
  kSamples = 7,
  kCounters = 8,
};

class BatchChunk {
 public:
  BatchChunk(BatchChunkType type, std::vector<uint8_t>* out) : out_(out) {
    Append(static_cast<uint32_t>(type));
    Append(uint32_t{0});  // the size
    start_ = out_->size();
  }

  ~BatchChunk() {
    size_t size = out_->size() - start_;
    uint32_t stored = static_cast<uint32_t>(size);
    memcpy(out_->data() + start_ - sizeof stored, &stored, sizeof stored);
    out_->resize(start_ + (size + 7) / 8 * 8);
  }

  BatchChunk(const BatchChunk&) = delete;
  BatchChunk& operator=(const BatchChunk&) = delete;

  // Head of a table's chunk: the number of rows and the id of the first.
  void Rows(size_t count, size_t first) {
    Append(static_cast<uint32_t>(count));
    Append(static_cast<uint32_t>(first));
  }

  template <typename T>
  void Append(T value) {
    AppendBytes(&value, sizeof value);
  }

  // One column: the member of every row.
  template <typename Rows, typename Row, typename T>
  void Column(const Rows& rows, T Row::*member) {
    size_t at = out_->size();
    out_->resize(at + rows.size() * sizeof(T));
    for (const Row& row : rows) {
      memcpy(out_->data() + at, &(row.*member), sizeof(T));
      at += sizeof(T);
    }
  }

  void AppendBytes(const void* bytes, size_t size) {
    const uint8_t* from = static_cast<const uint8_t*>(bytes);
    out_->insert(out_->end(), from, from + size);
  }

 private:
  std::vector<uint8_t>* out_;
  size_t start_ = 0;
};

}  // namespace sigprof
