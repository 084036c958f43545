// SPDX-License-Identifier: MIT
// Unwind data and stacks made up for the strange cases, and real data with wrong bytes.
#include <string.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "os/memory.h"
#include "test_runner.h"
#include "unwinder/module_tables.h"
#include "unwinder/native_walk.h"

namespace sigprof {
namespace {

// -- Made-up modules: one function of 256 bytes at kCode whose FDE is given in bytes.

constexpr uint64_t kCode = 0x10000;
constexpr uint64_t kHeader = 0x20000;
constexpr uint64_t kFrames = 0x30000;
constexpr uint64_t kStack = 0x7fff0000;

class FakeModule {
 public:
  // `letters` is the augmentation, `cie` and `fde` are instructions.
  FakeModule(std::vector<uint8_t> cie, std::vector<uint8_t> fde, std::string letters = "zR") {
    std::vector<uint8_t> body = {0, 0, 0, 0, 1};
    body.insert(body.end(), letters.begin(), letters.end());
    body.insert(body.end(),
                {0, 1, 0x78, 16, 1, 0x1b});  // align 1, -8; rip; data: pc-relative int32
    body.insert(body.end(), cie.begin(), cie.end());
    AppendRecord(body);
    const auto fde_at = static_cast<uint32_t>(frames_.size());
    body = {};
    Append32(&body, fde_at + 4);
    Append32(&body, static_cast<uint32_t>(kCode - (kFrames + fde_at + 8)));
    Append32(&body, 256);
    body.push_back(0);
    body.insert(body.end(), fde.begin(), fde.end());
    AppendRecord(body);
    Append32(&table_, static_cast<uint32_t>(kCode - kHeader));
    Append32(&table_, static_cast<uint32_t>(kFrames + fde_at - kHeader));
    module_.start = kCode;
    module_.end = kCode + 4096;
    module_.table = table_.data();
    module_.table_count = 1;
    module_.table_base = kHeader;
    module_.frames = frames_.data();
    module_.frames_size = frames_.size();
    module_.frames_base = kFrames;
  }
  FakeModule(const FakeModule&) = delete;

  CfiResult Row(uint64_t pc) { return FindCfiRow(module_, pc, &row); }
  UnwindTables tables() const { return {&module_, 1, 1}; }
  const UnwindModule& module() const { return module_; }

  CfiRow row;

 private:
  static void Append32(std::vector<uint8_t>* out, uint32_t value) {
    for (int i = 0; i < 4; i++) out->push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  void AppendRecord(const std::vector<uint8_t>& body) {
    Append32(&frames_, static_cast<uint32_t>(body.size()));
    frames_.insert(frames_.end(), body.begin(), body.end());
  }
  std::vector<uint8_t> table_, frames_;
  UnwindModule module_;
};

// def_cfa rsp+8; rip at cfa-8.
const std::vector<uint8_t> kUsualCie = {0x0c, 7, 8, 0x90, 1};

struct FakeStack {
  uint64_t words[32] = {};
  NativeStart start{{}, true};

