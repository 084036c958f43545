// SPDX-License-Identifier: MIT
#include "sampler/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "os/clocks.h"
#include "sampler/converter.h"
#include "sampler/output_file.h"
#include "sampler/own_thread.h"
#include "sampler/recorder_signals.h"
#include "sampler/session.h"

namespace sigprof {
namespace {

constexpr uint64_t kMs = 1000000;
// A batch a second; the first ones sooner, so that a program that is killed early loses little.
constexpr uint64_t kFirstBatchNs = 50 * kMs;
constexpr uint64_t kBatchNs = 1000 * kMs;
constexpr int kReapPollMs = 50;
constexpr uint32_t kFinishTimeoutMs = 5000;
constexpr uint32_t kConverterTimeoutMs = 30000;

// Everything the converter makes of one recording.
constexpr const char* kExtensions[] = {".sigprof",    ".svg",   ".collapsed",      ".html",
                                       ".cpuprofile", ".pb.gz", ".speedscope.json"};

class Recorder {
 public:
  Status Install(const RecorderOptions& options);
  void Finish(uint32_t timeout_ms);
  void FinishAtExit();
  bool recording() const { return recording_.load(); }

 private:
  static void Main(void* self) { static_cast<Recorder*>(self)->Run(); }
  void Run();
  int Timeout() const;
  void HandleRequests();
  void HandleExitSignal();

  Status Begin();
  Status OpenDirectory();
  std::string NextName();
  void WriteBatch();
  void End();
  void EndOrTell(const Status& problem);
  std::string WhereTheRestIs(const std::string& path) const;
  void Deliver(const std::string& path);
  void ForgetOldest();

  RecorderOptions options_;
  OwnThread thread_;
  Waker waker_;
  std::atomic<bool> recording_{false};

  // The recorder's thread only (and Install, before that thread runs).
  int directory_fd_ = -1;
  OutputFile file_;
  Converter converter_;
  std::deque<std::string> kept_;  // names without extension, oldest first
  std::string base_;              // of the recording that runs
  uint32_t number_ = 0;           // of recordings begun
  bool stream_done_ = false;
  uint64_t next_batch_ns_ = 0;
  uint64_t batch_gap_ns_ = 0;
  uint64_t deadline_ns_ = 0;  // 0: none

