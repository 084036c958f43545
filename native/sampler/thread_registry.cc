// SPDX-License-Identifier: MIT
#include "sampler/thread_registry.h"

namespace sigprof {
namespace {

void Reset(JsThread* t) {
  t->phase.store(ThreadPhase::kOff);
  t->perf_fd.store(-1);
  t->timer_armed.store(false);
  t->last_cpu_ns.store(0);
  t->last_wall_ns.store(0);
  t->gc_depth.store(0);
  t->gc_epoch.store(0);
  t->major_gc.store(false);
  t->major_count.store(0);
  t->gc_pending_weight.store(0);
  t->gc_pending_ticks.store(0);
  t->resolver.reset();
  t->resolver_epoch = 0;
  t->resolver_major_count = 0;
  t->session = nullptr;
  t->code = CodeRanges();
  t->native_slot = 0;
  t->name.clear();
}

}  // namespace

JsThread* ThreadRegistry::Acquire() {
  for (size_t i = 0;; i++) {
    JsThread* thread = At(i);
    if (thread == nullptr) break;
    // A slot whose lock is held is in use; waiting for it here could last a whole drain.
    if (!thread->life.try_lock()) continue;
    if (!thread->alive) {
      Reset(thread);
      return thread;
    }
    thread->life.unlock();
  }
  JsThread* thread = new JsThread;
  thread->life.lock();
  std::lock_guard<std::mutex> list(mutex_);
  slots_.push_back(thread);
  return thread;
}

JsThread* ThreadRegistry::At(size_t index) {
  std::lock_guard<std::mutex> list(mutex_);
  return index < slots_.size() ? slots_[index] : nullptr;
}

bool ThreadRegistry::Has(pid_t tid) {
  bool found = false;
  ForEach([&](JsThread* thread) { found = found || thread->tid == tid; });
  return found;
}

}  // namespace sigprof
