// SPDX-License-Identifier: MIT
#include "remote/dump.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include <algorithm>
#include <memory>

#include "os/json.h"
#include "os/threads.h"
#include "remote/js_thread.h"
#include "remote/target_modules.h"
#include "resolver/tables.h"

namespace sigprof::remote {
namespace {

// A thread that wakes while its stack is read asleep is looked at again so often.
constexpr int kAttempts = 20;
// A thread stops when it gets a CPU.
constexpr uint64_t kPatienceNs = 100'000'000;

bool IsPolling(int64_t number) {
  return number == SYS_epoll_wait || number == SYS_epoll_pwait || number == SYS_epoll_pwait2 ||
         number == SYS_poll || number == SYS_ppoll || number == SYS_select ||
         number == SYS_pselect6;
}

class Dumper {
 public:
  Dumper(const RemoteOptions& options) : options_(options), tables_(options.max_bytes) {}

  Status Run(Dump* out) {
    Status status = OpenTarget(options_.pid, !options_.nonblocking, &target_);
    if (!status.ok()) return status;
    if (options_.native) {
      modules_ = std::make_unique<TargetModules>(target_.get());
      modules_->UseTables(&tables_);
    }
    program_stack_ = SpecialStack(&tables_, "(program)", FunctionKind::kSpecial);
    if (!options_.nonblocking) {
      const int error = tracer_.Seize(options_.pid, options_.pid);
      if (error != 0) return ExplainSeize(options_.pid, error);
    }
    std::vector<pid_t> tids;
    ListThreads(options_.pid, &tids);
    std::sort(tids.begin(), tids.end());
    std::string threads;
    for (pid_t tid : tids) {
      const std::string thread = DescribeThread(tid);
      if (thread.empty()) continue;
      if (!threads.empty()) threads += ',';
      threads += thread;
    }
    if (threads.empty()) {
      return Status("ERR_SIGPROF_NO_PROCESS",
                    "process " + std::to_string(options_.pid) + " has just ended");
    }
    out->info = Info("[" + threads + "]");
    ProfileTables::EncodeHeader(&out->batch);
    ProfileTables::EncodeMeta(Meta(), &out->batch);
    tables_.Encode(&out->batch);
    return Status();
  }

 private:
  // What was found out of one thread.
  struct Facts {
    const char* state = "unknown";
    int64_t syscall = -1;
    bool has_stack = false, is_complete = true;
    uint32_t stack = 0;
  };

  std::string DescribeThread(pid_t tid) {
    RemoteThread thread(options_.pid, tid);
    // Before anything is done to the thread.
    const char letter = thread.files.ReadState();
    const ThreadSyscall syscall = thread.files.ReadSyscall();
    if (letter == 0 || letter == 'Z' || letter == 'X') return {};
    FindOut(&thread);
    Facts facts;
    if (thread.runs_js()) {
      if (!options_.nonblocking && !tracer_.IsSeized(tid)) tracer_.Seize(options_.pid, tid);
      DescribeJs(&thread, &facts);
    } else if (syscall.kind == ThreadSyscall::Kind::kAsleep) {
      facts.syscall = syscall.number;
      facts.state = SleepState(syscall.number);
    } else {
      facts.state = "native";
    }
    JsonObject json;
    json.Add("tid", static_cast<uint64_t>(tid));
    json.Add("name", ThreadName(options_.pid, tid));
    json.Add("kind", !thread.runs_js() ? "native" : thread.is_main ? "main" : "worker");
    json.Add("state", facts.state);
    if (facts.syscall >= 0) json.Add("syscall", static_cast<uint64_t>(facts.syscall));
    json.Add("complete", facts.is_complete);
    if (facts.has_stack) {
      const uint32_t row = tables_.AddThread(
          static_cast<uint32_t>(tid), thread.is_main ? ThreadKind::kMain : ThreadKind::kWorker, "");
      tables_.AddSample({row, facts.stack, 1, 0, 0, 1});
    }
    return json.Take();
  }

  // Whether it runs JavaScript.
  void FindOut(RemoteThread* thread) {
    Tracer* may_stop = options_.nonblocking ? nullptr : &tracer_;
    for (int attempt = 0; attempt < kAttempts; attempt++) {
      if (FindThreadPointer(may_stop, target_.get(), thread, kPatienceNs)) {
        FindIsolate(target_.get(), thread, &tables_);
        if (modules_ != nullptr && thread->runs_js()) {
          thread->resolver->UseNativeFrames(modules_->frames());
        }
        return;
      }
      if (may_stop == nullptr || thread->files.ReadState() == 0) return;
    }
  }

