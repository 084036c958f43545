// SPDX-License-Identifier: MIT
// Capture over made-up stacks: each test lays out the words V8 would leave and names the walk.
#include "unwinder/capture.h"

#include <algorithm>
#include <memory>

#include "test_runner.h"

namespace sigprof {
namespace {

constexpr uint64_t kLow = 0x7fff00000000;
constexpr uint64_t kCode = 0x500000;          // V8's code lies in [kCode, kCode + 4096)
constexpr uint64_t kTagged = 0x100000000001;  // a heap object
constexpr uint64_t kEntryMarker = 1 << 1;

// A stack of `words` words at address kLow, with the frames put into it.
class FakeStack {
 public:
  explicit FakeStack(size_t words) : bytes_(new uint64_t[words]()), words_(words) {
    code.Add(kCode, kCode + 4096);
  }

  uint64_t at(size_t word) const { return kLow + word * 8; }
  void Put(uint64_t address, uint64_t value) { bytes_[(address - kLow) / 8] = value; }
  // A standard frame at word `fp` that returns to word `caller`.
  void PutFrame(size_t fp, size_t caller) {
    Put(at(fp), at(caller));
    Put(at(fp + 1), kCode + 0x100 + fp);
    Put(at(fp - 1), kTagged);
    Put(at(fp - 2), kTagged + fp * 16);
  }
  // An outermost entry frame at word `fp`.
  void PutEntry(size_t fp) {
    Put(at(fp), at(fp + 4));
    Put(at(fp - 1), kEntryMarker);
    Put(at(fp) + static_cast<uint64_t>(int64_t{layout.entry_saved_c_entry_fp}), 0);
  }
  const RawSample& Capture() {
    sample_.reset(new unsigned char[kMaxRawSampleSize]);
    auto* sample = reinterpret_cast<RawSample*>(sample_.get());
    // Exactly the window is readable: the sanitizer sees a read past either end.
    StackWindow window{kLow, kLow + words_ * 8, reinterpret_cast<unsigned char*>(bytes_.get())};
    CaptureStack(layout, code, regs, isolate, window, sample);
    return *sample;
  }

  CaptureLayout layout;
  CodeRanges code;
  RawRegisters regs{};
  RawIsolateState isolate{.c_entry_fp = 0,
                          .fast_call_fp = 0,
                          .fast_call_pc = 0,
                          .js_entry_sp = kLow + 8,
                          .vm_state = 0,
                          .reserved = 0};

 private:
  std::unique_ptr<uint64_t[]> bytes_;
  size_t words_;
  std::unique_ptr<unsigned char[]> sample_;
};

// Where the entry frame of Chain(count) is. Its saved words reach 8 words down.
constexpr size_t EntryOf(size_t count) { return 16 + count * 8 + 8; }

// A chain of `count` frames, 8 words each, from word 16 on, below an entry frame; the leaf runs JS.
FakeStack Chain(size_t count) {
  FakeStack stack(EntryOf(count) + 32);
  for (size_t i = 0; i < count; i++) {
    stack.PutFrame(16 + i * 8, i + 1 < count ? 24 + i * 8 : EntryOf(count));
  }
  stack.PutEntry(EntryOf(count));
  stack.regs.rip = kCode + 0x10;
  stack.regs.rsp = stack.at(4);
  stack.regs.rbp = stack.at(16);
  return stack;
}

TEST("capture: a JS leaf is walked by rbp to the outermost entry frame") {
  FakeStack stack = Chain(3);
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kRegisters);
  EXPECT_EQ(sample.flags, 0);
  REQUIRE(sample.frame_count == 4);
  EXPECT_EQ(sample.frames()[0].pc, kCode + 0x10);
  EXPECT_EQ(sample.frames()[1].pc, kCode + 0x100 + 16);
  EXPECT_EQ(sample.frames()[0].function, kTagged + 16 * 16);
  EXPECT_EQ(sample.frames()[3].marker, kEntryMarker);
  EXPECT_EQ(sample.omitted_frames, 0u);
}

TEST("capture: without JS on the stack the sample is idle and has no frame") {
  FakeStack stack = Chain(3);
  stack.isolate.js_entry_sp = 0;
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kNone);
  EXPECT_EQ(sample.frame_count, 0u);
  EXPECT_EQ(sample.flags, kSampleIdle);
}

