// SPDX-License-Identifier: MIT
#include "v8/deopt_frames.h"

#include "test_runner.h"

namespace sigprof {
namespace {

using Bytes = std::vector<uint8_t>;

// Opcodes of V8 13 and 14.
constexpr uint8_t kWithReturn = 0, kWithoutReturn = 1, kContinuation = 2, kBegin = 14,
                  kRegister = 39, kOpcodes = 45;

// Two frames, the outer one at bytecode 5 with literal 0, the inner at bytecode 9 with literal 3.
const Bytes kTranslation = {kBegin,         0,  4, 4,  // as it is, 2 frames, 2 of JavaScript
                            kWithReturn,    10, 0, 2, 8, 0,         2, kRegister, 3,
                            kWithoutReturn, 18, 6, 4, 6, kRegister, 1};

TEST("deopt frames: a translation gives its frames, the outermost first") {
  const auto frames = DecodeTranslation(kTranslation.data(), kTranslation.size(), 0);
  REQUIRE(frames.size() == 2);
  EXPECT(frames[0].bytecode_offset == 5 && frames[0].literal == 0);
  EXPECT(frames[1].bytecode_offset == 9 && frames[1].literal == 3);
}

TEST("deopt frames: a translation takes from an earlier one what it has in common") {
  Bytes bytes = kTranslation;
  const auto start = static_cast<uint8_t>(bytes.size());
  // The first two instructions as before, then a frame of its own and one that is no interpreter's.
  const Bytes next = {
      kBegin,        start, 6, 6, kOpcodes + 2, kWithoutReturn, 0x80 | 0x10, 1, 6, 4, 6,
      kContinuation, 2,     0, 0};
  bytes.insert(bytes.end(), next.begin(), next.end());
  const auto frames = DecodeTranslation(bytes.data(), bytes.size(), start);
  REQUIRE(frames.size() == 2);
  EXPECT(frames[0].bytecode_offset == 5);
  EXPECT(frames[1].bytecode_offset == 72 && frames[1].literal == 3);
}

TEST("deopt frames: a translation that does not add up gives nothing") {
  for (size_t size = 0; size < kTranslation.size(); size++) {
    const auto frames = DecodeTranslation(kTranslation.data(), size, 0);
    // What comes behind the last frame is of no interest.
    EXPECT(frames.empty() || size >= kTranslation.size() - 2);
  }
  EXPECT(DecodeTranslation(kTranslation.data(), kTranslation.size(), 4).empty());
  EXPECT(DecodeTranslation(kTranslation.data(), kTranslation.size(), 99).empty());
  Bytes bytes = kTranslation;
  bytes[1] = 3;  // back to before the beginning
  EXPECT(DecodeTranslation(bytes.data(), bytes.size(), 0).empty());
  const Bytes common = {kBegin, 0, 2, 2, kOpcodes + 5};  // of nothing
  EXPECT(DecodeTranslation(common.data(), common.size(), 0).empty());
}

TEST("deopt frames: a safepoint table gives the entry of a call") {
  // has deoptimization data, registers of 1 byte, pcs of 2, indices of 1
  const uint32_t sizes = 1 | 1 << 1 | 2 << 4 | 1 << 7;
  Bytes table = {9, 0, 0, 0, 2, 0, 0, 0, sizes & 0xff, sizes >> 8, 0, 0, 4, 0, 0, 0};
  const Bytes entries = {0x34, 0x12, 0, 0, 0, 0, 1, 0x40, 0x12, 8, 0x80, 0x20, 0, 0};
  table.insert(table.end(), entries.begin(), entries.end());
  EXPECT(FindDeoptIndex(table.data(), table.size(), 0x1240) == 7);
  EXPECT(FindDeoptIndex(table.data(), table.size(), 0x1234) == -1);
  EXPECT(FindDeoptIndex(table.data(), table.size(), 0x1241) == -1);
  // cut off, and no table at all
  EXPECT(FindDeoptIndex(table.data(), table.size() - 1, 0x1240) == -1);
  EXPECT(FindDeoptIndex(table.data(), 15, 0x1240) == -1);
  const Bytes ones(64, 0xff);
  EXPECT(FindDeoptIndex(ones.data(), ones.size(), -1) == -1);
}

}  // namespace
}  // namespace sigprof
