// SPDX-License-Identifier: MIT
#include "remote/recording.h"

#include <time.h>

#include <algorithm>

#include "os/clocks.h"
#include "os/json.h"
#include "os/threads.h"

namespace sigprof::remote {
namespace {

// CPU time that no thread alive accounts for is recorded from this on.
constexpr uint64_t kLeastExitedNs = 1'000'000;

// For a thread to get a CPU on which it can be stopped; another scan is not far.
constexpr uint64_t kScanPatienceNs = 2'000'000;

// Code of no module may be a library that has just been loaded, or code that some engine makes.
constexpr uint64_t kRefreshNs = 50'000'000;

// Fewer looks than this say nothing about the rate.
constexpr uint64_t kLeastLooks = 100;

uint64_t UnixMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return internal::ToNs(now) / 1'000'000;
}

// Node gives its threads names of its own since 24; what a Worker's `name` option says is there,
// too.
std::string WorkerName(pid_t pid, pid_t tid, uint32_t ordinal) {
  const std::string plain = "worker " + std::to_string(ordinal);
  const std::string name = ThreadName(pid, tid);
  const bool is_own = !name.empty() && name != ThreadName(pid, pid) && name != "WorkerThread";
  return is_own ? plain + ": " + name : plain;
}

}  // namespace

Recording::Recording(const RemoteOptions& options, std::unique_ptr<Target> target)
    : options_(options), target_(std::move(target)), native_(options.period_ns()) {
  if (options_.native) modules_ = std::make_unique<TargetModules>(target_.get());
  BeginTables();
}

void Recording::BeginTables() {
  auto tables = std::make_unique<ProfileTables>(options_.max_bytes);
  program_stack_ = SpecialStack(tables.get(), "(program)", FunctionKind::kSpecial);
  idle_stack_ = SpecialStack(tables.get(), "(idle)", FunctionKind::kSpecial);
  gc_stack_ = SpecialStack(tables.get(), "(garbage collector)", FunctionKind::kGc);
  native_.ForgetTables();
  if (modules_ != nullptr) modules_->UseTables(tables.get());
  for (Thread* thread : js_) {
    thread->resolver->UseTables(tables.get());
    if (modules_ != nullptr) thread->resolver->UseNativeFrames(modules_->frames());
    thread->has_row = false;
    thread->last_stack = 0;
    thread->asleep_known = false;
  }
  tables_ = std::move(tables);
  counters_ = {};
  looks_ = 0;
  start_unix_ms_ = UnixMs();
  start_ns_ = MonotonicNs();
  start_cpu_ns_ = last_cpu_ns_ = ProcessCpuNs(target_->pid);
}

Status Recording::Attach(Tracer* tracer) {
  if (!options_.nonblocking) {
    const int error = tracer->Seize(target_->pid, target_->pid);
    if (error != 0) return ExplainSeize(target_->pid, error);
  }
  Scan(tracer);
  return Status();
}

void Recording::Scan(Tracer* tracer) {
  std::vector<pid_t> tids;
  if (end_ != RecordingEnd::kNotYet) return;
  if (!ListThreads(target_->pid, &tids)) return Finish(RecordingEnd::kExited);
  const Fate fate = target_->NowIs();
  if (fate == Fate::kEnded) return Finish(RecordingEnd::kExited);
  if (fate == Fate::kExec) return Finish(RecordingEnd::kExec);
  const uint64_t now = MonotonicNs();
  for (pid_t tid : tids) {
    SchedStat sched;
    if (Thread* thread = ThreadOf(tid, &sched)) ScanThread(tracer, thread, sched, now);
  }
  scanned_ = true;
  DropThreads(tids, now);
  const uint64_t cpu = ProcessCpuNs(target_->pid);
  if (cpu != 0) last_cpu_ns_ = cpu;
}

// The thread of that id and its clock; null when it has just ended.
Recording::Thread* Recording::ThreadOf(pid_t tid, SchedStat* sched) {
  std::unique_ptr<Thread>& thread = threads_[tid];
  if (thread != nullptr) {
    if (thread->files.ReadSched(sched)) return thread.get();
    // Its id was used again.
    LeaveJs(thread.get(), MonotonicNs());
    native_.Close(tid);
    js_.erase(std::remove(js_.begin(), js_.end(), thread.get()), js_.end());
  }
  thread = std::make_unique<Thread>(target_->pid, tid);
  if (!thread->files.ReadSched(sched)) return nullptr;
  // What a thread used before the recording is not of it; one born since is charged in full.
  native_.Open(tid, scanned_ ? 0 : sched->cpu_ns);
  return thread.get();
}

