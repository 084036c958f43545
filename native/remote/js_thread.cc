// SPDX-License-Identifier: MIT
#include "remote/js_thread.h"

#include <algorithm>
#include <iterator>

#include "remote/thread_pointer.h"
#include "v8/isolate_code.h"

namespace sigprof::remote {
namespace {

// glibc x64: struct pthread keeps the first 32 keys' values at 0x310, 16 bytes each, the value
// after a sequence number (specific_1stblock).
constexpr uint64_t kFirstKeys = 0x310;
constexpr uint32_t kFirstKeyCount = 32;

Address SlotOf(Target* target, uint64_t thread_pointer) {
  const IsolateSlot& slot = target->image->slot;
  if (slot.key_address == 0) return thread_pointer + static_cast<uint64_t>(slot.tls_offset);
  uint32_t key = 0;
  if (!target->memory.Load(target->AtRuntime(slot.key_address), &key) || key >= kFirstKeyCount) {
    return 0;
  }
  return thread_pointer + kFirstKeys + key * 16 + 8;
}

// How much of an isolate is looked at for its stack limits; V8 10 to 14 keep them in the first 64
// words (IsolateData::stack_guard_).
constexpr size_t kIsolateHeadWords = 64;

// V8's own helper threads take the isolate they compile or collect for as theirs, for as long as
// that lasts. An isolate's stack limits lie in the stack of the thread that runs its JavaScript;
// below the thread pointer, as glibc keeps a thread's descriptor at the high end of its stack.
bool IsOfThread(Target* target, const RemoteThread& thread, Address isolate) {
  if (thread.is_main) return true;
  const Mapping* stack = FindMapping(target->maps, thread.thread_pointer);
  if (stack == nullptr) return false;
  uint64_t words[kIsolateHeadWords];
  if (target->memory.Read(isolate, words, sizeof words) != sizeof words) return false;
  return std::any_of(std::begin(words), std::end(words), [&](uint64_t word) {
    return word >= stack->start && word < thread.thread_pointer;
  });
}

// For native frames: up to where the stack that holds `rsp` may reach; 0 if they are not wanted.
uint64_t StackEnd(const Target& target, uint64_t rsp) {
  if (target.unwind == nullptr) return 0;
  const Mapping* stack = FindMapping(target.maps, rsp);
  return stack != nullptr ? stack->end : 0;
}

void WalkNative(const Target& target, const RemoteThread& thread, NativeStart* start,
                StackCopy* copy) {
  if (target.unwind != nullptr) copy->WalkNative(*target.unwind, thread.code, start);
}

CopyResult Capture(Target* target, RemoteThread* thread, StackCopy* copy,
                   const RawRegisters& regs) {
  const Layout& layout = target->image->layout;
  const CopyResult result =
      copy->Take(&target->memory, layout.capture, thread->slot, thread->isolate, regs.rsp,
                 thread->top, StackEnd(*target, regs.rsp));
  if (result != CopyResult::kTaken) return result;
  thread->top = copy->isolate().js_entry_sp;
  copy->Walk(&target->memory, layout, thread->code, regs);
  return result;
}

bool SameSleep(const ThreadSyscall& a, const ThreadSyscall& b) {
  return a.kind == ThreadSyscall::Kind::kAsleep && b.kind == a.kind && a.number == b.number &&
         a.sp == b.sp && a.pc == b.pc;
}

}  // namespace

bool FindThreadPointer(Tracer* tracer, Target* target, RemoteThread* thread, uint64_t patience_ns) {
  if (thread->thread_pointer != 0) return true;
  const ThreadSyscall syscall = thread->files.ReadSyscall();
  // The main thread's descriptor is not on its stack, so it may even run.
  if (thread->is_main || syscall.kind == ThreadSyscall::Kind::kAsleep) {
    // Its stack may be newer than what was read of the mappings.
    if (!thread->is_main && FindMapping(target->maps, syscall.sp) == nullptr) target->RefreshMaps();
    thread->thread_pointer = SearchThreadPointer(target, thread->tid, syscall.sp);
    if (thread->thread_pointer != 0) return true;
  }
  if (tracer == nullptr) return false;
  const bool was_seized = tracer->IsSeized(thread->tid);
  if (!was_seized && tracer->Seize(target->pid, thread->tid) != 0) return false;
  if (tracer->Stop(thread->tid, patience_ns) != StopResult::kStopped) return false;
  ReadThreadPointerAndResume(tracer, thread, !was_seized);
  return thread->thread_pointer != 0;
}

void ReadThreadPointerAndResume(Tracer* tracer, RemoteThread* thread, bool detach) {
  ThreadRegisters regs;
  if (tracer->ReadRegisters(thread->tid, &regs)) thread->thread_pointer = regs.fs_base;
  if (detach) {
    tracer->Detach(thread->tid);
  } else {
    tracer->Resume(thread->tid);
  }
}

bool FindIsolate(Target* target, RemoteThread* thread, ProfileTables* tables) {
  if (thread->slot == 0) thread->slot = SlotOf(target, thread->thread_pointer);
  Address isolate = 0;
  if (thread->slot == 0 || !target->memory.Load(thread->slot, &isolate)) isolate = 0;
  if (isolate == thread->isolate) return true;
  thread->resolver.reset();
  thread->isolate = 0;
  thread->top = 0;
  if (isolate == 0 || (isolate & 7) != 0) return isolate == 0;
  // Its stack and the isolate's code range are newer than what was read of the mappings before.
  if (!target->RefreshMaps()) return false;
  if (!IsOfThread(target, *thread, isolate)) return true;
  if (!FindIsolateCode(*target->image, target->load_bias, target->maps, &target->memory, isolate,
                       &thread->builtins, &thread->code)) {
    return false;
  }
  thread->isolate = isolate;
  thread->resolver = std::make_unique<Resolver>(&target->image->layout, &thread->builtins,
                                                thread->code, &target->memory, tables);
  return true;
}

CopyResult CaptureAndResume(Tracer* tracer, Target* target, RemoteThread* thread, StackCopy* copy,
                            ThreadRegisters* regs) {
  CopyResult result = CopyResult::kUnreadable;
  if (tracer->ReadRegisters(thread->tid, regs)) result = Capture(target, thread, copy, regs->raw);
  tracer->Resume(thread->tid);
  if (result == CopyResult::kTaken) {
    NativeStart start = {regs->native, true};
    WalkNative(*target, *thread, &start, copy);
  }
  return result;
}

bool CaptureAsleep(Target* target, RemoteThread* thread, StackCopy* copy, ThreadSyscall* syscall) {
  SchedStat before, after;
  if (!thread->files.ReadSched(&before)) return false;
  *syscall = thread->files.ReadSyscall();
  // Waiting for a page and not in a system call, it may be in JavaScript, whose rbp is not told.
  if (syscall->kind != ThreadSyscall::Kind::kAsleep || syscall->number < 0) return false;
  RawRegisters regs = {};
  regs.rip = syscall->pc;
  regs.rsp = syscall->sp;
  // A thread that woke meanwhile was put on a CPU, even if it sleeps in the same place again.
  if (Capture(target, thread, copy, regs) != CopyResult::kTaken ||
      !SameSleep(*syscall, thread->files.ReadSyscall()) || !thread->files.ReadSched(&after) ||
      !(before == after)) {
    return false;
  }
  // Of its registers no more is told; callees have saved others on the stack.
  NativeStart start = {{}, true};
  start.regs.Set(kDwarfRip, regs.rip);
  start.regs.Set(kDwarfRsp, regs.rsp);
  WalkNative(*target, *thread, &start, copy);
  return true;
}

bool CaptureUnstopped(Target* target, RemoteThread* thread, StackCopy* copy) {
  const CaptureLayout& layout = target->image->layout.capture;
  Address exit_frame = 0, outermost = 0;
  MemoryPiece pieces[2] = {
      {thread->isolate + static_cast<uint64_t>(layout.c_entry_fp), &exit_frame, 8, false},
      {thread->isolate + static_cast<uint64_t>(layout.js_entry_sp), &outermost, 8, false}};
  target->memory.ReadMany(pieces, 2);
  if (!pieces[0].ok || !pieces[1].ok || (exit_frame == 0 && outermost != 0)) return false;
  // The frames below the exit frame are C++'s: nothing of them is needed but its own slots.
  constexpr uint64_t kExitFrameSlots = 64;
  RawRegisters regs = {};
  regs.rsp = exit_frame > kExitFrameSlots ? exit_frame - kExitFrameSlots : 0;
  if (Capture(target, thread, copy, regs) != CopyResult::kTaken ||
      copy->isolate().c_entry_fp != exit_frame || copy->isolate().js_entry_sp != outermost ||
      !copy->StillSame(&target->memory, layout, thread->isolate)) {
    return false;
  }
  WalkNative(*target, *thread, nullptr, copy);  // from V8's entry frames on
  return true;
}

}  // namespace sigprof::remote