  FakeStack(uint64_t pc, uint64_t rbp = 0) {
    start.regs.Set(kDwarfRip, pc);
    start.regs.Set(kDwarfRsp, kStack);
    start.regs.Set(kDwarfRbp, rbp);
  }
  std::vector<NativeFrame> frames;
  NativeEnd Walk(const FakeModule& module, CodeRanges v8 = {}) {
    frames.resize(64);
    NativeFrameList list = {frames.data(), 0, 64};
    const StackReader stack(
        {kStack, kStack + sizeof words, reinterpret_cast<const unsigned char*>(words)});
    const NativeEnd end = WalkNative(module.tables(), v8, stack, nullptr, &start, &list);
    frames.resize(list.count);
    return end;
  }
};

TEST("cfi: advance, remember and restore give the row that holds at each pc") {
  // +1: cfa 16, rbp saved; +4: cfa by rbp; remember; +0x10: cfa rsp+8; restore; +0x20 end
  FakeModule module(kUsualCie, {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x4c, 0x0c, 7, 8,
                                0xc6, 0x0b, 0x60, 0x0e, 8});
  REQUIRE(module.Row(kCode) == CfiResult::kFound);
  EXPECT_EQ(module.row.cfa_value, 8);
  EXPECT_EQ(module.row.mentioned, 1u << kDwarfRip);
  REQUIRE(module.Row(kCode + 1) == CfiResult::kFound);
  EXPECT_EQ(module.row.cfa_value, 16);
  EXPECT_EQ(module.row.value[kDwarfRbp], -16);
  REQUIRE(module.Row(kCode + 4) == CfiResult::kFound);
  EXPECT_EQ(static_cast<uint32_t>(module.row.cfa_register), uint32_t{kDwarfRbp});
  REQUIRE(module.Row(kCode + 0x10) == CfiResult::kFound);
  EXPECT_EQ(static_cast<uint32_t>(module.row.cfa_register), uint32_t{kDwarfRbp});
  EXPECT_EQ(module.row.mentioned, 1u << kDwarfRip | 1u << kDwarfRbp);
}

TEST("cfi: a pc outside of every function has no data, an unknown instruction breaks it") {
  FakeModule module(kUsualCie, {0x41, 0x3f});
  EXPECT_EQ(module.Row(kCode - 1), CfiResult::kNone);
  EXPECT_EQ(module.Row(kCode + 256), CfiResult::kNone);
  EXPECT_EQ(module.Row(kCode), CfiResult::kFound);
  EXPECT_EQ(module.Row(kCode + 1), CfiResult::kBroken);
}

TEST("cfi: restore without remember, and remember without end, are refused") {
  FakeModule restore(kUsualCie, {0x0b});
  EXPECT_EQ(restore.Row(kCode), CfiResult::kBroken);
  FakeModule remember(kUsualCie, std::vector<uint8_t>(100, 0x0a));
  EXPECT_EQ(remember.Row(kCode), CfiResult::kBroken);
}

TEST("cfi: a function without return address rule or with another return register is refused") {
  FakeModule module({0x0c, 7, 8}, {});
  FakeStack stack(kCode);
  EXPECT_EQ(stack.Walk(module), NativeEnd::kBrokenData);
}

TEST("native walk: the expression of PLT stubs tells before from after the push") {
  // def_cfa_expression: breg7+8, breg16+0, lit15, and, lit11, ge, lit3, shl, plus
  FakeModule module({0x90, 1},
                    {0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22});
  FakeStack before(kCode + 10);
  before.words[0] = 0;  // an outermost return address
  EXPECT_EQ(before.Walk(module), NativeEnd::kOutermost);
  REQUIRE(before.frames.size() == 1);
  EXPECT_EQ(before.frames[0].cfa, kStack + 8);
  FakeStack after(kCode + 11);
  EXPECT_EQ(after.Walk(module), NativeEnd::kOutermost);
  EXPECT_EQ(after.frames[0].cfa, kStack + 16);
}

TEST("native walk: an expression that goes round for ever is given up") {
  FakeModule module({0x90, 1}, {0x0f, 4, 0x38, 0x2f, 0xfc, 0xff});
  FakeStack stack(kCode);
  EXPECT_EQ(stack.Walk(module), NativeEnd::kLostRegister);
}

TEST("native walk: a CFA that does not grow, or leaves the stack, ends the walk with the reason") {
  FakeModule still({0x0c, 7, 0, 0x90, 1}, {});
  FakeStack first(kCode);
  EXPECT_EQ(first.Walk(still), NativeEnd::kOutOfStack);
  FakeModule far({0x0c, 7, 0x80, 0x80, 1, 0x90, 1}, {});
  FakeStack second(kCode);
  EXPECT_EQ(second.Walk(far), NativeEnd::kOutOfStack);
}

TEST("native walk: a register the callee did not keep is lost after one frame") {
  // cfa = r11+8: holds where the thread was interrupted, not in a caller.
  FakeModule module({0x0c, 11, 8, 0x90, 1}, {});
  FakeStack stack(kCode);
  stack.start.regs.Set(11, kStack);
  stack.words[0] = kCode + 0x40;
  EXPECT_EQ(stack.Walk(module), NativeEnd::kLostRegister);
  EXPECT_EQ(stack.frames.size(), 2u);
}

TEST("native walk: V8's code ends it, with the frame pointer that belongs to it") {
  FakeModule module(kUsualCie, {});
  CodeRanges v8;
  v8.Add(0x500000, 0x501000);
  FakeStack stack(kCode, kStack + 64);
  stack.words[0] = kCode + 0x40;
  stack.words[1] = 0x500010;
  EXPECT_EQ(stack.Walk(module, v8), NativeEnd::kV8Code);
  EXPECT_EQ(stack.frames.size(), 2u);
  EXPECT_EQ(stack.frames[1].pc, kCode + 0x3f);
  EXPECT_EQ(stack.start.regs.value[kDwarfRbp], kStack + 64);
}

TEST("native walk: assembly without unwind data is left by its return address or frame pointer") {
  FakeModule module(kUsualCie, {});
  FakeStack called(kCode + 0x800);  // in the module, in no function
  called.words[0] = kCode + 0x40;
  called.words[1] = 0;
  EXPECT_EQ(called.Walk(module), NativeEnd::kOutermost);
  EXPECT_EQ(called.frames.size(), 2u);
  FakeStack framed(kCode + 0x800, kStack + 32);
  framed.words[0] = 1;
  framed.words[4] = kStack + 128;
  framed.words[5] = kCode + 0x40;
  EXPECT_EQ(framed.Walk(module), NativeEnd::kOutermost);
  EXPECT_EQ(framed.frames.size(), 3u);  // what the frame pointer may have left out is marked
  EXPECT_EQ(framed.frames[1].pc, static_cast<uint64_t>(NativeEnd::kNoData));
  FakeStack lost(kCode + 0x800);
  lost.words[0] = 1;
  EXPECT_EQ(lost.Walk(module), NativeEnd::kNoData);
  FakeStack unknown(0x666666);
  unknown.words[0] = 1;
  EXPECT_EQ(unknown.Walk(module), NativeEnd::kUnknownCode);
}

TEST("native walk: endless recursion fills the list and says so") {
  FakeModule module(kUsualCie, {});
  std::vector<uint64_t> words(200, kCode + 0x40);
  NativeStart start{{}, true};
  start.regs.Set(kDwarfRip, kCode);
  start.regs.Set(kDwarfRsp, kStack);
  std::vector<NativeFrame> frames(64);
  NativeFrameList list = {frames.data(), 0, 64};
  const StackReader stack(
      {kStack, kStack + words.size() * 8, reinterpret_cast<const unsigned char*>(words.data())});
  EXPECT_EQ(WalkNative(module.tables(), CodeRanges(), stack, nullptr, &start, &list),
            NativeEnd::kTooDeep);
  EXPECT_EQ(list.count, 64u);
}

// -- Unwind data of real libraries with wrong bytes, over random stacks: nothing is read outside
// of what was given (the sanitizers watch), and every walk ends.

struct Random {
  uint64_t state;
  uint64_t Next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

// A copy of one module's data in memory of exactly its size.
struct Mutated {
  UnwindModule module;
  std::unique_ptr<uint8_t[]> table, frames;