void Recording::ScanThread(Tracer* tracer, Thread* thread, const SchedStat& sched,
                           uint64_t now_ns) {
  const bool was_js = thread->runs_js();
  Tracer* may_stop = options_.nonblocking ? nullptr : tracer;
  const bool is_known = FindThreadPointer(may_stop, target_.get(), thread, kScanPatienceNs) &&
                        FindIsolate(target_.get(), thread, tables_.get());
  if (modules_ != nullptr && thread->runs_js()) {
    thread->resolver->UseNativeFrames(modules_->frames());
  }
  if (was_js && !thread->runs_js()) LeaveJs(thread, now_ns);
  if (!was_js && thread->runs_js()) {
    thread->charged_ns = native_.Close(thread->tid);
    thread->last_wall_ns = now_ns;
    if (!options_.nonblocking && !tracer->IsSeized(thread->tid)) {
      tracer->Seize(target_->pid, thread->tid);
    }
    js_.push_back(thread);
  }
  // What a thread has used before it is known to run JavaScript goes to its first sample.
  if (!thread->runs_js() && (is_known || options_.nonblocking)) {
    counters_.covered_ns +=
        native_.Charge(tables_.get(), target_->pid, thread->tid, sched.cpu_ns, now_ns - start_ns_);
  }
}

void Recording::DropThreads(const std::vector<pid_t>& alive, uint64_t now_ns) {
  std::erase_if(threads_, [&](const auto& entry) {
    SchedStat sched;
    const bool is_listed = std::find(alive.begin(), alive.end(), entry.first) != alive.end();
    // Not merely missing in the list, which may skip threads while others end.
    if (is_listed || entry.second->files.ReadSched(&sched)) return false;
    LeaveJs(entry.second.get(), now_ns);
    native_.Close(entry.first);
    return true;
  });
  js_.clear();
  for (const auto& [tid, thread] : threads_) {
    if (thread->runs_js()) js_.push_back(thread.get());
  }
}

// What a thread has used since its last sample goes to that sample's stack.
void Recording::LeaveJs(Thread* thread, uint64_t now_ns) {
  if (!thread->has_row && !thread->runs_js()) return;
  SchedStat sched;
  if (thread->files.ReadSched(&sched)) thread->last = sched;
  const uint32_t stack = thread->last_stack != 0 ? thread->last_stack : program_stack_;
  if (!options_.wall && thread->last.cpu_ns > thread->charged_ns) {
    Add(thread, stack, now_ns, thread->last.cpu_ns - thread->charged_ns, 0);
    thread->charged_ns = thread->last.cpu_ns;
  }
  native_.Open(thread->tid, thread->last.cpu_ns);
}

// A look that finds the thread asleep leaves what it used to the next one that finds it running:
// where a thread is found running at random times says where it runs.
void Recording::LookAtAll(Tracer* tracer) {
  if (end_ != RecordingEnd::kNotYet) return;
  looks_++;
  for (Thread* thread : js_) {
    if (tracer->IsLate(thread->tid)) continue;
    if (IsRunning(thread)) {
      thread->asleep_known = false;
      if (options_.nonblocking) {
        SampleUnstopped(thread);
      } else {
        StopAndSample(tracer, thread);
      }
    } else if (options_.wall) {
      LookAsleep(thread);
    }
  }
}

bool Recording::LookLate(Tracer* tracer, pid_t tid) {
  const auto found = threads_.find(tid);
  if (found == threads_.end() || end_ != RecordingEnd::kNotYet) return false;
  Thread* thread = found->second.get();
  if (thread->runs_js()) {
    SampleStopped(tracer, thread, false);
  } else {
    // It was stopped to find out whether it does; the next Scan will.
    ReadThreadPointerAndResume(tracer, thread, !thread->is_main);
  }
  return true;
}

// On a CPU or waiting for one, as far as needs to be known. A thread whose clock and switch count
// stand still since it was seen asleep still sleeps.
bool Recording::IsRunning(Thread* thread) {
  SchedStat sched;
  if (!thread->files.ReadSched(&sched)) return false;
  if (sched == thread->last && !thread->was_running) return false;
  thread->last = sched;
  thread->was_running = thread->files.ReadState() == 'R';
  return thread->was_running;
}

void Recording::StopAndSample(Tracer* tracer, Thread* thread) {
  if (tracer->Stop(thread->tid, 0) == StopResult::kStopped) SampleStopped(tracer, thread, true);
}

