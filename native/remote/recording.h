// SPDX-License-Identifier: MIT
// The recording of one process from outside: its threads, what they were seen doing, its profile.
// On the sampler's thread, which owns the Tracer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "remote/cpu_accounts.h"
#include "remote/js_thread.h"
#include "remote/pause_stats.h"
#include "remote/remote_options.h"
#include "remote/target_modules.h"
#include "resolver/tables.h"

namespace sigprof::remote {

// Totals and losses; see COUNTERS in docs/batch-format.md.
struct RemoteCounters {
  uint64_t covered_ns = 0;
  uint64_t idle_ns = 0;  // wall mode: idle time that was not recorded
  uint64_t unresolved_frames = 0, truncated_stacks = 0, unusable_stacks = 0;
  uint64_t unseen_in_js = 0;  // --nonblocking: in JavaScript, where nothing can be read
  uint64_t incomplete = 0;    // samples with any fault, each once
};

enum class RecordingEnd : uint8_t {
  kNotYet,
  kExited,  // the process has ended
  kExec,    // it runs another program now
};

class Recording {
 public:
  Recording(const RemoteOptions& options, std::unique_ptr<Target> target);

  // Looks for the first threads; refuses when the process may not be traced.
  Status Attach(Tracer* tracer);
  // One look at each JavaScript thread. One that can't be stopped at once is sampled by LookLate.
  void LookAtAll(Tracer* tracer);
  // Samples a thread that has stopped late, and lets it run on; false if it is none of this process
  // and still to be resumed.
  bool LookLate(Tracer* tracer, pid_t tid);
  // Threads that came or went, CPU time of those without JavaScript. Ten times a second.
  void Scan(Tracer* tracer);
  // Accounts for the rest. Nothing is recorded afterwards.
  void Finish(RecordingEnd why);

  // Appends everything as one batch, from magic to counters; see docs/batch-format.md. `own_cpu_ns`
  // is what sampling has cost us so far.
  void Encode(uint64_t own_cpu_ns, std::vector<uint8_t>* out);
  // The same, and begins anew: the next batch stands for itself.
  void TakeInterval(uint64_t own_cpu_ns, std::vector<uint8_t>* out);

  pid_t pid() const { return target_->pid; }
  RecordingEnd end() const { return end_; }
  bool has_js() const { return !js_.empty(); }
  uint64_t sample_count() const { return tables_->sample_count(); }
  const RemoteCounters& counters() const { return counters_; }
  const PauseStats& pauses() const { return pauses_; }

 private:
  struct Thread : RemoteThread {
    using RemoteThread::RemoteThread;
    uint32_t row = 0, ordinal = 0;
    bool has_row = false;
    bool was_running = false;   // at the last look
    SchedStat last;             // at the last look
    uint64_t charged_ns = 0;    // CPU time that is in samples
    uint64_t last_wall_ns = 0;  // up to when its time is in samples (wall mode)
    uint32_t last_stack = 0;
    bool asleep_known = false, asleep_idle = false;  // still in the sleep whose stack was read
    uint32_t asleep_stack = 0;
  };

  void BeginTables();
  Thread* ThreadOf(pid_t tid, SchedStat* sched);
  void ScanThread(Tracer* tracer, Thread* thread, const SchedStat& sched, uint64_t now_ns);
  void DropThreads(const std::vector<pid_t>& alive, uint64_t now_ns);
  void LookAsleep(Thread* thread);
  bool IsRunning(Thread* thread);
  void StopAndSample(Tracer* tracer, Thread* thread);
  void SampleStopped(Tracer* tracer, Thread* thread, bool is_pause_known);
  void SampleUnstopped(Thread* thread);
  void AddRunning(Thread* thread, uint32_t stack, uint32_t flags);
  void AddCopy(Thread* thread);
  bool SampleAsleep(Thread* thread);
  void AddAsleep(Thread* thread, uint64_t now_ns);
  uint32_t Resolve(Thread* thread, const RawSample& sample);
  void Add(Thread* thread, uint32_t stack, uint64_t now_ns, uint64_t weight_ns, uint32_t flags);
  void LeaveJs(Thread* thread, uint64_t now_ns);
  uint64_t EffectiveRateHz() const;
  std::string MetaJson() const;
  std::string CountersJson(uint64_t own_cpu_ns) const;

  const RemoteOptions options_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<TargetModules> modules_;  // null without native frames
  uint64_t next_refresh_ns_ = 0;            // of them, not before
  std::unique_ptr<ProfileTables> tables_;
  std::map<pid_t, std::unique_ptr<Thread>> threads_;
  std::vector<Thread*> js_;  // those with an isolate
  CpuAccounts native_;       // CPU time of the others
  StackCopy copy_;
  RemoteCounters counters_;
  uint64_t looks_ = 0;
  PauseStats pauses_;
  RecordingEnd end_ = RecordingEnd::kNotYet;
  uint32_t workers_seen_ = 0;
  bool scanned_ = false;  // threads that appear from now on are new
  uint32_t program_stack_ = 0, idle_stack_ = 0, gc_stack_ = 0;
  uint64_t start_ns_ = 0, end_ns_ = 0, start_unix_ms_ = 0;
  uint64_t start_cpu_ns_ = 0, last_cpu_ns_ = 0;  // of the process
};

}  // namespace sigprof::remote
