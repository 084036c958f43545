// SPDX-License-Identifier: MIT
// Shared between the tick handler and its installation. Written before the handler is installed,
// read by handlers of all threads; the counter is written by handlers (relaxed).
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>

#include "sampler/signal_handler.h"

namespace sigprof {

struct TickState {
  HandlerConfig config;
  struct sigaction previous = {};  // what the signal did before us
  std::atomic<uint64_t> foreign_signals{0};
};
extern TickState g_tick_state;

void OnTick(int signal, siginfo_t* info, void* context);

}  // namespace sigprof