  // Requests of other threads and their completion.
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t finish_wanted_ = 0, finish_done_ = 0;  // done, converters: written by the recorder
  size_t converters_running_ = 0;
};

// Never destroyed: its thread runs until the process is gone.
std::atomic<Recorder*> g_recorder{nullptr};

void AtExit() {
  if (Recorder* recorder = g_recorder.load()) recorder->FinishAtExit();
}

Status Recorder::Install(const RecorderOptions& options) {
  options_ = options;
  tzset();  // reads the environment, which other threads should not do later
  converter_.Configure(options.converter);
  if (!waker_.Open()) {
    return Status("ERR_SIGPROF_OUTPUT",
                  "Cannot create a descriptor: the limit of open files is reached (`ulimit -n`)");
  }
  // Early, so that later changes of the folder's name don't matter; refused only when it is needed.
  const Status directory = OpenDirectory();
  // Before the exit signals are watched: one of them may be the toggle.
  if (options.toggle_signal != 0) {
    const Status status = InstallToggle(options.toggle_signal, &waker_);
    if (!status.ok()) return status;
  }
  if (options.autostart) {
    const Status status = Begin();
    // Who switches by a signal can try again.
    if (!status.ok() && options.toggle_signal == 0) return status;
    if (!status.ok()) TellUser("cannot start a recording: " + status.message());
  }
  if (!thread_.Start("sigprof-record", Main, this)) {
    if (recording()) End();
    return Status("ERR_SIGPROF_OUTPUT",
                  "Cannot create the recorder's thread: the limit of processes is reached "
                  "(`ulimit -u`)");
  }
  return Status();
}

Status Recorder::OpenDirectory() {
  if (directory_fd_ >= 0 || !options_.stream_path.empty()) return Status();
  char resolved[PATH_MAX];
  const std::string path = options_.directory.empty() ? "." : options_.directory;
  if (realpath(path.c_str(), resolved) != nullptr) {
    directory_fd_ = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd_ >= 0) options_.directory = resolved;
  }
  if (directory_fd_ >= 0) return Status();
  return Status("ERR_SIGPROF_OUTPUT", "Cannot open the folder " + path + ": " + strerror(errno) +
                                          "; set SIGPROF_DIR to a writable folder");
}

std::string Recorder::NextName() {
  const time_t now = time(nullptr);
  tm local = {};
  localtime_r(&now, &local);
  char stamp[32];
  strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
  return "sigprof-" + std::to_string(getpid()) + '-' + stamp + '-' + std::to_string(++number_);
}

Status Recorder::Begin() {
  Status status = OpenDirectory();
  if (!status.ok()) return status;
  if (options_.stream_path.empty()) {
    base_ = NextName();
    status = file_.CreateIn(directory_fd_, options_.directory, base_ + ".sigprof");
  } else if (stream_done_) {
    status = Status("ERR_SIGPROF_OUTPUT", "The one recording of this process has been written");
  } else {
    status = file_.CreateAt(options_.stream_path);
  }
  if (!status.ok()) return status;
  StartInfo info;
  status = StartRecording(options_.sampling, &info);
  if (!status.ok()) {
    file_.Discard();
    return status;
  }
  recording_.store(true);
  const uint64_t now = MonotonicNs();
  next_batch_ns_ = now;  // header and META at once: somebody may be reading along
  batch_gap_ns_ = kFirstBatchNs;
  deadline_ns_ = options_.duration_ms != 0 ? now + options_.duration_ms * kMs : 0;
  WatchExitSignals(&waker_);
  SetExitSignalsActive(true);
  return Status();
}

int Recorder::Timeout() const {
  if (recording()) {
    uint64_t next = next_batch_ns_;
    if (deadline_ns_ != 0 && deadline_ns_ < next) next = deadline_ns_;
    const uint64_t now = MonotonicNs();
    return next <= now ? 0 : static_cast<int>((next - now) / kMs + 1);
  }
  return converters_running_ != 0 ? kReapPollMs : -1;
}

void Recorder::Run() {
  for (;;) {
    waker_.Wait(Timeout());
    HandleRequests();
    if (PendingExitSignal() != 0) HandleExitSignal();
    const uint64_t now = MonotonicNs();
    if (recording() && deadline_ns_ != 0 && now >= deadline_ns_) End();
    if (recording() && now >= next_batch_ns_) WriteBatch();
    const size_t running = converter_.Reap();
    // A signal that still came in time has woken us and is served in the next round.
    if (!recording() && running == 0) SetExitSignalsActive(false);
    std::lock_guard<std::mutex> lock(mutex_);
    converters_running_ = running;
    changed_.notify_all();
  }
}

void Recorder::HandleRequests() {
  for (uint32_t toggles = TakeToggles(); toggles > 0; toggles--) {
    if (recording()) {
      End();
    } else {
      const Status status = Begin();
      if (!status.ok()) TellUser("cannot start a recording: " + status.message());
    }
  }
  uint64_t wanted;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    wanted = finish_wanted_;
  }
  if (wanted == finish_done_) return;
  if (recording()) End();
  std::lock_guard<std::mutex> lock(mutex_);
  converters_running_ = converter_.Reap();
  finish_done_ = wanted;
  changed_.notify_all();
}

void Recorder::HandleExitSignal() {
  const int signal = PendingExitSignal();
  if (recording()) End();
  // A second Ctrl-C is for those who don't want the pictures.
  const uint32_t count = ExitSignalCount();
  const uint64_t deadline = MonotonicNs() + kConverterTimeoutMs * kMs;
  while (converter_.Reap() != 0 && ExitSignalCount() == count && MonotonicNs() < deadline) {
    waker_.Wait(kReapPollMs);
  }
  RaiseExitSignal(signal);
}

