// SPDX-License-Identifier: MIT
#include "remote/js_thread.h"

#include "os/clocks.h"
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

bool SameSleep(const ThreadSyscall& a, const ThreadSyscall& b) {
  return a.kind == ThreadSyscall::Kind::kAsleep && b.kind == a.kind && a.number == b.number &&
         a.sp == b.sp && a.pc == b.pc;
}

}  // namespace

bool FindThreadPointer(Tracer* tracer, Target* target, RemoteThread* thread) {
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
  ThreadRegisters regs;
  const bool was_seized = tracer->IsSeized(thread->tid);
  if (!was_seized && tracer->Seize(target->pid, thread->tid) != 0) return false;
  const bool stopped = tracer->Stop(thread->tid) == StopResult::kStopped;
  const bool read = stopped && tracer->ReadRegisters(thread->tid, &regs);
  if (!was_seized) {
    tracer->Detach(thread->tid, stopped);
  } else if (stopped) {
    tracer->Resume(thread->tid);
  }
  if (read) thread->thread_pointer = regs.fs_base;
  return read;
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
  // The isolate's code range is newer than what was read of the mappings before.
  if (!target->RefreshMaps() ||
      !FindIsolateCode(*target->image, target->load_bias, target->maps, &target->memory, isolate,
                       &thread->builtins, &thread->code)) {
    return false;
  }
  thread->isolate = isolate;
  thread->resolver = std::make_unique<Resolver>(&target->image->layout, &thread->builtins,
                                                thread->code, &target->memory, tables);
  return true;
}

bool CaptureStopped(Tracer* tracer, Target* target, RemoteThread* thread, StackCopy* copy,
                    ThreadRegisters* regs, uint64_t* pause_ns) {
  if (tracer->Stop(thread->tid) != StopResult::kStopped) return false;
  const bool ok = tracer->ReadRegisters(thread->tid, regs) &&
                  copy->Take(&target->memory, target->image->layout.capture, thread->slot,
                             thread->isolate, regs->raw.rsp, thread->top);
  tracer->Resume(thread->tid);
  *pause_ns = MonotonicNs() - tracer->stopped_after_ns();
  if (ok) thread->top = copy->isolate().js_entry_sp;
  return ok;
}

bool CaptureAsleep(Target* target, RemoteThread* thread, StackCopy* copy, ThreadRegisters* regs,
                   ThreadSyscall* syscall) {
  SchedStat before, after;
  if (!thread->files.ReadSched(&before)) return false;
  *syscall = thread->files.ReadSyscall();
  // Waiting for a page and not in a system call, it may be in JavaScript, whose rbp is not told.
  if (syscall->kind != ThreadSyscall::Kind::kAsleep || syscall->number < 0) return false;
  *regs = {};
  regs->raw.rip = syscall->pc;
  regs->raw.rsp = syscall->sp;
  if (!copy->Take(&target->memory, target->image->layout.capture, thread->slot, thread->isolate,
                  syscall->sp, thread->top)) {
    return false;
  }
  // A thread that woke meanwhile was put on a CPU, even if it sleeps in the same place again.
  if (!SameSleep(*syscall, thread->files.ReadSyscall()) || !thread->files.ReadSched(&after) ||
      !(before == after)) {
    return false;
  }
  thread->top = copy->isolate().js_entry_sp;
  return true;
}

bool CaptureUnstopped(Target* target, RemoteThread* thread, StackCopy* copy,
                      ThreadRegisters* regs) {
  const CaptureLayout& layout = target->image->layout.capture;
  Address exit_frame = 0, outermost = 0;
  MemoryPiece pieces[2] = {
      {thread->isolate + static_cast<uint64_t>(layout.c_entry_fp), &exit_frame, 8, false},
      {thread->isolate + static_cast<uint64_t>(layout.js_entry_sp), &outermost, 8, false}};
  target->memory.ReadMany(pieces, 2);
  if (!pieces[0].ok || !pieces[1].ok || (exit_frame == 0 && outermost != 0)) return false;
  // The frames below the exit frame are C++'s: nothing of them is needed but its own slots.
  constexpr uint64_t kExitFrameSlots = 64;
  *regs = {};
  regs->raw.rsp = exit_frame > kExitFrameSlots ? exit_frame - kExitFrameSlots : 0;
  if (!copy->Take(&target->memory, layout, thread->slot, thread->isolate, regs->raw.rsp,
                  thread->top) ||
      copy->isolate().c_entry_fp != exit_frame || copy->isolate().js_entry_sp != outermost ||
      !copy->StillSame(&target->memory, layout, thread->isolate)) {
    return false;
  }
  thread->top = outermost;
  return true;
}

}  // namespace sigprof::remote
