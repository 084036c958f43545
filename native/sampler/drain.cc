// SPDX-License-Identifier: MIT
#include "sampler/drain.h"

#include "os/clocks.h"
#include "sampler/js_thread.h"
#include "sampler/own_thread.h"

namespace sigprof {
namespace {

// What the collections since the resolver's last use mean for its caches.
void TellResolver(JsThread* thread, uint64_t epoch) {
  const uint64_t majors = thread->major_count.load(std::memory_order_acquire);
  if (majors != thread->resolver_major_count) {
    thread->resolver->MarkCompactHappened();
  } else if (epoch != thread->resolver_epoch) {
    thread->resolver->ScavengeHappened();
  }
  thread->resolver_major_count = majors;
  thread->resolver_epoch = epoch;
}

ResolvedSample Resolve(JsThread* thread, Session* session, const RawSample& sample,
                       uint64_t epoch) {
  TellResolver(thread, epoch);
  ResolvedSample resolved;
  const bool has_js = sample.start != WalkStart::kNone && sample.start != WalkStart::kUnusable;
  const bool has_frames = has_js || sample.native_generation != 0;
  if (has_frames) resolved = thread->resolver->Resolve(sample);
  if (resolved.stack == 0) {
    resolved.stack = (sample.flags & kSampleInGc) ? session->gc_stack : thread->base_stack;
  }
  return resolved;
}

void CountLosses(Session* session, const RawSample& sample, const ResolvedSample& resolved) {
  SessionCounters& counters = session->counters;
  counters.unresolved_frames += resolved.unresolved_frames;
  if (sample.flags & kSampleTruncated) counters.truncated_stacks++;
  if (sample.start == WalkStart::kUnusable) counters.unusable_stacks++;
}

}  // namespace

void AddRow(JsThread* thread, Session* session, uint32_t stack, uint64_t time_ns,
            uint64_t weight_ns, uint32_t ticks, uint32_t flags) {
  const uint64_t since = time_ns > session->start_ns ? time_ns - session->start_ns : 0;
  session->tables.AddSample({thread->row, stack, ticks, flags, since, weight_ns});
  session->counters.covered_ns += weight_ns;
  thread->last_stack = stack;
}

DrainStep DrainOne(JsThread* thread, Session* session) {
  // Major collections hold the resolve lock while they resolve what is pending, so this flag can't
  // change to true under us.
  if (thread->major_gc.load(std::memory_order_acquire)) {
    return thread->ring.empty() ? DrainStep::kEmpty : DrainStep::kRetry;
  }
  RawSample* sample = reinterpret_cast<RawSample*>(session->copy.data());
  switch (thread->ring.CopyFront(sample)) {
    case SampleRing::Copy::kEmpty:
      return DrainStep::kEmpty;
    case SampleRing::Copy::kBusy:
      return DrainStep::kRetry;
    case SampleRing::Copy::kCopied:
      break;
  }
  const uint64_t epoch = thread->gc_epoch.load(std::memory_order_acquire);
  if (!sample->pinned) {
    // Odd: a scavenge has begun and is about to pin this record, if it is not a copy made before.
    if (epoch & 1) return DrainStep::kRetry;
    if (sample->gc_epoch != epoch) {
      // A whole scavenge between the copy and our look at the epoch: the record is pinned by now.
      if (thread->ring.CopyFront(sample) != SampleRing::Copy::kCopied) return DrainStep::kRetry;
      if (!sample->pinned) {
        session->counters.unpinned++;
        sample->start = WalkStart::kUnusable;
        sample->frame_count = 0;
        sample->native_count = 0;  // they lie behind the frames
        sample->native_generation = 0;
      }
    }
  }
  const ResolvedSample resolved = Resolve(thread, session, *sample, epoch);
  if (!sample->pinned && thread->gc_epoch.load(std::memory_order_acquire) != epoch &&
      sample->start != WalkStart::kUnusable) {
    return DrainStep::kRetry;  // objects may have moved while they were read
  }
  CountLosses(session, *sample, resolved);
  AddRow(thread, session, resolved.stack, sample->time_ns, sample->weight_ns, sample->ticks,
         sample->flags & ~uint32_t{kSampleIdle});
  thread->ring.Pop();
  return DrainStep::kDone;
}

void DrainAll(JsThread* thread, Session* session, uint32_t timeout_ms) {
  const uint64_t deadline = MonotonicNs() + uint64_t{timeout_ms} * 1000000;
  for (;;) {
    DrainStep step;
    {
      ResolveLock lock;
      step = DrainOne(thread, session);
    }
    if (step == DrainStep::kEmpty) return;
    if (step == DrainStep::kDone) continue;
    if (MonotonicNs() > deadline) return;
    SleepNs(50000);
  }
}

bool ResolveLoose(JsThread* thread, Session* session, const RawSample& sample, uint32_t* stack) {
  if (thread->major_gc.load(std::memory_order_acquire)) return false;
  const uint64_t epoch = thread->gc_epoch.load(std::memory_order_acquire);
  if ((epoch & 1) || epoch != sample.gc_epoch) return false;
  const ResolvedSample resolved = Resolve(thread, session, sample, epoch);
  if (thread->gc_epoch.load(std::memory_order_acquire) != epoch) return false;
  CountLosses(session, sample, resolved);
  *stack = resolved.stack;
  return true;
}

}  // namespace sigprof
