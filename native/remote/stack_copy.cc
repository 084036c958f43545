// SPDX-License-Identifier: MIT
#include "remote/stack_copy.h"

#include <algorithm>

namespace sigprof::remote {
namespace {

// Beyond any stack limit V8 is started with; a wrong word must not cost more.
constexpr uint64_t kMaxStackBytes = 16u << 20;
// Above the outermost entry frame's fp: its return address and what CopyFrame looks at.
constexpr uint64_t kAboveEntryFrame = 64;
// What C++ has there, from V8's outermost entry to main, and without JavaScript on the stack.
constexpr uint64_t kNativeBytes = 32u << 10;
// Below rsp; see CopyOwnStack in sampler/signal_handler.cc.
constexpr uint64_t kRedZoneBytes = 128;
// v8::StateTag is 16 bits wide: JS 0, GC 1.
constexpr uint32_t kStateMask = 0xffff;
constexpr uint32_t kStateGc = 1;

// The isolate's words as pieces of a gather.
constexpr size_t kIsolatePieces = 5;
size_t AddIsolate(const CaptureLayout& layout, Address isolate, RawIsolateState* out,
                  MemoryPiece* pieces) {
  const auto at = [isolate](int32_t offset) { return isolate + static_cast<uint64_t>(offset); };
  pieces[0] = {at(layout.c_entry_fp), &out->c_entry_fp, 8, false};
  pieces[1] = {at(layout.fast_call_fp), &out->fast_call_fp, 8, false};
  pieces[2] = {at(layout.fast_call_pc), &out->fast_call_pc, 8, false};
  pieces[3] = {at(layout.js_entry_sp), &out->js_entry_sp, 8, false};
  pieces[4] = {at(layout.vm_state), &out->vm_state, 4, false};
  return kIsolatePieces;
}

bool AllRead(const MemoryPiece* pieces, size_t count) {
  return std::all_of(pieces, pieces + count, [](const MemoryPiece& piece) { return piece.ok; });
}

}  // namespace

bool IsInGc(const RawIsolateState& isolate) { return (isolate.vm_state & kStateMask) == kStateGc; }

bool StackCopy::ReadStack(Memory* memory, uint64_t high) {
  if (high <= low_ || high - low_ > kMaxStackBytes) return false;
  if (stack_.size() < high - low_) stack_.resize(high - low_);
  high_ = low_ + memory->Read(low_, stack_.data(), high - low_);
  return high_ == high;
}

// How far up the stack is of interest, by its outermost JavaScript frame (0: none). 0: not at all.
uint64_t StackCopy::WantedEnd(uint64_t top) const {
  if (stack_end_ == 0) return top != 0 ? top + kAboveEntryFrame : 0;
  return std::min((top != 0 ? top : rsp_) + kNativeBytes, stack_end_);
}

CopyResult StackCopy::Take(Memory* memory, const CaptureLayout& layout, Address slot,
                           Address isolate, uint64_t rsp, uint64_t top, uint64_t stack_end) {
  rsp_ = rsp & ~7ull;
  stack_end_ = stack_end;
  low_ = high_ = stack_end != 0 ? rsp_ - kRedZoneBytes : rsp_;
  Address current = 0;
  MemoryPiece pieces[kIsolatePieces + 2];
  size_t count = AddIsolate(layout, isolate, &isolate_, pieces);
  pieces[count++] = {slot, &current, 8, false};
  const uint64_t guess = WantedEnd(top);
  const bool guessed = guess > low_ && guess - low_ <= kMaxStackBytes;
  if (guessed) {
    if (stack_.size() < guess - low_) stack_.resize(guess - low_);
    pieces[count] = {low_, stack_.data(), static_cast<uint32_t>(guess - low_), false};
  }
  memory->ReadMany(pieces, count + (guessed ? 1 : 0));
  if (pieces[count - 1].ok && current != isolate) return CopyResult::kOtherIsolate;
  if (!AllRead(pieces, count)) return CopyResult::kUnreadable;
  isolate_.reserved = 0;
  const uint64_t wanted = WantedEnd(isolate_.js_entry_sp);
  if (wanted == 0) return CopyResult::kTaken;
  if (guessed && wanted == guess && pieces[count].ok) {
    high_ = guess;
  } else {
    ReadStack(memory, wanted);
  }
  return CopyResult::kTaken;
}

bool StackCopy::StillSame(Memory* memory, const CaptureLayout& layout, Address isolate) {
  RawIsolateState now = {};
  MemoryPiece pieces[kIsolatePieces];
  const size_t count = AddIsolate(layout, isolate, &now, pieces);
  memory->ReadMany(pieces, count);
  return AllRead(pieces, count) && now.c_entry_fp == isolate_.c_entry_fp &&
         now.js_entry_sp == isolate_.js_entry_sp && now.fast_call_fp == isolate_.fast_call_fp;
}

void StackCopy::Walk(Memory* memory, const Layout& layout, const CodeRanges& code,
                     const RawRegisters& regs) {
  auto* sample = reinterpret_cast<RawSample*>(sample_.data());
  // V8's frames use no red zone.
  const uint64_t below = rsp_ - low_;
  StackWindow window = {low_, high_, stack_.data()};
  if (high_ - low_ >= below) window = {rsp_, high_, stack_.data() + below};
  CaptureStack(layout.capture, code, regs, isolate_, window, sample);
  sample->gc_epoch = 0;
  if (IsInGc(isolate_)) sample->flags |= kSampleInGc;
  sample->pinned = sample->frame_count != 0;
  if (sample->pinned) PinFunctions(layout, memory, &sample, 1, &pins_);
}

void StackCopy::WalkNative(const UnwindTables& tables, const CodeRanges& code, NativeStart* start) {
  auto* sample = reinterpret_cast<RawSample*>(sample_.data());
  const StackWindow window = {low_, high_, stack_.data()};
  CaptureNative(tables, code, window, nullptr, start, sample);
}

}  // namespace sigprof::remote
