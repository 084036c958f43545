// SPDX-License-Identifier: MIT
#include "resolver/resolver.h"

#include <algorithm>

#include "resolver/frame_decoder.h"
#include "resolver/leaf.h"
#include "resolver/step_memo.h"

namespace sigprof {
namespace {

bool IsStandard(const RawFrame& frame) { return (frame.marker & 1) != 0; }
bool IsTyped(const RawFrame& frame) { return (frame.marker & 1) == 0 && frame.marker != 0; }
uint64_t FrameType(const RawFrame& frame) { return frame.marker >> 1; }

// So many leaf-most frames are read with the registers: what they are the frame alone doesn't tell.
constexpr uint32_t kFramesWithRegisters = 2;

// The native frames that stand root-wards of the frame of V8 at `fp`, of the `left` leaf-most ones:
// how many are left below them, and what they are.
struct NativeRun {
  uint32_t left;
  uint64_t hash;
};

NativeRun NativeAbove(const RawSample& sample, uint64_t fp, uint32_t left) {
  NativeRun run = {left, 0};
  // The CFA of a frame of V8 is fp + 16.
  while (run.left > 0 && sample.native_frames()[run.left - 1].cfa > fp + 16) {
    const NativeFrame& frame = sample.native_frames()[--run.left];
    run.hash = (run.hash + frame.pc) * 0x9e3779b97f4a7c15u;
    run.hash = (run.hash ^ frame.cfa ^ sample.native_generation) * 0xbf58476d1ce4e5b9u;
  }
  return run;
}

}  // namespace

// Stacks are built from the root. Consecutive samples share most of their root-ward frames, so the
// nodes of the last sample are kept and taken again as far as the raw frames mean the same.
// Beyond that, the memo knows most steps.
struct Resolver::Impl {
  Impl(const Layout* layout, const Builtins* builtins, const CodeRanges& code, Memory* memory,
       ProfileTables* tables)
      : layout(*layout), tables(tables), decoder(layout, builtins, code, memory, tables) {}

  ResolvedSample Resolve(const RawSample& sample);
  // Machine code keeps whatever its compiler spilled where interpreted frames have bytecode and
  // offset, see PlaceOf.
  bool HasBytecode(const RawFrame& frame) const {
    return frame.pc == 0 || decoder.builtins().Contains(frame.pc);
  }
  bool SameStep(const RawFrame& a, const RawFrame& b) const;
  uint32_t ReusableFrames(const RawSample& sample, uint32_t* native_left) const;
  void ForgetAll();
  void AppendFrame(const RawSample& sample, uint32_t index);
  void AppendStandard(const RawSample& sample, uint32_t index);
  void AppendRemembered(const RawSample& sample, uint32_t index);
  void AppendTyped(const RawSample& sample, const RawFrame& frame);
  void AppendWasm(const RawSample& sample, const RawFrame& frame);
  void AppendLeaf(const RawSample& sample, const RawFrame& frame);
  void AppendTop(const RawSample& sample);
  void AppendPlace(Tagged shared, const FramePlace& place);
  void AppendNative(const RawSample& sample, uint32_t index);
  void AppendNativeTop(const RawSample& sample);
  void CountNative(const RawSample& sample);
  void Push(uint32_t frame) {
    node = tables->Stack(node, frame);
    top_frame = frame;
  }
  void PushSpecial(FunctionKind kind, const char* name) {
    Push(tables->Frame(decoder.functions().Special(kind, name), 0, 0, 0));
  }

  const Layout& layout;
  ProfileTables* tables;
  FrameDecoder decoder;
  StepMemo memo;

  NativeFrames* native = nullptr;
  uint32_t root = 0;

  uint32_t node = 0;        // stack built so far
  uint32_t top_frame = 0;   // of it
  uint32_t unresolved = 0;  // frames refused so far

