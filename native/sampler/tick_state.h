// SPDX-License-Identifier: MIT
// Shared between the tick handler and its installation. Written before the handler is installed,
// read by handlers of all threads; the counter is written by handlers (relaxed).
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>

#include "sampler/signal_handler.h"
#include "unwinder/unwind_tables.h"

namespace sigprof {

struct TickState {
  HandlerConfig config;
  struct sigaction previous = {};  // what the signal did before us
  std::atomic<uint64_t> foreign_signals{0};
  // For native frames; null: not wanted. Read after JsThread::Enter, so that whoever replaced it
  // and then saw the thread quiet knows that the old ones are not in use
  // (sampler/native_modules.h).
  std::atomic<const UnwindTables*> unwind{nullptr};
  // Threads without JavaScript that are sampled, by the number in their ticks. Null: a free place.
  std::atomic<JsThread*> native_threads[kMaxNativeThreads] = {};
};
extern TickState g_tick_state;

void OnTick(int signal, siginfo_t* info, void* context);

}  // namespace sigprof
