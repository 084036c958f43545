// SPDX-License-Identifier: MIT
#include "sampler/sampled_natives.h"

#include <sys/mman.h>

#include "os/clocks.h"
#include "os/threads.h"
#include "sampler/js_thread.h"
#include "sampler/participation.h"
#include "sampler/session.h"
#include "sampler/tick_state.h"

namespace sigprof {
namespace {

// Place 0 is that of the JS threads.
uint32_t TakePlace(JsThread* thread) {
  for (uint32_t slot = 1; slot < kMaxNativeThreads; slot++) {
    if (g_tick_state.native_threads[slot].load() != nullptr) continue;
    g_tick_state.native_threads[slot].store(thread);
    return slot;
  }
  return 0;
}

// After it has left the recording, or before it took part. `life` is held.
void Free(JsThread* thread) {
  if (thread->native_slot != 0) g_tick_state.native_threads[thread->native_slot].store(nullptr);
  thread->native_slot = 0;
  // A handler that a debugger has stopped keeps it all: a leak instead of a crash.
  if (!thread->Quiesce(0)) return;
  if (thread->stack_copy != nullptr) munmap(thread->stack_copy, JsThread::kStackCopy);
  thread->stack_copy = nullptr;
  thread->resolver.reset();
  TheSampler()->threads.Release(thread);
}

// `life` is held.
void Leave(JsThread* thread) {
  Session* session = thread->session;
  StopTicks(thread);
  LeaveRecording(thread);
  session->native_threads.LeftJs(thread->tid, thread->stop_cpu_ns);
  Free(thread);
}

template <typename Condition>
void LeaveIf(Condition condition) {
  TheSampler()->threads.ForEach([&](JsThread* thread) {
    if (thread->isolate != nullptr || thread->session == nullptr) return;
    // In this order: a tick may come between. Less than before: 0, or another thread got the id.
    const uint64_t last = thread->last_cpu_ns.load();
    const bool has_ended = ThreadCpuNs(thread->tid) < last;
    if (condition(thread, has_ended)) Leave(thread);
  });
}

}  // namespace

void SampleNativeThread(Session* session, pid_t tid) {
  Sampler* sampler = TheSampler();
  std::lock_guard<std::mutex> registry(sampler->registry);
  if (session->stopping.load() || sampler->threads.Has(tid) || ThreadCpuNs(tid) == 0) return;
  JsThread* thread = sampler->threads.Acquire();  // with its `life` lock
  thread->tid = tid;
  thread->is_main = false;
  thread->isolate = nullptr;
  thread->stack_low = thread->stack_high = 0;
  thread->name = ThreadName(0, tid);
  if (thread->name.empty()) thread->name = "unnamed";
  thread->alive = true;
  void* copy = mmap(nullptr, JsThread::kStackCopy, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy != MAP_FAILED) thread->stack_copy = static_cast<unsigned char*>(copy);
  thread->native_slot = TakePlace(thread);
  if (thread->stack_copy == nullptr || thread->native_slot == 0) {
    Free(thread);  // its time goes on being told by its clock
  } else {
    JoinRecording(thread, session);  // a refusal is counted there
  }
  thread->life.unlock();
}

void DropEndedThreads(Session*) {
  LeaveIf([](JsThread*, bool has_ended) { return has_ended; });
}

void DropNativeThread(pid_t tid) {
  LeaveIf([tid](JsThread* thread, bool) { return thread->tid == tid; });
}

void DropNativeThreads() {
  TheSampler()->threads.ForEach([](JsThread* thread) {
    if (thread->isolate == nullptr && thread->session == nullptr) Free(thread);
  });
}

}  // namespace sigprof
