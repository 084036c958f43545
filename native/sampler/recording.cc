// SPDX-License-Identifier: MIT
#include "sampler/recording.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include <utility>

#include "os/clocks.h"
#include "sampler/drain.h"
#include "sampler/js_thread.h"
#include "sampler/participation.h"
#include "sampler/sampled_natives.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

constexpr uint32_t kMaxRateHz = 10000;

Status CheckOptions(const SamplingOptions& options) {
  if (options.rate_hz < 1 || options.rate_hz > kMaxRateHz) {
    return Status("ERR_SIGPROF_INVALID_OPTION",
                  "Expected option 'rateHz' to be a number from 1 to 10000, got " +
                      std::to_string(options.rate_hz));
  }
  if (options.max_bytes < 65536) {
    return Status("ERR_SIGPROF_INVALID_OPTION",
                  "Expected option 'maxBytes' to be at least 65536, got " +
                      std::to_string(options.max_bytes));
  }
  return Status();
}

Status CheckSampler(const Sampler* sampler) {
  if (sampler->forked.load()) {
    return Status(
        "ERR_SIGPROF_UNSUPPORTED",
        "A process made by fork() without exec can't be sampled: it has no threads of the "
        "profiler; start a new process instead");
  }
  if (sampler->host == nullptr) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "No JavaScript thread of this process has loaded the profiler");
  }
  return sampler->host->status;
}

uint64_t UnixMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

std::unique_ptr<Session> MakeSession(const SamplingOptions& options) {
  auto session = std::make_unique<Session>(options);
  session->plan = PlanTimers(options.rate_hz);
  session->copy.resize(kMaxRawSampleSize / sizeof(uint64_t));
  ProfileTables* tables = &session->tables;
  session->program_stack = SpecialStack(tables, "(program)", FunctionKind::kSpecial);
  session->idle_stack = SpecialStack(tables, "(idle)", FunctionKind::kSpecial);
  session->gc_stack = SpecialStack(tables, "(garbage collector)", FunctionKind::kGc);
  if (options.native) {
    Sampler* sampler = TheSampler();
    session->native_frames =
        std::make_unique<NativeFrames>(sampler->symbols, sampler->memory, tables);
    session->plan.kernel = true;
    session->native_modules.Begin(session.get());
  }
  session->foreign_signals_before = ForeignSignals();
  session->native_threads.Begin();
  session->start_own_cpu = OwnThread::TotalCpuNs();
  session->start_process_cpu = ProcessCpuNs();
  session->start_unix_ms = UnixMs();
  session->start_cycles = __rdtsc();
  session->start_ns = MonotonicNs();
  return session;
}

// Lets every thread take part. The main thread, or the only one, has to get its timer.
Status JoinAll(Sampler* sampler, Session* session) {
  int first_error = 0;
  uint32_t joined = 0, armed = 0;
  bool main_failed = false;
  sampler->threads.ForEach([&](JsThread* thread) {
    const int error = JoinRecording(thread, session);
    joined++;
    if (error == 0) {
      armed++;
      return;
    }
    if (first_error == 0) first_error = error;
    main_failed = main_failed || thread->is_main;
  });
  if (joined == 0) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "No JavaScript thread of this process has loaded the profiler");
  }
  if (armed != 0 && !main_failed) return Status();
  if (first_error == EAGAIN) {
    return Status("ERR_SIGPROF_TIMER",
                  "Cannot create a timer: the limit of pending signals and timers of this user is "
                  "reached (RLIMIT_SIGPENDING); raise it with `ulimit -i` or end other processes");
  }
  return Status("ERR_SIGPROF_TIMER",
                std::string("Cannot create a timer for the main thread: ") + strerror(first_error) +
                    "; allow timer_create or perf_event_open in the sandbox's seccomp filter");
}