  void DescribeJs(RemoteThread* thread, Facts* facts) {
    ThreadRegisters regs;
    for (int attempt = 0; attempt < kAttempts; attempt++) {
      ThreadSyscall syscall;
      const char letter = thread->files.ReadState();
      if (CaptureAsleep(target_.get(), thread, &copy_, &syscall)) {
        facts->syscall = syscall.number;
        facts->state = letter == 'T' ? "stopped" : SleepState(syscall.number);
        return Decode(thread, facts);
      }
      if (options_.nonblocking) {
        if (!CaptureUnstopped(target_.get(), thread, &copy_)) continue;
        facts->state = "native";
        return Decode(thread, facts);
      }
      if (tracer_.Stop(thread->tid, kPatienceNs) == StopResult::kStopped &&
          CaptureAndResume(&tracer_, target_.get(), thread, &copy_, &regs) == CopyResult::kTaken) {
        const bool in_v8 = thread->code.Contains(regs.raw.rip);
        facts->state = letter == 'T' ? "stopped" : in_v8 ? "running" : "native";
        return Decode(thread, facts);
      }
    }
    facts->state = "running";
    facts->is_complete = false;
  }

  void Decode(RemoteThread* thread, Facts* facts) {
    const RawSample* sample = &copy_.sample();
    const bool has_js = sample->start != WalkStart::kNone;
    facts->has_stack = has_js || sample->native_count != 0;
    if (IsInGc(copy_.isolate())) facts->state = "gc";
    if (!facts->has_stack) return;
    // With JavaScript on the stack, it is not the event loop that waits.
    if (has_js && IsPolling(facts->syscall)) facts->state = "syscall";
    ResolvedSample resolved;
    if (sample->start != WalkStart::kUnusable) resolved = thread->resolver->Resolve(*sample);
    facts->stack = resolved.stack != 0 ? resolved.stack : program_stack_;
    facts->is_complete = sample->start != WalkStart::kUnusable &&
                         (sample->flags & kSampleTruncated) == 0 && resolved.unresolved_frames == 0;
  }

  const char* SleepState(int64_t number) {
    if (IsPolling(number)) return "idle";
    return number == SYS_futex ? "lock" : "syscall";
  }

  std::string Meta() const {
    JsonObject meta;
    meta.Add("pid", static_cast<uint64_t>(options_.pid));
    meta.Add("nodeVersion", target_->image->node_version);
    meta.Add("v8Version", target_->image->v8_version);
    meta.Add("cwd", target_->cwd);
    meta.Add("title", target_->command_line);
    return meta.Take();
  }

  std::string Info(const std::string& threads) const {
    JsonObject info;
    info.Add("pid", static_cast<uint64_t>(options_.pid));
    info.Add("commandLine", target_->command_line);
    info.Add("executable", target_->executable);
    info.Add("nodeVersion", target_->image->node_version);
    info.Add("v8Version", target_->image->v8_version);
    info.Add("stripped", target_->image->symbols->is_stripped());
    info.AddRaw("threads", threads);
    return info.Take();
  }

  const RemoteOptions options_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<TargetModules> modules_;  // null without native frames
  ProfileTables tables_;
  Tracer tracer_;
  StackCopy copy_;
  uint32_t program_stack_ = 0;
};

struct Call {
  const RemoteOptions& options;
  Dump* out;
  Status status;
};

}  // namespace

Status DumpProcess(const RemoteOptions& options, Dump* out) {
  // On a thread of its own, at whose end the kernel lets go of whatever it traces.
  Call call = {options, out, Status()};
  pthread_t thread;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  const int error = pthread_create(
      &thread, nullptr,
      [](void* argument) -> void* {
        Call* call = static_cast<Call*>(argument);
        call->status = Dumper(call->options).Run(call->out);
        return nullptr;
      },
      &call);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (error != 0) {
    return Status("ERR_SIGPROF_TIMER", std::string("Cannot create a thread: ") + strerror(error) +
                                           "; end other processes");
  }
  pthread_join(thread, nullptr);
  return call.status;
}

}  // namespace sigprof::remote
