// SPDX-License-Identifier: MIT
// A JS thread's part in a recording: joining, leaving, and registration with V8. Not for the signal
// handler. Except for registration, callable from any thread with the thread's `life` lock held.
#pragma once

namespace sigprof {

struct JsThread;
struct Session;

// Ring, resolver, row and timer for `thread`. 0 or an errno: it takes part without ticks then, and
// is counted. The registry lock is held.
int JoinRecording(JsThread* thread, Session* session);

// No tick is recorded after this; the GC barrier still serves what is pending.
void StopTicks(JsThread* thread);

// After StopTicks: resolves what is pending, adds the last partial interval and the counters to the
// session, frees the ring.
void LeaveRecording(JsThread* thread);

}  // namespace sigprof