void Recording::SampleStopped(Tracer* tracer, Thread* thread, bool is_pause_known) {
  // It may have become another program on its way into the stop.
  if (tracer->HasExecs()) return tracer->Resume(thread->tid);
  ThreadRegisters regs;
  const CopyResult result = CaptureAndResume(tracer, target_.get(), thread, &copy_, &regs);
  if (is_pause_known) pauses_.Add(MonotonicNs() - tracer->stopped_after_ns());
  if (result == CopyResult::kTaken) return AddCopy(thread);
  if (result == CopyResult::kUnreadable) {
    counters_.unusable_stacks++;
    counters_.incomplete++;
  }
  AddRunning(thread, program_stack_, 0);
}

void Recording::SampleUnstopped(Thread* thread) {
  if (CaptureUnstopped(target_.get(), thread, &copy_)) {
    AddCopy(thread);
  } else {
    counters_.unseen_in_js++;
  }
}

void Recording::AddCopy(Thread* thread) {
  const RawSample& sample = copy_.sample();
  AddRunning(thread, Resolve(thread, sample), sample.flags & ~uint32_t{kSampleIdle});
  const uint64_t now = MonotonicNs();
  if (sample.has_unknown_code == 0 || now < next_refresh_ns_) return;
  modules_->Refresh();
  next_refresh_ns_ = now + kRefreshNs;
}

// With what the thread has used, or how long it was, since its last sample.
void Recording::AddRunning(Thread* thread, uint32_t stack, uint32_t flags) {
  const uint64_t now = MonotonicNs();
  if (options_.wall) {
    Add(thread, stack, now, now - thread->last_wall_ns, flags);
    thread->last_wall_ns = now;
    return;
  }
  SchedStat sched;
  // Exact: to be stopped, the thread went off the CPU.
  if (!thread->files.ReadSched(&sched) || sched.cpu_ns <= thread->charged_ns) return;
  Add(thread, stack, now, sched.cpu_ns - thread->charged_ns, flags);
  thread->charged_ns = sched.cpu_ns;
}

void Recording::LookAsleep(Thread* thread) {
  SchedStat sched;
  if (!thread->files.ReadSched(&sched)) return;
  if (!thread->asleep_known || !(sched == thread->last)) {
    thread->asleep_known = SampleAsleep(thread);
  }
  if (thread->asleep_known) AddAsleep(thread, MonotonicNs());
}

bool Recording::SampleAsleep(Thread* thread) {
  ThreadSyscall syscall;
  if (!CaptureAsleep(target_.get(), thread, &copy_, &syscall)) return false;
  thread->files.ReadSched(&thread->last);
  thread->asleep_idle = copy_.sample().start == WalkStart::kNone;
  thread->asleep_stack = thread->asleep_idle ? idle_stack_ : Resolve(thread, copy_.sample());
  return true;
}

void Recording::AddAsleep(Thread* thread, uint64_t now_ns) {
  const uint64_t weight = now_ns - thread->last_wall_ns;
  thread->last_wall_ns = now_ns;
  if (thread->asleep_idle && !options_.idle) {
    counters_.idle_ns += weight;
    return;
  }
  const uint32_t idle = thread->asleep_idle ? kSampleIdle : 0;
  Add(thread, thread->asleep_stack, now_ns, weight, kSampleAsleep | idle);
}

uint32_t Recording::Resolve(Thread* thread, const RawSample& sample) {
  // Nobody tells us when V8 moves objects: nothing read at another time counts.
  thread->resolver->MarkCompactHappened();
  ResolvedSample resolved;
  const bool has_js = sample.start != WalkStart::kNone && sample.start != WalkStart::kUnusable;
  if (has_js || sample.native_generation != 0) {
    resolved = thread->resolver->Resolve(sample);
  }
  counters_.unresolved_frames += resolved.unresolved_frames;
  const bool is_truncated = (sample.flags & kSampleTruncated) != 0;
  const bool is_unusable = sample.start == WalkStart::kUnusable;
  counters_.truncated_stacks += is_truncated;
  counters_.unusable_stacks += is_unusable;
  if (is_truncated || is_unusable || resolved.unresolved_frames != 0) counters_.incomplete++;
  if (resolved.stack != 0) return resolved.stack;
  return (sample.flags & kSampleInGc) != 0 ? gc_stack_ : program_stack_;
}

void Recording::Add(Thread* thread, uint32_t stack, uint64_t now_ns, uint64_t weight_ns,
                    uint32_t flags) {
  if (!thread->has_row) {
    thread->has_row = true;
    if (!thread->is_main && thread->ordinal == 0) thread->ordinal = ++workers_seen_;
    thread->row = tables_->AddThread(
        static_cast<uint32_t>(thread->tid),
        thread->is_main ? ThreadKind::kMain : ThreadKind::kWorker,
        thread->is_main ? "main" : WorkerName(target_->pid, thread->tid, thread->ordinal));
  }
  tables_->AddSample({thread->row, stack, 1, flags, now_ns - start_ns_, weight_ns});
  counters_.covered_ns += weight_ns;
  thread->last_stack = stack;
}

