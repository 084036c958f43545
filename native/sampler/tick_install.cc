// SPDX-License-Identifier: MIT
// Installation of the tick handler; apart from signal_handler.cc so that what runs in the handler
// stays free of libc.
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <mutex>

#include "os/clocks.h"
#include "sampler/signal_handler.h"
#include "sampler/tick_state.h"

namespace sigprof {
namespace {

std::once_flag g_configured;
bool g_installed = false;  // under the control lock of recordings

}  // namespace

void ConfigureTickHandler(const CaptureLayout& layout) {
  std::call_once(g_configured, [&layout] {
    uint64_t cookie = 0;
    if (getrandom(&cookie, sizeof(cookie), GRND_NONBLOCK) != sizeof(cookie) || cookie == 0) {
      cookie = MonotonicNs() * 0x9e3779b97f4a7c15u ^ reinterpret_cast<uint64_t>(&g_tick_state);
    }
    g_tick_state.config.cookie = cookie;
    g_tick_state.config.layout = layout;
  });
}

uint64_t TickCookie() { return g_tick_state.config.cookie; }

bool InstallTickHandler() {
  struct sigaction current;
  if (sigaction(kTickSignal, nullptr, &current) != 0) return false;
  const bool ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == OnTick;
  if (g_installed || ours) return ours;
  // Known before the handler can run for the first time.
  g_tick_state.previous = current;
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = OnTick;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  g_installed = sigaction(kTickSignal, &action, nullptr) == 0;
  return g_installed;
}

uint64_t ForeignSignals() { return g_tick_state.foreign_signals.load(std::memory_order_relaxed); }

}  // namespace sigprof
