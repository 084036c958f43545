// SPDX-License-Identifier: MIT
#include "sampler/recorder_signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>

#include "os/clocks.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

constexpr uint64_t kToggleGapNs = 100000000;
// What a terminal, a user or a supervisor ends a program with.
constexpr int kExitSignals[] = {SIGHUP, SIGINT, SIGTERM};

struct SignalState {
  Waker* waker = nullptr;  // written before a handler is installed
  pid_t pid = 0;           // of the process that installed; forked children inherit the handlers
  std::atomic<uint64_t> last_toggle_ns{0};
  std::atomic<uint32_t> toggles{0};  // handlers add, the recorder takes
  std::atomic<bool> exit_active{false};
  std::atomic<int> exit_signal{0};
  std::atomic<uint32_t> exit_count{0};
  struct sigaction previous[std::size(kExitSignals)] = {};  // before ours
};
SignalState g_state;

size_t IndexOf(int signal) {
  return static_cast<size_t>(std::find(kExitSignals, std::end(kExitSignals), signal) -
                             kExitSignals);
}

void OnToggle(int) {
  const int saved = errno;
  if (getpid() != g_state.pid) return;  // the waker's descriptor is shared with the parent
  const uint64_t now = MonotonicNs();
  uint64_t last = g_state.last_toggle_ns.load();
  if (now - last >= kToggleGapNs && g_state.last_toggle_ns.compare_exchange_strong(last, now)) {
    g_state.toggles.fetch_add(1);
    g_state.waker->Wake();
  }
  errno = saved;
}

void OnExitSignal(int signal) {
  const int saved = errno;
  if (getpid() == g_state.pid && g_state.exit_active.load()) {
    int none = 0;
    g_state.exit_signal.compare_exchange_strong(none, signal);
    g_state.exit_count.fetch_add(1);
    g_state.waker->Wake();
  } else {
    // Nothing to write: as if we had never been there. It is blocked until this handler returns.
    sigaction(signal, &g_state.previous[IndexOf(signal)], nullptr);
    raise(signal);
  }
  errno = saved;
}

bool IsOurs(const struct sigaction& action, void (*handler)(int)) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == handler;
}

// Node's own handler of these signals resets the terminal and dies; it is installed once, with
// SA_RESETHAND (node::RegisterSignalHandler). Listeners of the program are installed by libuv
// without that flag.
bool EndsTheProcess(const struct sigaction& action) {
  if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN) return false;
  if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL) return true;
  return (static_cast<unsigned>(action.sa_flags) & static_cast<unsigned>(SA_RESETHAND)) != 0;
}

struct sigaction Action(void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return action;
}

}  // namespace

Status InstallToggle(int signal, Waker* waker) {
  g_state.waker = waker;
  g_state.pid = getpid();
  struct sigaction current;
  const bool known = signal != kTickSignal && sigaction(signal, nullptr, &current) == 0;
  if (known && ((current.sa_flags & SA_SIGINFO) != 0 ||
                (current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN))) {
    return Status("ERR_SIGPROF_SIGNAL_TAKEN",
                  "Signal " + std::to_string(signal) +
                      " has a handler in this process already; choose another one for switching "
                      "the profiler (SIGPROF_SIGNAL)");
  }
  const struct sigaction action = Action(OnToggle);
  if (!known || sigaction(signal, &action, nullptr) != 0) {
    return Status("ERR_SIGPROF_INVALID_OPTION",
                  "Expected option 'toggleSignal' to be a signal a program may use freely, got " +
                      std::to_string(signal));
  }
  return Status();
}

uint32_t TakeToggles() { return g_state.toggles.exchange(0); }

void WatchExitSignals(Waker* waker) {
  g_state.waker = waker;
  g_state.pid = getpid();
  for (int signal : kExitSignals) {
    struct sigaction current;
    if (sigaction(signal, nullptr, &current) != 0) continue;
    if (IsOurs(current, OnExitSignal) || !EndsTheProcess(current)) continue;
    g_state.previous[IndexOf(signal)] = current;
    const struct sigaction action = Action(OnExitSignal);
    sigaction(signal, &action, nullptr);
  }
}

void SetExitSignalsActive(bool active) { g_state.exit_active.store(active); }
int PendingExitSignal() { return g_state.exit_signal.load(); }
uint32_t ExitSignalCount() { return g_state.exit_count.load(); }

void RaiseExitSignal(int signal) {
  g_state.exit_active.store(false);
  g_state.exit_signal.store(0);
  struct sigaction current;
  if (sigaction(signal, nullptr, &current) == 0 && IsOurs(current, OnExitSignal)) {
    sigaction(signal, &g_state.previous[IndexOf(signal)], nullptr);
  }
  syscall(SYS_tgkill, getpid(), getpid(), signal);
}

}  // namespace sigprof
