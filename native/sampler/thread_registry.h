// SPDX-License-Identifier: MIT
// The JS threads of the process. Slots are allocated once and reused, never freed.
// Thread-safe; not for the signal handler. Callers may hold the control and registry locks.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <vector>

#include "sampler/js_thread.h"

namespace sigprof {

class ThreadRegistry {
 public:
  // A slot for the calling thread with its `life` lock held; the caller fills it, sets `alive` and
  // unlocks. Per-thread state of the slot's former owner is reset.
  JsThread* Acquire();
  // Gives a slot back; `life` is held and stays so. The thread's handler no longer sees it.
  void Release(JsThread* thread) { thread->alive = false; }

  // Calls visit(JsThread*) for every thread alive, with its `life` lock held.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (size_t i = 0;; i++) {
      JsThread* thread = At(i);
      if (thread == nullptr) return;
      std::lock_guard<std::mutex> life(thread->life);
      if (thread->alive) visit(thread);
    }
  }
  // Whether a thread of this id has a record.
  bool Has(pid_t tid);

 private:
  JsThread* At(size_t index);

  std::mutex mutex_;  // guards the list only; innermost of the locks
  std::vector<JsThread*> slots_;
};

}  // namespace sigprof
