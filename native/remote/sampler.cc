// SPDX-License-Identifier: MIT
#include "remote/sampler.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include <algorithm>
#include <random>
#include <utility>

#include "os/clocks.h"
#include "os/threads.h"

namespace sigprof::remote {
namespace {

constexpr uint64_t kScanNs = 100'000'000;
// Between two looks our thread blocks in waitpid, so that a signal for the target is passed on at
// once; a timer's signal ends that. Should one come just before the wait, the next follows soon.
constexpr uint64_t kRepeatNs = 500'000;
// Samples may not keep step with the program: periods vary by half of themselves, evenly.
constexpr double kJitter = 0.5;

// Nothing else in a Node process uses it.
int WakeSignal() { return SIGRTMIN + 7; }

void InstallWakeSignal() {
  struct sigaction action = {};
  action.sa_handler = [](int) {};  // it is sent for its EINTR: no SA_RESTART
  sigaction(WakeSignal(), &action, nullptr);
}

// Each stop of a tracee is told to its tracer's process by SIGCHLD. With all signals blocked in the
// sampler's thread, that would wake Node's main thread for each sample, and the tracee would do
// that before it stops. Nothing in Node asks for stops of children.
void RefuseSignalsOfStops() {
  struct sigaction action = {};
  sigaction(SIGCHLD, nullptr, &action);
  action.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, nullptr);
}

bool CreateTimer(timer_t* timer) {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = WakeSignal();
  event._sigev_un._tid = OwnTid();
  return timer_create(CLOCK_MONOTONIC, &event, timer) == 0;
}

void SetTimer(timer_t timer, uint64_t at_ns) {
  itimerspec spec = {};
  spec.it_value = {static_cast<time_t>(at_ns / 1'000'000'000),
                   static_cast<long>(at_ns % 1'000'000'000)};
  spec.it_interval.tv_nsec = kRepeatNs;
  timer_settime(timer, TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace

Status RemoteSampler::Start(const RemoteOptions& options) {
  options_ = options;
  InstallWakeSignal();
  RefuseSignalsOfStops();
  // All signals blocked, inherited by the thread, which opens the one it needs.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  const int error = pthread_create(&thread_, nullptr, Main, this);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (error != 0) {
    return Status("ERR_SIGPROF_TIMER", std::string("Cannot create the sampler's thread: ") +
                                           strerror(error) + "; end other processes");
  }
  started_ = true;
  std::unique_lock<std::mutex> lock(mutex_);
  begun_changed_.wait(lock, [this] { return begun_; });
  return begin_status_;
}

void* RemoteSampler::Main(void* self) {
  static_cast<RemoteSampler*>(self)->Run();
  return nullptr;
}

Status RemoteSampler::Begin() {
  std::unique_ptr<Target> target;
  Status status = OpenTarget(options_.pid, !options_.nonblocking, &target);
  if (!status.ok()) return status;
  if (!CreateTimer(&timer_)) {
    return Status("ERR_SIGPROF_TIMER",
                  "Cannot create a timer: the limit of pending signals and timers of this user is "
                  "reached (RLIMIT_SIGPENDING); raise it with `ulimit -i` or end other processes");
  }
  recordings_.push_back(std::make_unique<Recording>(options_, std::move(target)));
  return Status();
}

void RemoteSampler::Run() {
  prctl(PR_SET_NAME, "sigprof-remote");
  prctl(PR_SET_TIMERSLACK, 1);
  sigset_t wake;
  sigemptyset(&wake);
  sigaddset(&wake, WakeSignal());
  pthread_sigmask(SIG_UNBLOCK, &wake, nullptr);
  Tracer tracer;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    begin_status_ = Begin();
    if (begin_status_.ok()) begin_status_ = recordings_[0]->Attach(&tracer);
    begun_ = true;
    begun_changed_.notify_all();
    if (!begin_status_.ok()) return;
  }
  Loop(&tracer);
  timer_delete(timer_);
}

void RemoteSampler::Loop(Tracer* tracer) {
  std::minstd_rand random(static_cast<uint32_t>(MonotonicNs()));
  std::uniform_real_distribution<double> jitter(1 - kJitter, 1 + kJitter);
  const auto period = static_cast<double>(options_.period_ns());
  uint64_t next_scan = MonotonicNs() + kScanNs;
  double next_look = static_cast<double>(MonotonicNs()) + period;
  while (!stopping_.load()) {
    // Until a tracee has something to say or the timer does.
    SetTimer(timer_, static_cast<uint64_t>(next_look));
    while (!stopping_.load() && static_cast<double>(MonotonicNs()) < next_look) {
      tracer->WaitForEvents(static_cast<uint64_t>(next_look));
      if (tracer->HasLateStops()) LookLate(tracer);
    }
    std::unique_lock<std::mutex> lock(mutex_);
    // A mutex is not fair: who waits for it, would in vain if sampling takes all our time.
    turn_.wait(lock, [this] { return waiting_.load() == 0; });
    tracer->HandleEvents();
    const uint64_t now = MonotonicNs();
    if (now >= next_scan || tracer->HasExecs()) {
      next_scan = now + kScanNs;
      Scan(tracer, now);
    }
    for (const auto& recording : recordings_) recording->LookAtAll(tracer);
    lock.unlock();
    if (tracer->HasLateStops()) LookLate(tracer);
    own_cpu_ns_.store(internal::ClockNs(CLOCK_THREAD_CPUTIME_ID));
    next_look = std::max(next_look + period * jitter(random), static_cast<double>(now));
  }
}

void RemoteSampler::LookLate(Tracer* tracer) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (pid_t tid : tracer->TakeLateStops()) {
    const bool is_sampled =
        std::any_of(recordings_.begin(), recordings_.end(),
                    [&](const auto& recording) { return recording->LookLate(tracer, tid); });
    if (!is_sampled) tracer->Resume(tid);
  }
}

void RemoteSampler::Scan(Tracer* tracer, uint64_t now_ns) {
  const std::vector<pid_t> execs = tracer->TakeExecs();
  for (const auto& recording : recordings_) {
    const bool has_exec = std::find(execs.begin(), execs.end(), recording->pid()) != execs.end();
    if (has_exec) recording->Finish(RecordingEnd::kExec);
    recording->Scan(tracer);
  }
  // Of a child that has ended only the profile is kept.
  for (size_t i = 1; i < recordings_.size();) {
    if (recordings_[i]->end() == RecordingEnd::kNotYet) {
      i++;
      continue;
    }
    if (recordings_[i]->sample_count() != 0) {
      recordings_[i]->Encode(0, &finished_.emplace_back());
      finished_samples_ += recordings_[i]->sample_count();
    }
    recordings_.erase(recordings_.begin() + static_cast<ptrdiff_t>(i));
  }
  if (options_.subprocesses) AdoptChildren(tracer);
}

void RemoteSampler::AdoptChildren(Tracer* tracer) {
  for (pid_t pid : children_.FindNew(options_.pid)) {
    std::unique_ptr<Target> target;
    // What is no Node, or may not be looked at, is left alone.
    if (!OpenTarget(pid, !options_.nonblocking, &target).ok()) continue;
    auto recording = std::make_unique<Recording>(options_, std::move(target));
    if (recording->Attach(tracer).ok()) recordings_.push_back(std::move(recording));
  }
}

RemoteSampler::Turn::Turn(RemoteSampler* sampler) : sampler_(*sampler) {
  sampler_.waiting_++;
  sampler_.mutex_.lock();
}

RemoteSampler::Turn::~Turn() {
  sampler_.waiting_--;
  sampler_.mutex_.unlock();
  sampler_.turn_.notify_all();
}

RemoteProgress RemoteSampler::Progress() {
  const Turn turn(this);
  RemoteProgress progress;
  progress.samples = finished_samples_;
  for (const auto& recording : recordings_) {
    if (recording->end() == RecordingEnd::kNotYet) {
      progress.running = true;
      progress.processes++;
    }
    progress.samples += recording->sample_count();
    progress.lost += recording->counters().unusable_stacks + recording->counters().unseen_in_js;
  }
  if (!recordings_.empty()) {
    progress.ended = recordings_[0]->end() == RecordingEnd::kExec     ? "exec"
                     : recordings_[0]->end() == RecordingEnd::kExited ? "exited"
                                                                      : "";
  }
  return progress;
}

// The sampler's own CPU time stands in the first batch only, so that merging adds up.
RemoteSampler::Batches RemoteSampler::EncodeAll(bool begin_anew) {
  Batches batches = std::exchange(finished_, {});
  for (size_t i = 0; i < recordings_.size(); i++) {
    const uint64_t own = i == 0 ? own_cpu_ns_.load() : 0;
    std::vector<uint8_t>* out = &*batches.emplace(batches.begin() + static_cast<ptrdiff_t>(i));
    if (begin_anew) {
      recordings_[i]->TakeInterval(own, out);
    } else {
      recordings_[i]->Encode(own, out);
    }
  }
  return batches;
}

RemoteSampler::Batches RemoteSampler::TakeInterval() {
  const Turn turn(this);
  return EncodeAll(true);
}

RemoteSampler::Batches RemoteSampler::Stop() {
  if (!std::exchange(started_, false)) return {};
  stopping_.store(true);
  timespec deadline;
  do {
    // Again and again: one may come in just before the thread begins to wait.
    pthread_kill(thread_, WakeSignal());
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 1'000'000;
    if (deadline.tv_nsec >= 1'000'000'000) {
      deadline.tv_nsec -= 1'000'000'000;
      deadline.tv_sec++;
    }
  } while (pthread_timedjoin_np(thread_, nullptr, &deadline) == ETIMEDOUT);
  for (const auto& recording : recordings_) recording->Finish(RecordingEnd::kNotYet);
  return EncodeAll(false);
}

}  // namespace sigprof::remote
