// SPDX-License-Identifier: MIT
// The profile under construction: interned strings, functions, frames, stacks, and the samples that
// refer to them, encoded as the append-only batch format of docs/batch-format.md.
// Not thread-safe: callers hold the resolve lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/id_index.h"

namespace sigprof {

enum class FunctionKind : uint32_t {
  kJavaScript = 0,
  kBuiltin = 1,
  kNative = 2,
  kWasm = 3,
  kRegExp = 4,
  kGc = 5,
  kSpecial = 6,  // (idle), (program), [truncated], (deoptimizer) ...
  kNativeThread = 7,
};

struct FunctionInfo {
  std::string name;    // as V8 knows it; empty if anonymous
  std::string script;  // path, file: URL, node:... or eval label; empty if none
  int32_t line = 0;    // 1-based line of the definition; 0 unknown
  int32_t column = 0;  // 1-based; 0 unknown
  FunctionKind kind = FunctionKind::kJavaScript;
};

enum FrameFlags : uint32_t {
  kFrameInlined = 1 << 0,
  kFrameTierShift = 1,  // two bits: 0 interpreter, 1 baseline, 2 mid tier, 3 top tier
};

enum class ThreadKind : uint32_t { kMain = 0, kWorker = 1, kNative = 2 };

struct SampleRow {
  uint32_t thread;
  uint32_t stack;
  uint32_t ticks;
  uint32_t flags;    // RawSampleFlags
  uint64_t time_ns;  // since the start of the recording
  uint64_t weight_ns;
};

class ProfileTables {
 public:
  // `max_bytes` (at most 1 GB) bounds the memory of all tables. Beyond it what is known goes on
  // working, and what is new becomes "[table full]": text, function, frame and stack alike.
  explicit ProfileTables(size_t max_bytes = 64u << 20);

  // Longer than 512 code points: the end is replaced by "…#" and eight digits of its hash.
  uint32_t String(std::string_view text);
  // Always appends; deduplication by identity is the resolver's.
  uint32_t AddFunction(const FunctionInfo& info);
  uint32_t Frame(uint32_t function, uint32_t line, uint32_t column, uint32_t flags);
  uint32_t Stack(uint32_t parent, uint32_t frame);  // parent 0: frame is the root
  uint32_t AddThread(uint32_t tid, ThreadKind kind, std::string_view name);
  void RenameThread(uint32_t thread, std::string_view name);
  // Samples wait for Encode in a quarter of the memory. When nobody calls that, those of one
  // thread and stack are merged: weights and ticks are kept, the times between are not.
  void AddSample(const SampleRow& row);

  // Appends everything new since the last call to `out` as batch chunks. The stream that `out` goes
  // to holds a multiple of 8 bytes so far.
  void Encode(std::vector<uint8_t>* out);
  // Appends the magic of a file, or a META or COUNTERS chunk, whose payload is UTF-8 JSON.
  static void EncodeHeader(std::vector<uint8_t>* out);
  static void EncodeMeta(std::string_view json, std::vector<uint8_t>* out);
  static void EncodeCounters(std::string_view json, std::vector<uint8_t>* out);

  size_t bytes() const { return bytes_ + IndexBytes() + samples_.size() * sizeof(SampleRow); }
  bool full() const { return bytes_ + IndexBytes() >= max_bytes_; }
  uint64_t sample_count() const { return sample_count_; }        // handed to AddSample
  uint64_t samples_refused() const { return samples_refused_; }  // dropped: not even merging helped
  uint64_t stacks_refused() const { return stacks_refused_; }    // "[table full]" was returned

 private:
  struct FunctionRow {
    uint32_t name, script;
    int32_t line, column;
    uint32_t kind;
  };
  struct FrameRow {
    uint32_t function, line, column, flags;
    bool operator==(const FrameRow&) const = default;
  };
  struct ThreadRow {
    uint32_t id, tid, kind, name;
  };
  struct FullRows {  // ids of the rows "[table full]"
    uint32_t string, function, frame, stack;
  };

  size_t IndexBytes() const {
    return string_index_.bytes() + frame_index_.bytes() + stack_index_.bytes();
  }
  std::string_view StringAt(uint32_t id) const;
  const FullRows& EnsureFullRows();
  uint32_t Intern(std::string_view text, bool refuse);
  uint32_t AppendFunction(const FunctionRow& row);
  uint32_t AppendFrame(const FrameRow& row, uint32_t hash);
  uint32_t AppendStack(uint64_t key, uint32_t hash);
  uint32_t ThreadNameId(std::string_view name);
  void MergeSamples();
  void EncodeStrings(std::vector<uint8_t>* out);
  void EncodeSamples(std::vector<uint8_t>* out);

  size_t max_bytes_;    // of everything but samples
  size_t max_samples_;  // rows
  size_t bytes_ = 0;    // of rows and text
  uint64_t sample_count_ = 0;
  uint64_t samples_refused_ = 0;
  uint64_t stacks_refused_ = 0;
  FullRows full_rows_{};
  bool merging_helps_ = true;  // until Encode

  // Strings one after another; that of id i (from 1) ends at string_ends_[i].
  std::string text_;
  std::vector<uint32_t> string_ends_;
  std::vector<FunctionRow> new_functions_;
  uint32_t function_count_ = 0;
  std::vector<FrameRow> frames_;
  std::vector<uint64_t> stacks_;  // parent << 32 | frame; index 0 is the empty stack
  std::vector<ThreadRow> threads_;
  std::vector<ThreadRow> new_threads_;
  std::vector<SampleRow> samples_;
  IdIndex string_index_, frame_index_, stack_index_;
  size_t strings_done_ = 1, frames_done_ = 0, stacks_done_ = 1;  // rows already encoded
};

}  // namespace sigprof
