// SPDX-License-Identifier: MIT
// With native frames: threads without JavaScript (libuv's pool, V8's helpers, other addons') that
// use CPU get a timer, a ring and a record of their own, from outside, as they know nothing of us.
// The handler finds the record by the number in the tick. Not for the signal handler.
#pragma once

#include <sys/types.h>

namespace sigprof {

struct Session;

// Samples the thread from now on. Without effect if it is a JS thread, gone, or there are too many.
// The helper's; holds no lock.
void SampleNativeThread(Session* session, pid_t tid);

// Gives up the records of threads that have ended. The helper's; holds no lock.
void DropEndedThreads(Session* session);

// Gives up the record of this thread, which becomes a JS thread. The registry lock is held.
void DropNativeThread(pid_t tid);

// Gives up all records, after sampling has ended and the threads have left the recording.
void DropNativeThreads();

}  // namespace sigprof
