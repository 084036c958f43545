// SPDX-License-Identifier: MIT
// Installation of the tick handler; apart from signal_handler.cc so that what runs in the handler
// stays free of libc.
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <mutex>

#include "os/clocks.h"
#include "sampler/js_thread.h"
#include "sampler/signal_handler.h"
#include "sampler/tick_state.h"

namespace sigprof {
namespace {

std::once_flag g_configured;
bool g_installed = false;  // under the control lock of recordings

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == OnTick;
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 &&
         (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
}

}  // namespace

void ConfigureTickHandler(const CaptureLayout& layout) {
  std::call_once(g_configured, [&layout] {
    uint64_t cookie = 0;
    if (getrandom(&cookie, sizeof(cookie), GRND_NONBLOCK) != sizeof(cookie) || cookie == 0) {
      cookie = MonotonicNs() * 0x9e3779b97f4a7c15u ^ reinterpret_cast<uint64_t>(&g_tick_state);
    }
    g_tick_state.config.cookie = cookie & ~uint64_t{kMaxNativeThreads - 1};
    g_tick_state.config.pid = getpid();
    g_tick_state.config.layout = layout;
  });
}

uint64_t TickCookie(const JsThread& thread) {
  return g_tick_state.config.cookie | thread.native_slot;
}

bool TickHandlerInstalled() {
  struct sigaction current;
  return sigaction(kTickSignal, nullptr, &current) == 0 && IsOurs(current);
}

bool InstallTickHandler() {
  struct sigaction current;
  if (sigaction(kTickSignal, nullptr, &current) != 0) return false;
  if (IsOurs(current)) return true;
  // One that came after ours may forward to us: forwarding to it in turn would never end. One that
  // came and went (libuv puts the default back) leaves the signal free.
  if (g_installed && !IsDefault(current)) return false;
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
