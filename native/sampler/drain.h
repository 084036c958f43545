// SPDX-License-Identifier: MIT
// From a thread's ring into the tables: the consuming side, the same for the helper thread, the GC
// barrier, a thread that leaves and the end of a recording. Not for the signal handler.
#pragma once

#include <cstdint>

#include "sampler/session.h"

namespace sigprof {

enum class DrainStep {
  kEmpty,  // nothing pending
  kDone,   // one record resolved
  kRetry,  // not possible now: a collection is at work on the record, or was; come back
};

// Resolves the oldest pending record. The resolve lock is held.
DrainStep DrainOne(JsThread* thread, Session* session);

// Resolves everything pending, taking the resolve lock per record and waiting out collections of
// the thread for at most `timeout_ms`. The caller holds `life`, not the resolve lock.
void DrainAll(JsThread* thread, Session* session, uint32_t timeout_ms);

// Resolves a sample that is in no ring (taken of a thread asleep). False if a collection came in
// between; nothing is recorded then. The resolve lock is held.
bool ResolveLoose(JsThread* thread, Session* session, const RawSample& sample, uint32_t* stack);

// Adds a row for `stack` of `thread` and its weight to the totals. The resolve lock is held.
void AddRow(JsThread* thread, Session* session, uint32_t stack, uint64_t time_ns,
            uint64_t weight_ns, uint32_t ticks, uint32_t flags);

}  // namespace sigprof