TEST("capture: an exit frame wins over rip, and has no pc") {
  FakeStack stack = Chain(3);
  stack.isolate.c_entry_fp = stack.at(24);
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kExitFrame);
  REQUIRE(sample.frame_count == 3);
  EXPECT_EQ(sample.frames()[0].fp, stack.at(24));
  EXPECT_EQ(sample.frames()[0].pc, 0u);
}

TEST("capture: a fast C call starts at the frame that V8 recorded") {
  FakeStack stack = Chain(3);
  stack.regs.rip = 0x1234;
  stack.isolate.fast_call_fp = stack.at(24);
  stack.isolate.fast_call_pc = kCode + 0x77;
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kFastCall);
  REQUIRE(sample.frame_count == 3);
  EXPECT_EQ(sample.frames()[0].pc, kCode + 0x77);
}

TEST("capture: an entry frame leads on to the frame JS was left by before") {
  FakeStack nested(128);
  nested.PutFrame(16, 32);
  nested.PutEntry(32);
  nested.PutFrame(48, 64);
  nested.PutEntry(64);
  nested.Put(nested.at(32) - 64, nested.at(48));
  nested.regs = Chain(1).regs;
  const RawSample& sample = nested.Capture();
  REQUIRE(sample.frame_count == 4);
  EXPECT_EQ(sample.frames()[2].fp, nested.at(48));
  EXPECT_EQ(sample.frames()[2].pc, 0u);
  EXPECT_EQ(sample.flags, 0);
}

TEST("capture: a C++ leaf without a record is started by scan") {
  FakeStack stack = Chain(3);
  stack.regs.rip = 0x1234;
  stack.Put(stack.at(8), kCode + 0x55);  // the return address the call pushed; rbp is still JS's
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kStackScan);
  REQUIRE(sample.frame_count == 4);
  EXPECT_EQ(sample.frames()[0].pc, kCode + 0x55);
  stack.regs.rbp = 0;  // saved by the callee instead
  stack.Put(stack.at(6), stack.at(16));
  EXPECT_EQ(stack.Capture().frame_count, 4u);
}

TEST("capture: while the deoptimizer runs, the next whole frame above is found") {
  FakeStack stack = Chain(3);
  stack.isolate.c_entry_fp = stack.isolate.fast_call_fp = stack.at(10);
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kDeoptimizer);
  REQUIRE(sample.frame_count == 4);
  EXPECT_EQ(sample.frames()[0].fp, stack.at(16));
}

TEST("capture: a chain that breaks is truncated, what was found is kept") {
  for (uint64_t bad : {uint64_t{0}, uint64_t{8}, ~uint64_t{0}, kLow - 8, kLow + (1 << 20),
                       kLow + 16 * 8, kLow + 33 * 8 + 3}) {
    FakeStack stack = Chain(4);
    stack.Put(stack.at(32), bad);
    const RawSample& sample = stack.Capture();
    // A caller of 0 reads as the end of an entry frame: it ends the walk without a complaint.
    EXPECT_EQ(sample.flags & kSampleTruncated, bad == 0 ? 0 : kSampleTruncated);
    EXPECT_EQ(sample.frame_count, 3u);
  }
}

TEST("capture: wild registers and Isolate words find nothing and read nothing outside") {
  const uint64_t wild[] = {0,
                           1,
                           7,
                           kLow - 1,
                           kLow,
                           kLow + 1,
                           kLow + 8 * 16 - 4,
                           ~uint64_t{0},
                           ~uint64_t{0} - 7,
                           uint64_t{1} << 63};
  for (uint64_t a : wild) {
    for (uint64_t b : wild) {
      FakeStack stack = Chain(3);
      stack.regs.rsp = a;
      stack.regs.rbp = b;
      stack.Capture();
      stack.regs.rip = b;
      stack.Capture();
      stack.isolate.c_entry_fp = b;
      stack.isolate.fast_call_fp = a;
      const RawSample& sample = stack.Capture();
      EXPECT(sample.frame_count <= kMaxFrames && sample.top_word_count <= kTopWords);
      stack.isolate.fast_call_fp = b;
      stack.Capture();
    }
  }
}

