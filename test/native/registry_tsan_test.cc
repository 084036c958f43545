// SPDX-License-Identifier: MIT
// Threads that register and leave while others look at them: also run under TSan.
#include <atomic>
#include <thread>
#include <vector>

#include "os/threads.h"
#include "sampler/thread_registry.h"
#include "test_runner.h"

namespace sigprof {
namespace {

// Kept for ever, as in the process: slots are never freed, and the leak check knows them.
ThreadRegistry* MakeRegistry() {
  static auto* registries = new std::vector<ThreadRegistry*>;
  registries->push_back(new ThreadRegistry);
  return registries->back();
}

JsThread* Register(ThreadRegistry* registry) {
  JsThread* slot = registry->Acquire();
  slot->tid = OwnTid();
  slot->alive = true;
  slot->life.unlock();
  return slot;
}

void Unregister(ThreadRegistry* registry, JsThread* slot) {
  std::lock_guard<std::mutex> life(slot->life);
  registry->Release(slot);
}

TEST("registry: a slot is used again only after its thread has left") {
  ThreadRegistry& registry = *MakeRegistry();
  JsThread* first = Register(&registry);
  JsThread* second = Register(&registry);
  EXPECT(first != second);
  first->phase.store(ThreadPhase::kArmed);
  Unregister(&registry, first);
  EXPECT(registry.Has(OwnTid()));
  JsThread* third = Register(&registry);
  EXPECT(third == first);
  EXPECT_EQ(third->phase.load(), ThreadPhase::kOff);
  Unregister(&registry, second);
  Unregister(&registry, third);
  EXPECT(!registry.Has(OwnTid()));
}

TEST("registry: threads churn while others go through the list") {
  ThreadRegistry& registry = *MakeRegistry();
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread looker([&] {
    while (!stop) registry.ForEach([&](JsThread* thread) { wrong += !thread->alive; });
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; n++) {
        JsThread* slot = Register(&registry);
        std::this_thread::yield();
        // Nobody else was given the slot meanwhile.
        wrong += slot->tid != OwnTid() || !registry.Has(OwnTid());
        Unregister(&registry, slot);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  looker.join();
  EXPECT_EQ(wrong.load(), 0);
  int left = 0;
  registry.ForEach([&](JsThread*) { left++; });
  EXPECT_EQ(left, 0);
}

TEST("registry: whoever quiesces a thread waits for its handler, but not for ever") {
  JsThread thread;
  thread.phase.store(ThreadPhase::kArmed);
  std::atomic<bool> stop = false;
  std::atomic<bool> draining = false;
  std::atomic<int> late = 0;
  std::thread sampled([&] {
    while (!stop) {
      if (thread.Enter() == ThreadPhase::kArmed && draining) late++;
      thread.Leave();
    }
  });
  for (int i = 0; i < 1000; i++) {
    thread.phase.store(ThreadPhase::kDraining);
    REQUIRE(thread.Quiesce(10000));
    draining = true;
    std::this_thread::yield();
    draining = false;
    thread.phase.store(ThreadPhase::kArmed);
  }
  stop = true;
  sampled.join();
  EXPECT_EQ(late.load(), 0);
  thread.Enter();
  EXPECT(!thread.Quiesce(5));
}

}  // namespace
}  // namespace sigprof
