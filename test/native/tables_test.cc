// SPDX-License-Identifier: MIT
#include "resolver/tables.h"

#include <string.h>

#include <map>

#include "test_runner.h"

namespace sigprof {
namespace {

struct Chunk {
  uint32_t type = 0, size = 0;
  size_t payload = 0;  // offset in the stream
};

// A reader written against docs/batch-format.md, not against the writer.
struct Stream {
  std::vector<uint8_t> bytes;

  uint32_t U32(size_t at) const {
    uint32_t value = 0;
    for (int i = 3; i >= 0; i--) value = value << 8 | bytes[at + static_cast<size_t>(i)];
    return value;
  }
  uint64_t U64(size_t at) const { return U32(at) | uint64_t{U32(at + 4)} << 32; }
  std::string Text(size_t at, size_t size) const {
    return {bytes.begin() + at, bytes.begin() + at + size};
  }
  std::vector<Chunk> Chunks(size_t at = 0) const {
    std::vector<Chunk> chunks;
    while (at + 8 <= bytes.size()) {
      Chunk chunk{U32(at), U32(at + 4), at + 8};
      chunks.push_back(chunk);
      at = (chunk.payload + chunk.size + 7) / 8 * 8;
    }
    EXPECT_EQ(at, bytes.size());
    return chunks;
  }
  // Value of column `column` of u32 columns in row `row`.
  uint32_t Cell(const Chunk& chunk, uint32_t column, uint32_t row) const {
    return U32(chunk.payload + 8 + 4 * (size_t{column} * U32(chunk.payload) + row));
  }
};

constexpr uint32_t kStrings = 2, kFunctions = 3, kFrames = 4, kStacks = 5, kThreads = 6,
                   kSamples = 7;

TEST("tables: equal rows have one id, different ones their own") {
  ProfileTables tables;
  EXPECT_EQ(tables.String(""), 0u);
  EXPECT_EQ(tables.String("a"), 1u);
  EXPECT_EQ(tables.String("b"), 2u);
  EXPECT_EQ(tables.String(std::string("a")), 1u);
  EXPECT_EQ(tables.String(std::string_view("a\0b", 3)), 3u);
  EXPECT_EQ(tables.AddFunction({"f", "s.js", 1, 2}), 0u);
  EXPECT_EQ(tables.AddFunction({"f", "s.js", 1, 2}), 1u);  // the resolver's business
  EXPECT_EQ(tables.Frame(0, 1, 2, 3), 0u);
  EXPECT_EQ(tables.Frame(0, 1, 2, 4), 1u);
  EXPECT_EQ(tables.Frame(0, 2, 1, 3), 2u);
  EXPECT_EQ(tables.Frame(0, 1, 2, 3), 0u);
  EXPECT_EQ(tables.Stack(0, 0), 1u);
  EXPECT_EQ(tables.Stack(1, 0), 2u);
  EXPECT_EQ(tables.Stack(0, 1), 3u);
  EXPECT_EQ(tables.Stack(1, 0), 2u);
}

TEST("tables: a hundred thousand stacks keep their ids") {
  ProfileTables tables;
  for (uint32_t i = 0; i < 100000; i++) EXPECT_EQ(tables.Stack(i / 3, i), i + 1);
  for (uint32_t i = 0; i < 100000; i++) EXPECT_EQ(tables.Stack(i / 3, i), i + 1);
  EXPECT_EQ(tables.stacks_refused(), 0u);
}

TEST("tables: every chunk is written as the format says") {
  ProfileTables tables;
  FunctionInfo info{"näme", "/s.js", 7, -1, FunctionKind::kWasm};
  uint32_t function = tables.AddFunction(info);
  uint32_t stack = tables.Stack(tables.Stack(0, tables.Frame(function, 8, 9, 5)), 0);
  uint32_t thread = tables.AddThread(4711, ThreadKind::kWorker, "w");
  tables.AddSample({thread, stack, 3, 1, 0x1122334455667788, 10});
  tables.AddSample({thread, 0, 1, 0, 2, 1u << 31});
  Stream stream;
  ProfileTables::EncodeHeader(&stream.bytes);
  EXPECT_EQ(stream.Text(0, 8), std::string("SIGPROF\1"));
  ProfileTables::EncodeMeta("{\"pid\":1}", &stream.bytes);
  tables.Encode(&stream.bytes);
  ProfileTables::EncodeCounters("{}", &stream.bytes);
  std::vector<Chunk> chunks = stream.Chunks(8);
  REQUIRE(chunks.size() == 8);
  for (uint32_t i = 0; i < 8; i++) EXPECT_EQ(chunks[i].type, i + 1);
  EXPECT_EQ(stream.Text(chunks[0].payload, chunks[0].size), "{\"pid\":1}");
  EXPECT_EQ(stream.Text(chunks[7].payload, chunks[7].size), "{}");

  const Chunk& strings = chunks[1];
  EXPECT_EQ(stream.U32(strings.payload), 3u);
  EXPECT_EQ(stream.U32(strings.payload + 4), 1u);
  EXPECT_EQ(stream.Cell(strings, 0, 0), 5u);
  EXPECT_EQ(stream.Text(strings.payload + 8 + 12, 11), "näme/s.jsw");
  EXPECT_EQ(strings.size, 8u + 12u + 11u);

  EXPECT_EQ(chunks[2].size, 8u + 20u);
  const uint32_t function_row[] = {1, 2, 7, UINT32_MAX, 3};
  for (uint32_t i = 0; i < 5; i++) EXPECT_EQ(stream.Cell(chunks[2], i, 0), function_row[i]);
  const uint32_t frame_row[] = {function, 8, 9, 5};
  for (uint32_t i = 0; i < 4; i++) EXPECT_EQ(stream.Cell(chunks[3], i, 0), frame_row[i]);
  EXPECT_EQ(stream.U32(chunks[4].payload), 2u);
  EXPECT_EQ(stream.U32(chunks[4].payload + 4), 1u);
  EXPECT_EQ(stream.Cell(chunks[4], 0, 0), 0u);
  EXPECT_EQ(stream.Cell(chunks[4], 0, 1), 1u);
  const uint32_t thread_row[] = {0, 4711, 1, 3};
  for (uint32_t i = 0; i < 4; i++) EXPECT_EQ(stream.Cell(chunks[5], i, 0), thread_row[i]);

  const size_t samples = chunks[6].payload;
  EXPECT_EQ(samples % 8, 0u);
  EXPECT_EQ(stream.U32(samples), 2u);
  EXPECT_EQ(stream.U64(samples + 8), 0x1122334455667788u);
  EXPECT_EQ(stream.U64(samples + 16), 2u);
  EXPECT_EQ(stream.U64(samples + 24), 10u);
  EXPECT_EQ(stream.U64(samples + 32), uint64_t{1} << 31);
  const uint32_t rest[] = {thread, thread, stack, 0, 3, 1, 1, 0};
  for (uint32_t i = 0; i < 8; i++) EXPECT_EQ(stream.U32(samples + 40 + 4 * i), rest[i]);
}

TEST("tables: encoding appends only what is new") {
  ProfileTables tables;
  Stream stream;
  tables.Encode(&stream.bytes);
  EXPECT(stream.bytes.empty());
  tables.Stack(0, tables.Frame(tables.AddFunction({"a", ""}), 0, 0, 0));
  tables.Encode(&stream.bytes);
  stream.bytes.clear();
  tables.Encode(&stream.bytes);
  EXPECT(stream.bytes.empty());
  tables.Stack(1, tables.Frame(tables.AddFunction({"b", "a"}), 0, 0, 0));
  tables.Encode(&stream.bytes);
  std::map<uint32_t, Chunk> by_type;
  for (const Chunk& chunk : stream.Chunks()) by_type[chunk.type] = chunk;
  EXPECT_EQ(by_type.size(), 4u);
  for (uint32_t type : {kStrings, kFunctions, kFrames, kStacks}) {
    EXPECT_EQ(stream.U32(by_type[type].payload), 1u);
    EXPECT_EQ(stream.U32(by_type[type].payload + 4),
              type == kFunctions || type == kFrames ? 1u : 2u);
  }
  EXPECT_EQ(stream.Text(by_type[kStrings].payload + 12, 1), "b");
}

TEST("tables: a renamed thread gets one more row, an unchanged one none") {
  ProfileTables tables;
  uint32_t thread = tables.AddThread(5, ThreadKind::kNative, "before");
  Stream stream;
  tables.Encode(&stream.bytes);
  tables.RenameThread(thread, "before");
  tables.RenameThread(99, "nobody");
  stream.bytes.clear();
  tables.Encode(&stream.bytes);
  EXPECT(stream.bytes.empty());
  tables.RenameThread(thread, "between");
  tables.RenameThread(thread, "after");
  tables.Encode(&stream.bytes);
  std::vector<Chunk> chunks = stream.Chunks();
  REQUIRE(chunks.size() == 2 && chunks[1].type == kThreads);
  EXPECT_EQ(stream.U32(chunks[1].payload), 1u);
  const uint32_t row[] = {thread, 5, 2, tables.String("after")};
  for (uint32_t i = 0; i < 4; i++) EXPECT_EQ(stream.Cell(chunks[1], i, 0), row[i]);
}

TEST("tables: when full, known stacks go on working and new ones share one") {
  ProfileTables tables(64 << 10);
  uint32_t frame = tables.Frame(tables.AddFunction({"known", "k.js"}), 1, 1, 0);
  uint32_t known = tables.Stack(0, frame);
  uint32_t i = 0;
  while (!tables.full() && i < 1000000) tables.Stack(known, tables.Frame(0, ++i, 0, 0));
  EXPECT(tables.full());
  EXPECT_EQ(tables.Stack(0, frame), known);
  EXPECT_EQ(tables.Frame(0, 1, 1, 0), frame);
  size_t before = tables.bytes();
  uint32_t function = tables.AddFunction({"new name", "new script"});
  uint32_t refused = tables.Stack(0, tables.Frame(function, 1, 2, 0));
  EXPECT(refused != known && refused != 0);
  EXPECT_EQ(tables.Stack(known, tables.Frame(function, 3, 4, 0)), refused);
  EXPECT_EQ(tables.Stack(refused, frame), refused);
  EXPECT_EQ(tables.stacks_refused(), 2u);
  for (uint32_t n = 0; n < 10000; n++) {
    tables.Stack(known, tables.Frame(tables.AddFunction({std::to_string(n), ""}), n, 7, 0));
  }
  EXPECT(tables.bytes() < before + 1024);
  EXPECT(tables.bytes() <= (64 << 10) * 9 / 8);
  Stream stream;
  tables.Encode(&stream.bytes);
  std::string all(stream.bytes.begin(), stream.bytes.end());
  EXPECT(all.find("[table full]") != all.npos &&
         all.find("[table full]", all.find("[table full]") + 1) == all.npos);
}

TEST("tables: samples that nobody fetches are merged, and no weight is lost") {
  ProfileTables tables(64 << 10);
  constexpr uint32_t kCount = 50000;
  for (uint32_t i = 0; i < kCount; i++) tables.AddSample({i % 2, i % 5, 1, 0, i, 10});
  EXPECT_EQ(tables.sample_count(), uint64_t{kCount});
  EXPECT_EQ(tables.samples_refused(), 0u);
  Stream stream;
  tables.Encode(&stream.bytes);
  Chunk chunk = stream.Chunks()[0];
  EXPECT_EQ(chunk.type, kSamples);
  uint32_t rows = stream.U32(chunk.payload);
  uint64_t weight = 0, last = 0;
  for (uint32_t i = 0; i < rows; i++) {
    uint64_t time = stream.U64(chunk.payload + 8 + 8 * size_t{i});
    EXPECT(time >= last);
    last = time;
    weight += stream.U64(chunk.payload + 8 + 8 * (size_t{rows} + i));
  }
  EXPECT_EQ(weight, uint64_t{kCount} * 10);
  EXPECT(stream.bytes.size() < 20 << 10);
}

TEST("tables: samples that can't be merged are refused and counted") {
  ProfileTables tables(64 << 10);
  for (uint32_t i = 0; i < 10000; i++) tables.AddSample({0, i, 1, 0, i, 10});
  EXPECT(tables.samples_refused() > 0);
  EXPECT(tables.bytes() < 64 << 10);
  Stream stream;
  tables.Encode(&stream.bytes);
  uint64_t refused = tables.samples_refused();
  EXPECT_EQ(stream.U32(stream.Chunks()[0].payload) + refused, 10000u);
  tables.AddSample({0, 1, 1, 0, 1, 1});
  EXPECT_EQ(tables.samples_refused(), refused);
}

TEST("tables: long texts are cut at 512 code points, on a boundary, and stay different") {
  auto text_of = [](std::string_view text) {
    ProfileTables tables;
    tables.String(text);
    Stream stream;
    tables.Encode(&stream.bytes);
    Chunk chunk = stream.Chunks()[0];
    return stream.Text(chunk.payload + 12, stream.U32(chunk.payload + 8));
  };
  auto repeat = [](const char* unit, int times) {
    std::string text;
    for (int i = 0; i < times; i++) text += unit;
    return text;
  };
  for (const char* unit : {"a", "ä", "€", "😀"}) {
    EXPECT_EQ(text_of(repeat(unit, 512)), repeat(unit, 512));
    std::string cut = text_of(repeat(unit, 513));
    EXPECT_EQ(cut.substr(0, cut.size() - 12), repeat(unit, 502));
    EXPECT_EQ(cut.substr(cut.size() - 12, 4), "…#");
    EXPECT(text_of(repeat(unit, 600) + "x") != text_of(repeat(unit, 600) + "y"));
  }
  EXPECT(text_of(repeat("\x80", 100000)).size() <= 2048);  // no UTF-8: still bounded
}

}  // namespace
}  // namespace sigprof