void Recording::Finish(RecordingEnd why) {
  if (end_ns_ != 0) return;
  end_ = why;
  end_ns_ = MonotonicNs();
  for (Thread* thread : js_) LeaveJs(thread, end_ns_);
  js_.clear();
  const uint64_t cpu = why == RecordingEnd::kNotYet ? ProcessCpuNs(target_->pid) : 0;
  if (cpu != 0) last_cpu_ns_ = cpu;
  const uint64_t used = last_cpu_ns_ - start_cpu_ns_;
  if (!options_.wall && used > counters_.covered_ns + kLeastExitedNs) {
    counters_.covered_ns +=
        native_.ChargeExited(tables_.get(), used - counters_.covered_ns, end_ns_ - start_ns_);
  }
}

// Looks a second, which are fewer than asked for when sampling takes longer than a period.
uint64_t Recording::EffectiveRateHz() const {
  const uint64_t duration = (end_ns_ != 0 ? end_ns_ : MonotonicNs()) - start_ns_;
  const uint64_t reached = duration == 0 ? 0 : looks_ * 1'000'000'000 / duration;
  // A short recording may have begun with a short period.
  const bool is_known = looks_ >= kLeastLooks;
  return is_known ? std::min<uint64_t>(reached, options_.rate_hz) : options_.rate_hz;
}

std::string Recording::MetaJson() const {
  JsonObject meta;
  meta.Add("pid", static_cast<uint64_t>(target_->pid));
  meta.Add("nodeVersion", target_->image->node_version);
  meta.Add("v8Version", target_->image->v8_version);
  meta.Add("mode", options_.wall ? "wall" : "cpu");
  meta.Add("rateHz", uint64_t{options_.rate_hz});
  meta.Add("effectiveRateHz", EffectiveRateHz());
  meta.Add("timer", options_.nonblocking ? "nonblocking" : "ptrace");
  meta.Add("startTimeMs", start_unix_ms_);
  meta.Add("cwd", target_->cwd);
  meta.Add("title", target_->command_line);
  meta.Add("idle", options_.idle);
  return meta.Take();
}

std::string Recording::CountersJson(uint64_t own_cpu_ns) const {
  JsonObject lost;
  lost.Add("unresolvedFrames", counters_.unresolved_frames);
  lost.Add("truncatedStacks", counters_.truncated_stacks);
  lost.Add("unusableStacks", counters_.unusable_stacks);
  lost.Add("tableFull", tables_->stacks_refused());
  lost.Add("samplesRefused", tables_->samples_refused());
  lost.Add("unseenInJs", counters_.unseen_in_js);
  if (modules_ != nullptr) {
    lost.Add("brokenNativeStacks", modules_->frames()->counters.broken);
  }
  JsonObject counters;
  counters.Add("durationNs", (end_ns_ != 0 ? end_ns_ : MonotonicNs()) - start_ns_);
  counters.Add("samples", tables_->sample_count());
  counters.Add("cpuNs",
               std::max(last_cpu_ns_ - start_cpu_ns_, options_.wall ? 0 : counters_.covered_ns));
  counters.Add("coveredNs", counters_.covered_ns);
  counters.AddRaw("lost", lost.Take());
  counters.Add("helperCpuNs", own_cpu_ns);
  counters.Add("idleNs", counters_.idle_ns);
  counters.Add("incompleteSamples", counters_.incomplete);
  counters.Add("pauses", pauses_.count());
  counters.Add("pauseMedianNs", pauses_.Quantile(0.5));
  counters.Add("pauseP99Ns", pauses_.Quantile(0.99));
  counters.Add("pauseMaxNs", pauses_.max_ns());
  return counters.Take();
}

void Recording::Encode(uint64_t own_cpu_ns, std::vector<uint8_t>* out) {
  ProfileTables::EncodeHeader(out);
  ProfileTables::EncodeMeta(MetaJson(), out);
  tables_->Encode(out);
  ProfileTables::EncodeCounters(CountersJson(own_cpu_ns), out);
}

void Recording::TakeInterval(uint64_t own_cpu_ns, std::vector<uint8_t>* out) {
  const uint64_t cpu = ProcessCpuNs(target_->pid);
  if (cpu != 0) last_cpu_ns_ = cpu;
  Encode(own_cpu_ns, out);
  BeginTables();
}

}  // namespace sigprof::remote