  explicit Mutated(const UnwindModule& real) : module(real) {
    const size_t table_size = size_t{real.table_count} * 8;
    table.reset(new uint8_t[table_size]);
    frames.reset(new uint8_t[real.frames_size]);
    memcpy(table.get(), real.table, table_size);
    memcpy(frames.get(), real.frames, real.frames_size);
    module.table = table.get();
    module.frames = frames.get();
  }
  void Damage(Random* random) {
    for (uint64_t i = random->Below(8) + 1; i > 0; i--) {
      frames[random->Below(module.frames_size)] = static_cast<uint8_t>(random->Next());
    }
    if (random->Below(8) == 0) {
      table[random->Below(size_t{module.table_count} * 8)] = static_cast<uint8_t>(random->Next());
    }
  }
};

TEST("native walk: damaged unwind data never lead out of the given memory") {
  ProcessMemory memory(getpid());
  ModuleChanges changes;
  const auto tables = ModuleTables::Build(ListModules(&changes), &memory, false, 1, nullptr);
  Random random{0x9e3779b97f4a7c15};
  std::vector<uint64_t> words(256);
  uint64_t walks = 0, complete = 0, broken = 0;
  const auto cache = std::make_unique<RowCache>();  // keeps rules of data damaged since
  const uint32_t rounds = 3000 * test::FuzzFactor();
  for (uint32_t m = 0; m < tables->view().count; m++) {
    if (tables->view().modules[m].table_count == 0) continue;
    if (tables->view().modules[m].frames_size > 400000) continue;
    Mutated mutated(tables->view().modules[m]);
    const UnwindModule& module = mutated.module;
    const UnwindTables view = {&module, 1, m + 1};
    for (uint32_t round = 0; round < rounds; round++) {
      mutated.Damage(&random);
      for (uint64_t& word : words) {
        const uint64_t kind = random.Below(4);
        word = kind == 0   ? random.Next()
               : kind == 1 ? module.start + random.Below(module.end - module.start)
                           : kStack + random.Below(words.size()) * 8;
      }
      NativeStart start{{}, random.Below(2) == 0};
      for (uint32_t r = 0; r < kDwarfRegisters; r++) start.regs.Set(r, words[random.Below(256)]);
      start.regs.Set(kDwarfRip, module.start + random.Below(module.end - module.start));
      start.regs.Set(kDwarfRsp, kStack + random.Below(32) * 8);
      std::vector<NativeFrame> frames(64);
      NativeFrameList list = {frames.data(), 0, 64};
      const StackReader stack({kStack, kStack + words.size() * 8,
                               reinterpret_cast<const unsigned char*>(words.data())});
      const NativeEnd end = WalkNative(view, CodeRanges(), stack, cache.get(), &start, &list);
      walks++;
      if (end == NativeEnd::kBrokenData) broken++;
      if (list.count > 1) complete++;
    }
  }
  // The damage is felt, and does not hide everything behind the first check.
  EXPECT(walks >= 10000);
  EXPECT(broken > walks / 100);
  EXPECT(complete > walks / 10);
}

}  // namespace
}  // namespace sigprof
