// SPDX-License-Identifier: MIT
// Walks over real stacks of this very program, against the C++ runtime's own unwinder.
#include "unwinder/native_walk.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

#include "os/memory.h"
#include "os/threads.h"
#include "test_runner.h"
#include "unwinder/module_tables.h"

namespace sigprof {
namespace {

std::shared_ptr<const ModuleTables> OwnTables(bool in_place) {
  ProcessMemory memory(getpid());
  ModuleChanges changes;
  return ModuleTables::Build(ListModules(&changes), &memory, in_place, 1, nullptr);
}

struct Walked {
  std::vector<uint64_t> pcs, cfas;
  NativeEnd end = NativeEnd::kNone;
  bool operator==(const Walked&) const = default;
};

Walked Walk(const ModuleTables& tables, const StackReader& stack, NativeStart start,
            RowCache* cache) {
  std::vector<NativeFrame> frames(512);
  NativeFrameList list = {frames.data(), 0, 512};
  Walked walked;
  walked.end = WalkNative(tables.view(), CodeRanges(), stack, cache, &start, &list);
  for (uint32_t i = 0; i < list.count; i++) {
    walked.pcs.push_back(frames[i].pc);
    walked.cfas.push_back(frames[i].cfa);
  }
  return walked;
}

// From an interrupted or saved context of this thread.
Walked WalkContext(const ModuleTables& tables, const ucontext_t& context) {
  constexpr int kOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                            REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                            REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  NativeStart start{{}, true};
  for (uint32_t i = 0; i < kDwarfRegisters; i++) {
    start.regs.Set(i, static_cast<uint64_t>(context.uc_mcontext.gregs[kOrder[i]]));
  }
  // A copy of the stack: the sanitizer forbids reads between the variables of the real one.
  StackBounds bounds;
  OwnStackBounds(&bounds);
  const uint64_t low = start.regs.value[kDwarfRsp];
  std::vector<unsigned char> copy(bounds.high - low);
  ProcessMemory memory(getpid());
  memory.Read(low, copy.data(), copy.size());
  const StackReader stack({low, bounds.high, copy.data()});
  const Walked walked = Walk(tables, stack, start, nullptr);
  // By rules that are remembered, of which the second walk finds more than the first, it's the
  // same.
  const auto cache = std::make_unique<RowCache>();
  for (int i = 0; i < 2; i++) EXPECT(Walk(tables, stack, start, cache.get()) == walked);
  return walked;
}

std::vector<uint64_t> RuntimePcs() {
  std::vector<uint64_t> pcs;
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void* out) {
        int is_exact = 0;
        const uint64_t pc = _Unwind_GetIPInfo(context, &is_exact);
        if (pc != 0) static_cast<std::vector<uint64_t>*>(out)->push_back(is_exact ? pc : pc - 1);
        return _URC_NO_REASON;
      },
      &pcs);
  return pcs;
}

// Both unwinders at the same depth; their own frames differ, all above must be the same.
struct Comparison {
  std::vector<uint64_t> ours, theirs;
  NativeEnd end = NativeEnd::kNone;
};

__attribute__((noinline)) void Compare(const ModuleTables& tables, Comparison* out) {
  ucontext_t context;
  getcontext(&context);
  const Walked walked = WalkContext(tables, context);
  out->end = walked.end;
  out->ours = walked.pcs;
  out->theirs = RuntimePcs();
  // Frames from here down to the walkers: this one and RuntimePcs with its callees.
  out->ours.erase(out->ours.begin());
  while (!out->theirs.empty() && !out->ours.empty() && out->theirs.front() != out->ours.front()) {
    out->theirs.erase(out->theirs.begin());
  }
}

const ModuleTables* g_tables;
Comparison g_comparison;

int CompareInside(const void*, const void*) {
  if (g_comparison.ours.empty()) Compare(*g_tables, &g_comparison);
  return 0;
}

__attribute__((noinline)) void ThroughLibc(int depth) {
  if (depth > 0) {
    ThroughLibc(depth - 1);
    asm volatile("" ::: "memory");  // no tail call
    return;
  }
  int numbers[4] = {3, 1, 2, 0};
  qsort(numbers, 4, sizeof(int), CompareInside);
}

// gcc makes an aligned frame reachable by an expression (DW_CFA_def_cfa_expression).
__attribute__((noinline)) void ThroughAlignedFrame(const std::function<void()>& body) {
  alignas(64) char block[256];
  char* variable = static_cast<char*>(__builtin_alloca(static_cast<size_t>(rand() % 64) + 1));
  asm volatile("" : : "r"(block), "r"(variable) : "memory");
  body();
  asm volatile("" : : "r"(block) : "memory");
}

void ExpectSame(const Comparison& comparison, size_t at_least) {
  EXPECT(comparison.ours.size() >= at_least);
  EXPECT(comparison.ours == comparison.theirs);
  EXPECT_EQ(comparison.end, NativeEnd::kOutermost);
}

TEST("native walk: recursion and libc's frames are those the C++ runtime finds, down to _start") {
  const auto tables = OwnTables(true);
  g_tables = tables.get();
  g_comparison = {};
  ThroughLibc(30);
  ExpectSame(g_comparison, 35);
}

TEST("native walk: copied unwind data serve as the mapped ones do") {
  const auto tables = OwnTables(false);
  g_tables = tables.get();
  g_comparison = {};
  ThroughLibc(5);
  ExpectSame(g_comparison, 10);
}

TEST("native walk: frames realigned on the stack are crossed") {
  const auto tables = OwnTables(true);
  Comparison comparison;
  ThroughAlignedFrame([&] { Compare(*tables, &comparison); });
  ExpectSame(comparison, 4);
}

std::vector<uint64_t> g_handler_pcs, g_handler_theirs;
NativeEnd g_handler_end;

void OnSignal(int, siginfo_t*, void*) {
  ucontext_t context;
  getcontext(&context);
  const Walked walked = WalkContext(*g_tables, context);
  g_handler_pcs = walked.pcs;
  g_handler_end = walked.end;
  g_handler_theirs = RuntimePcs();
}

TEST("native walk: a signal frame is crossed to the very instruction that was interrupted") {
  const auto tables = OwnTables(true);
  g_tables = tables.get();
  struct sigaction action = {}, previous;
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &action, &previous);
  raise(SIGUSR1);
  sigaction(SIGUSR1, &previous, nullptr);
  EXPECT_EQ(g_handler_end, NativeEnd::kOutermost);
  REQUIRE(g_handler_pcs.size() > 4);
  g_handler_pcs.erase(g_handler_pcs.begin());
  const auto same = std::search(g_handler_theirs.begin(), g_handler_theirs.end(),
                                g_handler_pcs.begin(), g_handler_pcs.end());
  EXPECT(same != g_handler_theirs.end());
}

TEST("native walk: a thread's stack ends at the thread's start") {
  const auto tables = OwnTables(true);
  static Comparison comparison;
  comparison = {};
  g_tables = tables.get();
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        Compare(*g_tables, &comparison);
        return nullptr;
      },
      nullptr);
  pthread_join(thread, nullptr);
  ExpectSame(comparison, 2);
}

}  // namespace
}  // namespace sigprof