void Recorder::WriteBatch() {
  next_batch_ns_ = MonotonicNs() + batch_gap_ns_;
  batch_gap_ns_ = std::min(2 * batch_gap_ns_, kBatchNs);
  std::vector<uint8_t> batch;
  TakeBatch(&batch);
  const Status status = file_.Append(batch);
  if (!status.ok()) EndOrTell(status);
}

void Recorder::End() { EndOrTell(Status()); }

// Ends the recording. After a problem with the file what it holds already is kept.
void Recorder::EndOrTell(const Status& problem) {
  std::vector<uint8_t> rest;
  Status status = problem;
  const Status stopped = StopRecording(&rest);
  recording_.store(false);
  if (status.ok()) status = stopped;
  if (status.ok()) status = file_.Append(rest);
  if (file_.size() == 0 && !status.ok()) {
    file_.Discard();
    TellUser(status.message() + "; nothing was recorded");
  } else {
    std::string path;
    const Status committed = file_.Commit(&path);
    if (status.ok()) status = committed;
    if (!status.ok()) TellUser(status.message() + WhereTheRestIs(path));
    if (options_.stream_path.empty()) {
      kept_.push_back(base_);
      ForgetOldest();
      if (status.ok()) Deliver(path);
    }
  }
  stream_done_ = !options_.stream_path.empty();
}

// A stream belongs to the command that launched us, which goes on with what it holds.
std::string Recorder::WhereTheRestIs(const std::string& path) const {
  if (!options_.stream_path.empty()) return "; the recording ends there";
  return "; what was written until then is in " + path;
}

void Recorder::Deliver(const std::string& path) {
  if (converter_.configured()) {
    const Status started = converter_.Start(path);
    if (started.ok()) {
      std::lock_guard<std::mutex> lock(mutex_);
      converters_running_ = 1;  // the exact number comes with the next Reap
      return;
    }
    TellUser(started.message() + "; the recording is " + path);
    return;
  }
  TellUser("wrote " + path + "; `sigprof flamegraph` makes a picture of it");
}

void Recorder::ForgetOldest() {
  while (kept_.size() > options_.max_files) {
    for (const char* extension : kExtensions) {
      unlinkat(directory_fd_, (kept_.front() + extension).c_str(), 0);
    }
    kept_.pop_front();
  }
}

void Recorder::Finish(uint32_t timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t wanted = ++finish_wanted_;
  waker_.Wake();
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                    [this, wanted] { return finish_done_ >= wanted; });
}

void Recorder::FinishAtExit() {
  if (TheSampler()->forked.load()) return;  // a forked child that exits; the parent records on
  Finish(kFinishTimeoutMs);
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(kConverterTimeoutMs),
                    [this] { return converters_running_ == 0; });
}

}  // namespace

Status InstallRecorder(const RecorderOptions& options) {
  static std::atomic<bool> installed{false};
  if (installed.exchange(true)) {
    return Status("ERR_SIGPROF_ALREADY_RUNNING",
                  "The recorder of this process is installed already; it can be installed once");
  }
  // Set-uid and the like: settings come from somebody else.
  if (getauxval(AT_SECURE) != 0) return Status();
  Recorder* recorder = new Recorder;
  const Status status = recorder->Install(options);
  if (!status.ok()) {
    installed.store(false);
    return status;  // the object stays: a handler may know its waker
  }
  g_recorder.store(recorder);
  atexit(AtExit);
  return Status();
}

bool RecorderIsRecording() {
  const Recorder* recorder = g_recorder.load();
  return recorder != nullptr && recorder->recording();
}

void FinishRecorder() {
  Recorder* recorder = g_recorder.load();
  if (recorder == nullptr || TheSampler()->forked.load()) return;
  recorder->Finish(kFinishTimeoutMs);
}

}  // namespace sigprof