// Ends what JoinAll began; sampling has stopped when it returns.
void LeaveAll(Sampler* sampler, Session* session) {
  sampler->threads.ForEach([session](JsThread* thread) {
    if (thread->session == session) StopTicks(thread);
  });
  session->end_ns = MonotonicNs();
  session->native_threads.FinalLook(session, session->end_ns);
  session->end_process_cpu = ProcessCpuNs();
  session->end_own_cpu = OwnThread::TotalCpuNs();
  session->wall_clock.Stop();
  session->helper.Stop();
  sampler->threads.ForEach([session](JsThread* thread) {
    if (thread->session == session) LeaveRecording(thread);
  });
  DropNativeThreads();
  if (session->options.native) session->native_modules.End();
}

// The control lock is held.
void Encode(Session* session, std::vector<uint8_t>* out) {
  const std::string counters = CountersJson(session);
  ResolveLock lock;
  if (!std::exchange(session->header_written, true)) {
    ProfileTables::EncodeHeader(out);
    ProfileTables::EncodeMeta(MetaJson(*session), out);
  }
  session->tables.Encode(out);
  ProfileTables::EncodeCounters(counters, out);
}

}  // namespace

void SetNodeVersion(const std::string& version) {
  Sampler* sampler = TheSampler();
  std::lock_guard<std::mutex> control(sampler->control);
  sampler->node_version = version;
}

Status StartRecording(const SamplingOptions& options, StartInfo* info) {
  Sampler* sampler = TheSampler();
  Status status = CheckSampler(sampler);
  if (status.ok()) status = CheckOptions(options);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> control(sampler->control);
  if (sampler->owned_session != nullptr) {
    return Status("ERR_SIGPROF_ALREADY_RUNNING",
                  "A recording of this process is already running; stop it first");
  }
  ConfigureTickHandler(sampler->host->layout.capture);
  if (!InstallTickHandler()) {
    return Status(
        "ERR_SIGPROF_SIGNAL_TAKEN",
        "Another handler has been installed for SIGURG after the profiler's; remove it, or "
        "restart the process without the module that installs it");
  }
  if (!sampler->helper_waker.Open()) {
    return Status("ERR_SIGPROF_TIMER",
                  "Cannot create a descriptor: the limit of open files is reached (`ulimit -n`)");
  }
  auto session = MakeSession(options);
  {
    std::lock_guard<std::mutex> registry(sampler->registry);
    status = JoinAll(sampler, session.get());
    if (status.ok() &&
        !(session->helper.Start(session.get()) && session->wall_clock.Start(session.get()))) {
      status = Status("ERR_SIGPROF_TIMER",
                      "Cannot create the profiler's thread: the limit of processes is reached "
                      "(`ulimit -u`)");
    }
    if (status.ok()) sampler->session.store(session.get());
  }
  if (!status.ok()) {
    session->stopping.store(true);
    LeaveAll(sampler, session.get());
    return status;
  }
  info->effective_rate_hz = session->plan.effective_rate_hz;
  info->timer = TimerName(session->plan.kind);
  sampler->owned_session = std::move(session);
  return Status();
}

void TakeBatch(std::vector<uint8_t>* out) {
  Sampler* sampler = TheSampler();
  if (sampler->forked.load()) return;
  std::lock_guard<std::mutex> control(sampler->control);
  if (sampler->owned_session != nullptr) Encode(sampler->owned_session.get(), out);
}

Status StopRecording(std::vector<uint8_t>* out) {
  Sampler* sampler = TheSampler();
  Status status = CheckSampler(sampler);
  if (!status.ok()) return status;
  std::lock_guard<std::mutex> control(sampler->control);
  if (sampler->owned_session == nullptr) {
    return Status("ERR_SIGPROF_NOT_RUNNING", "No recording is running; start one first");
  }
  Session* session = sampler->owned_session.get();
  {
    std::lock_guard<std::mutex> registry(sampler->registry);
    sampler->session.store(nullptr);  // threads that register from now on don't take part
    session->stopping.store(true);
  }
  LeaveAll(sampler, session);
  session->native_threads.AddExited(session, session->end_ns, session->end_process_cpu,
                                    session->end_own_cpu);
  Encode(session, out);
  sampler->owned_session.reset();
  return Status();
}

bool IsRecording() {
  const Sampler* sampler = TheSampler();
  return !sampler->forked.load() && sampler->session.load() != nullptr;
}

}  // namespace sigprof
