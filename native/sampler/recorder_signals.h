// SPDX-License-Identifier: MIT
// Signals the recorder listens to. The handlers only note and wake (a write to an eventfd); they
// run on any thread of the program.
#pragma once

#include <cstdint>

#include "os/status.h"
#include "sampler/own_thread.h"

namespace sigprof {

// Installs the toggle. Refuses a signal that has a handler already. `waker` is never destroyed.
Status InstallToggle(int signal, Waker* waker);
// Toggles since the last call (at most one per 100 ms is counted).
uint32_t TakeToggles();

// Watches over SIGHUP, SIGINT and SIGTERM as long as their disposition is the default or Node's own
// (which ends the process at once), so that the recording can be written first. Signals for which
// the program has a listener are left alone. To be called at each start of a recording.
void WatchExitSignals(Waker* waker);
// While `active`, such a signal is held back and reported by PendingExitSignal; otherwise it takes
// its former course immediately.
void SetExitSignalsActive(bool active);
int PendingExitSignal();
// How often exit signals came since the first that is pending.
uint32_t ExitSignalCount();
// Gives the signal its former disposition and sends it to the main thread.
void RaiseExitSignal(int signal);

}  // namespace sigprof
