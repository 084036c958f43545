// SPDX-License-Identifier: MIT
// The tick handler: on the sampled thread, at any instruction. It touches its ucontext, the own
// thread's stack within its bounds, the words of its own Isolate and its preallocated ring; it
// makes two raw system calls for clocks (rarely a third one, a write to an eventfd, when the ring
// is half full; a fourth and fifth on threads without JavaScript: gettid, and a copy of
// the own stack that cannot fault) and calls nothing but the walks of unwinder/. The object files
// have no other undefined symbols (scripts/check-handler.mjs).
#pragma once

#include <signal.h>

#include <cstdint>

#include "unwinder/capture.h"

namespace sigprof {

struct JsThread;

// Ignored by default, so a late tick is harmless anywhere; left alone by V8 and libuv; not
// real-time, so ticks for an off-CPU thread coalesce instead of filling the queue.
inline constexpr int kTickSignal = SIGURG;

// The low bits of a tick's value say which thread without JavaScript it is for; 0: the thread finds
// its record by itself.
inline constexpr uint32_t kMaxNativeThreads = 256;

// What the handler knows of the process. Written before the handler is installed and by tests.
struct HandlerConfig {
  uint64_t cookie = 0;  // random; in the siginfo of our own ticks, above the bits of the thread
  int pid = 0;
  CaptureLayout layout;
};

// The calling thread's record for its handler, or null to have ticks ignored.
void SetCurrentJsThread(JsThread* thread);
JsThread* CurrentJsThread();

// Sets the layout and draws the cookie once. From any thread, before InstallTickHandler.
void ConfigureTickHandler(const CaptureLayout& layout);
// The value of this thread's ticks.
uint64_t TickCookie(const JsThread& thread);

// Installs the handler unless it is there, and leaves it for good. False if somebody has put
// another one in its place.
bool InstallTickHandler();
bool TickHandlerInstalled();

// Signals of that number that were not our ticks, since load.
uint64_t ForeignSignals();

// For the GC barrier, on the own thread: captures the caller's stack into the ring with this
// weight. False if the ring is full.
bool CaptureOwnStack(JsThread* thread, uint64_t weight_ns, uint32_t ticks, uint64_t gc_epoch);

}  // namespace sigprof