  // The last sample, root first: its frames, what native frames came before each, and node and
  // refusals after each.
  struct Step {
    RawFrame frame;
    uint64_t native_before;
    uint32_t node, unresolved;
  };
  std::vector<Step> steps;
  bool steps_pinned = false;
  uint32_t steps_omitted = 0;
};

// Whether two frames that are not among the leaf-most resolve to the same.
bool Resolver::Impl::SameStep(const RawFrame& a, const RawFrame& b) const {
  if (a.pc != b.pc || a.function != b.function) return false;
  if (!IsStandard(a)) return a.marker == b.marker && a.slot40 == b.slot40;
  return IsStandard(b) && (!HasBytecode(a) || (a.slot32 == b.slot32 && a.slot40 == b.slot40));
}

// `native_left`: native frames of the sample that the reused ones don't cover.
uint32_t Resolver::Impl::ReusableFrames(const RawSample& sample, uint32_t* native_left) const {
  if (steps_pinned != (sample.pinned != 0) ||
      (steps_omitted != 0) != (sample.omitted_frames != 0)) {
    return 0;
  }
  const size_t shorter = std::min<size_t>(steps.size(), sample.frame_count);
  const size_t kept = shorter < kFramesWithRegisters ? 0 : shorter - kFramesWithRegisters;
  uint32_t same = 0;
  while (same < kept) {
    const RawFrame& frame = sample.frames()[sample.frame_count - 1 - same];
    if (!SameStep(steps[same].frame, frame)) break;
    const NativeRun run = NativeAbove(sample, frame.fp, *native_left);
    if (run.hash != steps[same].native_before) break;
    *native_left = run.left;
    same++;
  }
  return same;
}

void Resolver::Impl::ForgetAll() {
  decoder.MarkCompactHappened();
  memo.Clear();
  steps.clear();
}

ResolvedSample Resolver::Impl::Resolve(const RawSample& sample) {
  decoder.DropReads();
  // What a collection kept from being read can be read now: nothing that lacks it is to stay.
  if (decoder.functions().lacks_places() && (sample.flags & kSampleInGc) == 0) ForgetAll();
  if (native != nullptr) CountNative(sample);
  uint32_t native_left = native != nullptr ? sample.native_count : 0;
  uint32_t done = ReusableFrames(sample, &native_left);
  node = done > 0 ? steps[done - 1].node : root;
  unresolved = done > 0 ? steps[done - 1].unresolved : 0;
  steps.resize(done);
  if (done == 0 && (sample.flags & kSampleTruncated) != 0) {
    PushSpecial(FunctionKind::kSpecial, "[truncated]");
  }
  for (; done < sample.frame_count; done++) {
    const uint32_t index = sample.frame_count - 1 - done;
    if (sample.omitted_frames != 0 && done == kMaxRootFrames) {
      PushSpecial(FunctionKind::kSpecial, "[truncated]");
    }
    const RawFrame& frame = sample.frames()[index];
    const NativeRun run = NativeAbove(sample, frame.fp, native_left);
    while (native_left > run.left) AppendNative(sample, --native_left);
    AppendFrame(sample, index);
    steps.push_back({frame, run.hash, node, unresolved});
  }
  steps_pinned = sample.pinned != 0;
  steps_omitted = sample.omitted_frames;
  // A broken chain must not lend its root to a whole one.
  if ((sample.flags & kSampleTruncated) != 0) steps.clear();
  AppendTop(sample);
  while (native_left > 0) AppendNative(sample, --native_left);
  if (sample.native_generation != 0 && native != nullptr) AppendNativeTop(sample);
  if ((sample.flags & kSampleInGc) != 0) PushSpecial(FunctionKind::kGc, "(garbage collector)");
  return {node, unresolved};
}

void Resolver::Impl::AppendNative(const RawSample& sample, uint32_t index) {
  const NativeFrame& frame = sample.native_frames()[index];
  if (frame.pc >= kNativeEnds) {
    Push(native->FrameAt(sample.native_generation, frame.pc));
  } else {
    Push(native->EndFrame(static_cast<NativeEnd>(frame.pc)));
  }
}

// What runs on top of the leaf-most frame without one of its own: a builtin or bytecode handler of
// V8, or the kernel.
void Resolver::Impl::AppendNativeTop(const RawSample& sample) {
  const uint64_t pc = sample.regs.rip;
  uint32_t frame = 0;
  if (sample.start == WalkStart::kRegisters && decoder.builtins().Contains(pc)) {
    const std::string& name = decoder.builtins().NameOfPc(pc);
    if (name.empty()) return;
    frame = tables->Frame(decoder.functions().Builtin(name), 0, 0, 0);
    if (frame != top_frame) Push(frame);
  } else if (sample.native_count > 0 && sample.native_frames()[0].pc == pc &&
             native->SyscallAt(pc, &frame)) {
    Push(frame);
  }
}

void Resolver::Impl::CountNative(const RawSample& sample) {
  if (sample.native_generation == 0) return;
  NativeCounters* counters = &native->counters;
  counters->stacks++;
  bool is_broken = false;
  for (uint32_t i = 0; i < sample.native_count; i++) {
    const uint64_t pc = sample.native_frames()[i].pc;
    if (pc >= kNativeEnds) continue;
    counters->by_reason[pc]++;
    is_broken = true;
  }
  if (is_broken) counters->broken++;
}

void Resolver::Impl::AppendFrame(const RawSample& sample, uint32_t index) {
  const RawFrame& frame = sample.frames()[index];
  const bool from_registers =
      sample.start == WalkStart::kRegisters || sample.start == WalkStart::kStackScan;
  if (index == 0 && from_registers && (!IsTyped(frame) || decoder.code().IsJit(frame.pc))) {
    AppendLeaf(sample, frame);
  } else if (IsStandard(frame) && index >= kFramesWithRegisters) {
    AppendRemembered(sample, index);
  } else if (IsStandard(frame)) {
    AppendStandard(sample, index);
  } else {
    AppendTyped(sample, frame);
  }
}

void Resolver::Impl::AppendPlace(Tagged shared, const FramePlace& place) {
  const std::span<const uint32_t> frames = decoder.Expand(shared, place);
  if (frames.empty()) {
    const FunctionEntry* function = decoder.functions().Find(shared);
    if (function == nullptr || !function->is_wasm_export) unresolved++;
  }
  for (uint32_t frame : frames) Push(frame);
}

// AppendStandard by way of the memo.
void Resolver::Impl::AppendRemembered(const RawSample& sample, uint32_t index) {
  const RawFrame& frame = sample.frames()[index];
  const bool has_bytecode = HasBytecode(frame);
  const StepKey key = {
      frame.pc, frame.function,    has_bytecode ? frame.slot32 : 0, has_bytecode ? frame.slot40 : 0,
      node,     sample.pinned != 0};
  if (const StepResult* known = memo.Find(key)) {
    node = known->node;
    top_frame = 0;
    unresolved += known->unresolved;
    return;
  }
  const uint32_t unresolved_before = unresolved;
  AppendStandard(sample, index);
  // Full tables count what they refuse, each time.
  if (!tables->full()) memo.Insert(key, {node, unresolved - unresolved_before});
}

void Resolver::Impl::AppendStandard(const RawSample& sample, uint32_t index) {
  const RawFrame& frame = sample.frames()[index];
  const Tagged shared = decoder.SharedOf(frame.function);
  if (shared == 0) {
    unresolved++;
    return;
  }
  FramePlace place = decoder.PlaceOf(frame, shared, frame.pc, true);
  // A bytecode handler that made a frame of its own leaves the interpreter's registers alive.
  const bool below_handler = index == 1 && sample.start == WalkStart::kRegisters &&
                             IsTyped(sample.frames()[0]) && place.kind == FramePlace::kBytecode;
  if (below_handler) {
    const int32_t live = LiveBytecodeOffset(&decoder, sample, frame);
    if (live >= 0) place.bytecode_offset = live;
  }
  AppendPlace(shared, place);
}

void Resolver::Impl::AppendTyped(const RawSample& sample, const RawFrame& frame) {
  const uint64_t type = FrameType(frame);
  if (type == layout.frames.builtin_exit) {
    // A builtin written in C++: its target function lies above the frame. An embedder's callback
    // has such a frame as well in V8 10 and 11; its time belongs to its caller.
    const Tagged shared = decoder.SharedOf(frame.slot40);
    const FunctionEntry* function = shared == 0 ? nullptr : decoder.functions().Find(shared);
    if (function != nullptr && function->is_builtin) {
      Push(tables->Frame(function->id, 0, 0, 0));
    }
  } else if (type == layout.frames.wasm) {
    AppendWasm(sample, frame);
  } else if (layout.frames.irregexp != 0 && type == layout.frames.irregexp) {
    PushSpecial(FunctionKind::kRegExp, "(regexp)");
  }
}

void Resolver::Impl::AppendWasm(const RawSample& sample, const RawFrame& frame) {
  WasmTable& wasm = decoder.wasm();
  const bool is_tick = &frame == sample.frames() && sample.start == WalkStart::kRegisters;
  const auto append = [&](Address pc) {
    for (const uint32_t id : wasm.FramesOf(frame.function, pc)) Push(id);
  };
  if (!is_tick) return append(frame.pc == 0 ? 0 : frame.pc - 1);
  const uint32_t words = wasm.WordsToReturnAddress(frame.function, frame.pc);
  // rbp may be the caller's still or again.
  if (words > 0 && words <= sample.top_word_count) append(sample.top_words[words - 1] - 1);
  append(frame.pc);
}

void Resolver::Impl::AppendLeaf(const RawSample& sample, const RawFrame& frame) {
  const LeafDecision leaf = DecideLeaf(&decoder, sample, frame);
  if (leaf.is_typed) {
    if (!leaf.is_regexp) AppendTyped(sample, frame);
  } else if (!leaf.skip) {
    if (leaf.shared == 0) {
      unresolved++;
    } else {
      AppendPlace(leaf.shared, leaf.place);
    }
  }
  if (leaf.callee != 0) AppendPlace(leaf.callee, leaf.callee_place);
  if (leaf.is_regexp) PushSpecial(FunctionKind::kRegExp, "(regexp)");
}

void Resolver::Impl::AppendTop(const RawSample& sample) {
  if (sample.start == WalkStart::kDeoptimizer) {
    PushSpecial(FunctionKind::kSpecial, "(deoptimizer)");
  } else if (sample.start == WalkStart::kExitFrame && decoder.code().IsJit(sample.regs.rip)) {
    // Machine code entered from C++ with an exit frame on record: a regular expression.
    const CodeInfo* code = decoder.code().Find(sample.regs.rip, 0);
    if (code != nullptr && code->is_regexp) PushSpecial(FunctionKind::kRegExp, "(regexp)");
  }
}

Resolver::Resolver(const Layout* layout, const Builtins* builtins, const CodeRanges& code,
                   Memory* memory, ProfileTables* tables)
    : impl_(std::make_unique<Impl>(layout, builtins, code, memory, tables)) {}
Resolver::~Resolver() = default;

ResolvedSample Resolver::Resolve(const RawSample& sample) { return impl_->Resolve(sample); }

void Resolver::ScavengeHappened() {
  impl_->decoder.ScavengeHappened();
  impl_->memo.ForgetFunctions();
  impl_->steps.clear();
}

void Resolver::MarkCompactHappened() { impl_->ForgetAll(); }

void Resolver::UseNativeFrames(NativeFrames* frames) {
  impl_->native = frames;
  impl_->steps.clear();
}

void Resolver::UseRoot(uint32_t stack) {
  impl_->root = stack;
  impl_->steps.clear();
}

void Resolver::UseTables(ProfileTables* tables) {
  impl_->tables = tables;
  impl_->decoder.UseTables(tables);
  impl_->memo.Clear();
  impl_->steps.clear();
}

uint32_t SpecialStack(ProfileTables* tables, const char* name, FunctionKind kind) {
  FunctionInfo info;
  info.name = name;
  info.kind = kind;
  return tables->Stack(0, tables->Frame(tables->AddFunction(info), 0, 0, 0));
}

}  // namespace sigprof
