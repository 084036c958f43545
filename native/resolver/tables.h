// SPDX-License-Identifier: MIT
// The profile under construction: interned strings, functions, frames, stacks, and the samples that
// refer to them, encoded as the append-only batch format of docs/batch-format.md.
// Not thread-safe: callers hold the resolve lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  uint32_t flags;      // RawSampleFlags
  uint64_t time_ns;    // since the start of the recording
  uint64_t weight_ns;
};

class ProfileTables {
 public:
  // `max_bytes` bounds the memory of all tables; beyond it new stacks become "[table full]".
  explicit ProfileTables(size_t max_bytes = 64u << 20);

  uint32_t String(std::string_view text);
  // Always appends; deduplication by identity is the resolver's.
  uint32_t AddFunction(const FunctionInfo& info);
  uint32_t Frame(uint32_t function, uint32_t line, uint32_t column, uint32_t flags);
  uint32_t Stack(uint32_t parent, uint32_t frame);  // parent 0: frame is the root
  uint32_t AddThread(uint32_t tid, ThreadKind kind, std::string_view name);
  void RenameThread(uint32_t thread, std::string_view name);
  void AddSample(const SampleRow& row);

  // Appends everything new since the last call to `out` as batch chunks.
  void Encode(std::vector<uint8_t>* out);
  // Appends a META or COUNTERS chunk, whose payload is UTF-8 JSON.
  static void EncodeHeader(std::vector<uint8_t>* out);
  static void EncodeMeta(std::string_view json, std::vector<uint8_t>* out);
  static void EncodeCounters(std::string_view json, std::vector<uint8_t>* out);

  size_t bytes() const { return bytes_; }
  bool full() const { return bytes_ >= max_bytes_; }
  uint64_t sample_count() const { return sample_count_; }
  uint64_t stacks_refused() const { return stacks_refused_; }

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
  struct FrameHash {
    size_t operator()(const FrameRow& row) const;
  };
  struct ThreadRow {
    uint32_t id, tid, kind, name;
  };
  bool Reserve(size_t bytes);

  size_t max_bytes_;
  size_t bytes_ = 0;
  uint64_t sample_count_ = 0;
  uint64_t stacks_refused_ = 0;
  std::unordered_map<std::string, uint32_t> string_ids_;
  std::unordered_map<FrameRow, uint32_t, FrameHash> frame_ids_;
  std::unordered_map<uint64_t, uint32_t> stack_ids_;  // parent << 32 | frame
  std::vector<const std::string*> strings_;           // views of string_ids_' keys
  std::vector<FunctionRow> functions_;
  std::vector<FrameRow> frames_;
  std::vector<uint64_t> stacks_;
  std::vector<ThreadRow> new_threads_;
  std::vector<SampleRow> new_samples_;
  uint32_t thread_count_ = 0;
  size_t strings_done_ = 0, functions_done_ = 0, frames_done_ = 0, stacks_done_ = 0;
};

}  // namespace sigprof
