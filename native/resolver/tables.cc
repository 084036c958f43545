// SPDX-License-Identifier: MIT
#include "resolver/tables.h"

#include <string.h>

#include <algorithm>
#include <functional>
#include <span>
#include <tuple>

#include "resolver/batch_writer.h"

namespace sigprof {
namespace {

constexpr size_t kMaxBytes = 1u << 30;  // keeps sizes of chunks and of text_ within 32 bits
constexpr size_t kMinBytes = 64u << 10;
constexpr size_t kMaxCodePoints = 512;
constexpr size_t kMaxTextBytes = kMaxCodePoints * 4;  // reached only by text that is no UTF-8
constexpr size_t kCutMarkCodePoints = 10;             // "…#" and 8 digits
constexpr const char* kTableFull = "[table full]";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the first `count` code points; all bytes if there are no more.
size_t PrefixBytes(std::string_view text, size_t count) {
  size_t at = 0;
  for (; at < text.size(); at++) {
    if (!IsContinuation(text[at]) && count-- == 0) break;
  }
  return at;
}

uint32_t Fnv1a(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
  return hash;
}

bool IsTooLong(std::string_view text) {
  if (text.size() <= kMaxCodePoints) return false;
  return text.size() > kMaxTextBytes || PrefixBytes(text, kMaxCodePoints) < text.size();
}

// The hash keeps two long texts with the same beginning apart.
std::string CutText(std::string_view text) {
  size_t keep = PrefixBytes(text, kMaxCodePoints - kCutMarkCodePoints);
  keep = std::min(keep, kMaxTextBytes - 2 * kCutMarkCodePoints);
  std::string cut(text.substr(0, keep));
  cut += "…#";
  uint32_t hash = Fnv1a(text);
  for (int shift = 28; shift >= 0; shift -= 4) cut += "0123456789abcdef"[(hash >> shift) & 15];
  return cut;
}

template <typename Row>
uint32_t HashOf(const Row& row) {
  uint64_t words[2];
  static_assert(sizeof(Row) == sizeof words);
  memcpy(words, &row, sizeof words);
  return MixHash(words[0] * 31 + MixHash(words[1]));
}

}  // namespace

ProfileTables::ProfileTables(size_t max_bytes) {
  max_bytes = std::clamp(max_bytes, kMinBytes, kMaxBytes);
  max_bytes_ = max_bytes / 4 * 3;
  max_samples_ = max_bytes / 4 / sizeof(SampleRow);
  string_ends_.push_back(0);  // id 0 is ""
  stacks_.push_back(0);       // id 0 is the empty stack
}

std::string_view ProfileTables::StringAt(uint32_t id) const {
  uint32_t start = string_ends_[id - 1];
  return std::string_view(text_).substr(start, string_ends_[id] - start);
}

uint32_t ProfileTables::Intern(std::string_view text, bool refuse) {
  if (text.empty()) return 0;
  std::string cut;
  if (IsTooLong(text)) text = cut = CutText(text);
  uint32_t hash = MixHash(std::hash<std::string_view>()(text));
  uint32_t known = string_index_.Find(hash, [&](uint32_t id) { return StringAt(id) == text; });
  if (known != IdIndex::kNone) return known;
  if (refuse) return EnsureFullRows().string;
  text_.append(text);
  string_ends_.push_back(static_cast<uint32_t>(text_.size()));
  bytes_ += text.size() + sizeof(uint32_t);
  uint32_t id = static_cast<uint32_t>(string_ends_.size() - 1);
  string_index_.Insert(hash, id);
  return id;
}

uint32_t ProfileTables::String(std::string_view text) { return Intern(text, full()); }

// Made when first needed, over the limit: a few dozen bytes.
const ProfileTables::FullRows& ProfileTables::EnsureFullRows() {
  if (full_rows_.stack != 0) return full_rows_;
  uint32_t name = Intern(kTableFull, false);
  uint32_t function =
      AppendFunction({name, 0, 0, 0, static_cast<uint32_t>(FunctionKind::kSpecial)});
  FrameRow row{function, 0, 0, 0};
  uint32_t frame = AppendFrame(row, HashOf(row));
  full_rows_ = {name, function, frame, AppendStack(frame, MixHash(frame))};
  return full_rows_;
}

uint32_t ProfileTables::AppendFunction(const FunctionRow& row) {
  new_functions_.push_back(row);
  // Dropped once encoded, but each stands for one in the resolver's caches.
  bytes_ += sizeof row;
  return function_count_++;
}

uint32_t ProfileTables::AddFunction(const FunctionInfo& info) {
  if (full()) return EnsureFullRows().function;
  return AppendFunction({String(info.name), String(info.script), info.line, info.column,
                         static_cast<uint32_t>(info.kind)});
}

uint32_t ProfileTables::AppendFrame(const FrameRow& row, uint32_t hash) {
  uint32_t id = static_cast<uint32_t>(frames_.size());
  frames_.push_back(row);
  bytes_ += sizeof row;
  frame_index_.Insert(hash, id);
  return id;
}

uint32_t ProfileTables::Frame(uint32_t function, uint32_t line, uint32_t column, uint32_t flags) {
  FrameRow row{function, line, column, flags};
  uint32_t hash = HashOf(row);
  uint32_t known = frame_index_.Find(hash, [&](uint32_t id) { return frames_[id] == row; });
  if (known != IdIndex::kNone) return known;
  return full() ? EnsureFullRows().frame : AppendFrame(row, hash);
}

uint32_t ProfileTables::AppendStack(uint64_t key, uint32_t hash) {
  uint32_t id = static_cast<uint32_t>(stacks_.size());
  stacks_.push_back(key);
  bytes_ += sizeof key;
  stack_index_.Insert(hash, id);
  return id;
}

uint32_t ProfileTables::Stack(uint32_t parent, uint32_t frame) {
  // Nothing grows on "[table full]": what was refused once stays that one stack.
  if (full_rows_.stack != 0 && parent == full_rows_.stack) return parent;
  uint64_t key = uint64_t{parent} << 32 | frame;
  uint32_t hash = MixHash(key);
  uint32_t known = stack_index_.Find(hash, [&](uint32_t id) { return stacks_[id] == key; });
  if (known == IdIndex::kNone && !full()) return AppendStack(key, hash);
  uint32_t id = known == IdIndex::kNone ? EnsureFullRows().stack : known;
  if (id == full_rows_.stack) stacks_refused_++;
  return id;
}

// Threads are told apart even when the tables are full, up to an eighth beyond the limit.
uint32_t ProfileTables::ThreadNameId(std::string_view name) {
  return Intern(name, bytes_ + IndexBytes() >= max_bytes_ + max_bytes_ / 8);
}

uint32_t ProfileTables::AddThread(uint32_t tid, ThreadKind kind, std::string_view name) {
  ThreadRow row{static_cast<uint32_t>(threads_.size()), tid, static_cast<uint32_t>(kind),
                ThreadNameId(name)};
  threads_.push_back(row);
  new_threads_.push_back(row);
  bytes_ += sizeof row;
  return row.id;
}

void ProfileTables::RenameThread(uint32_t thread, std::string_view name) {
  if (thread >= threads_.size()) return;
  ThreadRow& row = threads_[thread];
  uint32_t id = ThreadNameId(name);
  if (row.name == id) return;
  row.name = id;
  // A name that changes again before Encode needs one row only.
  auto same = std::find_if(new_threads_.rbegin(), new_threads_.rend(),
                           [&](const ThreadRow& other) { return other.id == thread; });
  if (same != new_threads_.rend()) {
    *same = row;
  } else {
    new_threads_.push_back(row);
  }
}

void ProfileTables::AddSample(const SampleRow& row) {
  sample_count_++;
  if (samples_.size() >= max_samples_) {
    if (!merging_helps_) {
      samples_refused_++;
      return;
    }
    MergeSamples();
    // Where every sample has a stack of its own, merging each time would cost all CPU.
    merging_helps_ = samples_.size() <= max_samples_ / 4 * 3;
    if (samples_.size() >= max_samples_) {
      samples_refused_++;
      return;
    }
  }
  samples_.push_back(row);
}

void ProfileTables::MergeSamples() {
  auto key = [](const SampleRow& row) { return std::tie(row.thread, row.stack, row.flags); };
  std::sort(samples_.begin(), samples_.end(), [&](const SampleRow& a, const SampleRow& b) {
    return std::tuple_cat(key(a), std::tie(a.time_ns)) <
           std::tuple_cat(key(b), std::tie(b.time_ns));
  });
  size_t kept = 0;
  for (size_t i = 1; i < samples_.size(); i++) {
    if (key(samples_[kept]) == key(samples_[i])) {
      samples_[kept].ticks += samples_[i].ticks;
      samples_[kept].weight_ns += samples_[i].weight_ns;
    } else {
      samples_[++kept] = samples_[i];
    }
  }
  samples_.resize(kept + 1);
  std::sort(samples_.begin(), samples_.end(),
            [](const SampleRow& a, const SampleRow& b) { return a.time_ns < b.time_ns; });
}

void ProfileTables::EncodeStrings(std::vector<uint8_t>* out) {
  if (strings_done_ == string_ends_.size()) return;
  BatchChunk chunk(BatchChunkType::kStrings, out);
  chunk.Rows(string_ends_.size() - strings_done_, strings_done_);
  for (size_t i = strings_done_; i < string_ends_.size(); i++) {
    chunk.Append(string_ends_[i] - string_ends_[i - 1]);
  }
  size_t start = string_ends_[strings_done_ - 1];
  chunk.AppendBytes(text_.data() + start, text_.size() - start);
  strings_done_ = string_ends_.size();
}

void ProfileTables::EncodeSamples(std::vector<uint8_t>* out) {
  if (samples_.empty()) return;
  BatchChunk chunk(BatchChunkType::kSamples, out);
  chunk.Rows(samples_.size(), 0);
  chunk.Column(samples_, &SampleRow::time_ns);
  chunk.Column(samples_, &SampleRow::weight_ns);
  chunk.Column(samples_, &SampleRow::thread);
  chunk.Column(samples_, &SampleRow::stack);
  chunk.Column(samples_, &SampleRow::ticks);
  chunk.Column(samples_, &SampleRow::flags);
  samples_.clear();
  merging_helps_ = true;
}

void ProfileTables::Encode(std::vector<uint8_t>* out) {
  EncodeStrings(out);
  if (!new_functions_.empty()) {
    BatchChunk chunk(BatchChunkType::kFunctions, out);
    chunk.Rows(new_functions_.size(), function_count_ - new_functions_.size());
    chunk.Column(new_functions_, &FunctionRow::name);
    chunk.Column(new_functions_, &FunctionRow::script);
    chunk.Column(new_functions_, &FunctionRow::line);
    chunk.Column(new_functions_, &FunctionRow::column);
    chunk.Column(new_functions_, &FunctionRow::kind);
    new_functions_.clear();
  }
  if (std::span<const FrameRow> rows = std::span(frames_).subspan(frames_done_); !rows.empty()) {
    BatchChunk chunk(BatchChunkType::kFrames, out);
    chunk.Rows(rows.size(), frames_done_);
    chunk.Column(rows, &FrameRow::function);
    chunk.Column(rows, &FrameRow::line);
    chunk.Column(rows, &FrameRow::column);
    chunk.Column(rows, &FrameRow::flags);
    frames_done_ = frames_.size();
  }
  if (std::span<const uint64_t> rows = std::span(stacks_).subspan(stacks_done_); !rows.empty()) {
    BatchChunk chunk(BatchChunkType::kStacks, out);
    chunk.Rows(rows.size(), stacks_done_);
    for (uint64_t key : rows) chunk.Append(static_cast<uint32_t>(key >> 32));
    for (uint64_t key : rows) chunk.Append(static_cast<uint32_t>(key));
    stacks_done_ = stacks_.size();
  }
  if (!new_threads_.empty()) {
    BatchChunk chunk(BatchChunkType::kThreads, out);
    chunk.Rows(new_threads_.size(), 0);
    chunk.Column(new_threads_, &ThreadRow::id);
    chunk.Column(new_threads_, &ThreadRow::tid);
    chunk.Column(new_threads_, &ThreadRow::kind);
    chunk.Column(new_threads_, &ThreadRow::name);
    new_threads_.clear();
  }
  EncodeSamples(out);
}

void ProfileTables::EncodeHeader(std::vector<uint8_t>* out) {
  static constexpr uint8_t kMagic[8] = {'S', 'I', 'G', 'P', 'R', 'O', 'F', 1};
  out->insert(out->end(), kMagic, kMagic + sizeof kMagic);
}

void ProfileTables::EncodeMeta(std::string_view json, std::vector<uint8_t>* out) {
  BatchChunk(BatchChunkType::kMeta, out).AppendBytes(json.data(), json.size());
}

void ProfileTables::EncodeCounters(std::string_view json, std::vector<uint8_t>* out) {
  BatchChunk(BatchChunkType::kCounters, out).AppendBytes(json.data(), json.size());
}

}  // namespace sigprof