TEST("capture: the words at rsp are copied, up to the end of the stack") {
  FakeStack stack = Chain(20);
  stack.Put(stack.regs.rsp, 0xabcdef);
  EXPECT_EQ(stack.Capture().top_word_count, kTopWords);
  EXPECT_EQ(stack.Capture().top_words[0], 0xabcdefu);
  stack.regs.rsp = stack.at(EntryOf(20) + 31);
  EXPECT_EQ(stack.Capture().top_word_count, 1u);
}

TEST("capture: beyond the depth cap the leaf-most and the root-most frames are kept, in order") {
  for (size_t count : {size_t{kMaxFrames} - 1, size_t{kMaxFrames}, size_t{kMaxFrames} + 1,
                       size_t{kMaxFrames} + 40, size_t{3000}}) {
    FakeStack stack = Chain(count);
    const RawSample& sample = stack.Capture();
    const size_t total = count + 1;  // the entry frame
    EXPECT_EQ(sample.frame_count, std::min<size_t>(total, kMaxFrames));
    EXPECT_EQ(sample.omitted_frames, total - sample.frame_count);
    EXPECT_EQ(sample.frames()[0].fp, stack.at(16));
    EXPECT_EQ(sample.frames()[kMaxLeafFrames - 1].fp, stack.at(16 + (kMaxLeafFrames - 1) * 8));
    EXPECT_EQ(sample.frames()[sample.frame_count - 1].fp, stack.at(EntryOf(count)));
    for (uint32_t i = 1; i < sample.frame_count; i++) {
      EXPECT(sample.frames()[i].fp > sample.frames()[i - 1].fp);
    }
    EXPECT_EQ(sample.flags, 0);
  }
}

TEST("capture: WebAssembly code is outside of V8's ranges and starts at its typed frame") {
  FakeStack stack = Chain(2);
  stack.layout.wasm_frame_type = 4;
  stack.Put(stack.at(15), 4 << 1);  // the leaf's marker
  stack.regs.rip = 0x900000;
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kRegisters);
  EXPECT_EQ(sample.frame_count, 3u);
  EXPECT_EQ(sample.frames()[0].fp, stack.at(16));
  EXPECT_EQ(sample.frames()[0].pc, 0x900000u);
}

TEST("capture: a marker below rsp makes no WebAssembly frame") {
  FakeStack stack = Chain(2);
  stack.layout.wasm_frame_type = 4;
  stack.Put(stack.at(15), 4 << 1);
  stack.regs.rip = 0x900000;
  stack.regs.rsp = stack.at(16);
  EXPECT_EQ(stack.Capture().start, WalkStart::kStackScan);
}

TEST("capture: what calls JavaScript out of WebAssembly is outside of V8's ranges as well") {
  FakeStack stack = Chain(2);
  stack.layout.wasm_frame_type = 4;
  stack.layout.wasm_to_js_frame_type = 5;
  stack.Put(stack.at(15), 5 << 1);
  stack.regs.rip = 0x900000;
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kRegisters);
  EXPECT_EQ(sample.frames()[0].fp, stack.at(16));
}

TEST("capture: a WebAssembly frame without its marker yet starts at its caller's") {
  FakeStack stack = Chain(2);
  stack.layout.wasm_frame_type = 4;
  stack.Put(stack.at(15), 4 << 1);
  stack.regs.rip = 0x900000;
  stack.regs.rsp = stack.regs.rbp = stack.at(10);
  stack.Put(stack.at(10), stack.at(16));
  stack.Put(stack.at(11), 0x900100);
  const RawSample& sample = stack.Capture();
  EXPECT_EQ(sample.start, WalkStart::kRegisters);
  EXPECT_EQ(sample.frames()[0].fp, stack.at(16));
  EXPECT_EQ(sample.frames()[0].pc, 0x900000u);
}

}  // namespace
}  // namespace sigprof
