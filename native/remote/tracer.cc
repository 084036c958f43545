// SPDX-License-Identifier: MIT
#include "remote/tracer.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "os/clocks.h"

namespace sigprof::remote {
namespace {

// A running thread stops within 20 to 30 us, sooner than we could be woken; a runnable one when it
// gets a CPU.
constexpr uint64_t kSpinNs = 60'000;

// PTRACE_O_EXITKILL would kill the target with us: never.
constexpr long kOptions = PTRACE_O_TRACEEXEC;

int EventOf(int status) { return status >> 16; }

bool IsGroupStopSignal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

void Continue(pid_t tid, int signal) {
  ptrace(PTRACE_CONT, tid, nullptr, reinterpret_cast<void*>(static_cast<long>(signal)));
}

}  // namespace

int Tracer::Seize(pid_t pid, pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, reinterpret_cast<void*>(kOptions)) != 0) return errno;
  tracees_[tid].pid = pid;
  return 0;
}

bool Tracer::Answer(pid_t tid, int status) {
  const auto found = tracees_.find(tid);
  if (found == tracees_.end()) {
    // The thread that called exec takes over the id of the first one.
    if (WIFSTOPPED(status)) Continue(tid, 0);
    return false;
  }
  if (!WIFSTOPPED(status)) {
    tracees_.erase(found);
    return false;
  }
  const int signal = WSTOPSIG(status);
  switch (EventOf(status)) {
    case 0:
      Continue(tid, signal);  // a signal for the target
      return false;
    case PTRACE_EVENT_STOP:
      found->second.group_stopped = IsGroupStopSignal(signal);
      if (std::exchange(found->second.interrupted, false)) return true;
      Resume(tid);
      return false;
    case PTRACE_EVENT_EXEC:
      execs_.push_back(found->second.pid);
      Continue(tid, 0);
      return false;
    default:
      Continue(tid, 0);
      return false;
  }
}

StopResult Tracer::Stop(pid_t tid, uint64_t patience_ns) {
  const auto found = tracees_.find(tid);
  if (found == tracees_.end()) return StopResult::kGone;
  if (!found->second.interrupted && ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0) {
    return errno == ESRCH ? StopResult::kGone : StopResult::kLate;
  }
  found->second.interrupted = true;
  const uint64_t start = stopped_after_ns_ = MonotonicNs();
  for (;;) {
    int status = 0;
    const pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
    if (got == tid) {
      if (Answer(tid, status)) return StopResult::kStopped;
      if (!tracees_.contains(tid)) return StopResult::kGone;
    } else if (got < 0 && errno == ECHILD) {
      tracees_.erase(tid);
      return StopResult::kGone;
    }
    stopped_after_ns_ = MonotonicNs();
    const uint64_t waited = stopped_after_ns_ - start;
    if (waited > kSpinNs + patience_ns) return StopResult::kLate;
    if (waited > kSpinNs) {
      const timespec pause = {0, 20'000};
      nanosleep(&pause, nullptr);
    }
  }
}

bool Tracer::IsLate(pid_t tid) const {
  const auto found = tracees_.find(tid);
  return found != tracees_.end() && found->second.interrupted;
}

bool Tracer::ReadRegisters(pid_t tid, ThreadRegisters* out) {
  user_regs_struct regs;
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return false;
  out->raw = {regs.rip, regs.rsp, regs.rbp, regs.rdi, regs.r9, regs.r12};
  // In DWARF's order.
  out->native = {
      {regs.rax, regs.rdx, regs.rcx, regs.rbx, regs.rsi, regs.rdi, regs.rbp, regs.rsp, regs.r8,
       regs.r9, regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15, regs.rip},
      (1u << kDwarfRegisters) - 1};
  out->fs_base = regs.fs_base;
  return true;
}

void Tracer::Resume(pid_t tid) {
  const auto found = tracees_.find(tid);
  if (found != tracees_.end() && found->second.group_stopped) {
    // Stays stopped as its user wanted, until its SIGCONT, which ends this as well.
    ptrace(PTRACE_LISTEN, tid, nullptr, nullptr);
  } else {
    Continue(tid, 0);
  }
}

void Tracer::Detach(pid_t tid) {
  ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
  tracees_.erase(tid);
}

// The id of a tracee whose report was answered; 0, or -1 with errno. __WNOTHREAD: children of other
// threads of ours (libuv's) are none of our business.
pid_t Tracer::WaitOnce(int flags) {
  int status = 0;
  const pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD | flags);
  if (tid > 0 && Answer(tid, status)) late_stops_.push_back(tid);
  return tid;
}

void Tracer::HandleEvents() {
  while (WaitOnce(WNOHANG) > 0) {
  }
}

void Tracer::WaitForEvents(uint64_t until_ns) {
  if (WaitOnce(0) > 0) return HandleEvents();
  if (errno != ECHILD) return;
  const timespec until = {static_cast<time_t>(until_ns / 1'000'000'000),
                          static_cast<long>(until_ns % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

std::vector<pid_t> Tracer::TakeExecs() { return std::exchange(execs_, {}); }

}  // namespace sigprof::remote
