// SPDX-License-Identifier: MIT
#include "sampler/native_threads.h"

#include <algorithm>

#include "os/clocks.h"
#include "os/threads.h"
#include "sampler/js_thread.h"
#include "sampler/own_thread.h"
#include "sampler/session.h"

namespace sigprof {
namespace {

// Below this, a look at all threads costs more than what it would find.
constexpr uint64_t kWorthScanningNs = 500000;
// Smaller charges wait for the next look.
constexpr uint64_t kLeastChargeNs = 100000;
// Of threads that came and went between two looks.
constexpr uint64_t kLeastExitedNs = 1000000;
// From this on a thread gets a timer of its own (with native frames).
constexpr uint64_t kWorthSamplingNs = 500000;
constexpr size_t kMaxNames = 256;  // names are the program's: bounded

// CPU time of the process since the recording's start that neither JS threads nor ours used.
uint64_t NonJsCpu(Session* session, uint64_t process_cpu_ns, uint64_t own_cpu_ns) {
  uint64_t known = session->js_cpu_ns.load();
  TheSampler()->threads.ForEach([&](JsThread* thread) {
    if (thread->session != session) return;
    const uint64_t cpu = ThreadCpuNs(thread->tid);
    if (cpu > thread->start_cpu_ns) known += cpu - thread->start_cpu_ns;
  });
  known += own_cpu_ns - session->start_own_cpu;
  const uint64_t process = process_cpu_ns - session->start_process_cpu;
  return process > known ? process - known : 0;
}

}  // namespace

void NativeThreads::Begin() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<pid_t> tids;
  ListThreads(0, &tids);
  for (pid_t tid : tids) {
    if (!OwnThread::IsOwn(tid)) entries_[tid].charged_ns = ThreadCpuNs(tid);
  }
}

bool NativeThreads::Poll(Session* session, uint64_t now_ns, std::vector<pid_t>* busy) {
  const uint64_t unknown = NonJsCpu(session, ProcessCpuNs(), OwnThread::TotalCpuNs());
  if (unknown < last_unknown_ns_ + kWorthScanningNs) return false;
  last_unknown_ns_ = unknown;
  Scan(session, now_ns, kLeastChargeNs, busy);
  return true;
}

void NativeThreads::FinalLook(Session* session, uint64_t now_ns) {
  Scan(session, now_ns, 1, nullptr);
  std::lock_guard<std::mutex> lock(mutex_);
  finished_ = true;  // the helper may be about to look once more
}

void NativeThreads::AddExited(Session* session, uint64_t now_ns, uint64_t process_cpu_ns,
                              uint64_t own_cpu_ns) {
  const uint64_t unknown = NonJsCpu(session, process_cpu_ns, own_cpu_ns);
  std::lock_guard<std::mutex> lock(mutex_);
  if (unknown < total_ns_ + kLeastExitedNs) return;
  const uint64_t exited = unknown - total_ns_;
  ResolveLock resolve;
  ProfileTables& tables = session->tables;
  const uint32_t row = tables.AddThread(0, ThreadKind::kNative, "exited");
  const uint32_t stack =
      SpecialStack(&tables, "(native thread: exited)", FunctionKind::kNativeThread);
  const uint64_t ticks = std::max<uint64_t>(1, exited / session->plan.period_ns);
  tables.AddSample(
      {row, stack, static_cast<uint32_t>(ticks), 0, now_ns - session->start_ns, exited});
  session->counters.covered_ns += exited;
}

uint64_t NativeThreads::BecameJs(pid_t tid) {
  std::lock_guard<std::mutex> lock(mutex_);
  js_.insert(tid);
  const auto found = entries_.find(tid);
  if (found == entries_.end()) return 0;
  const uint64_t charged = found->second.charged_ns;
  entries_.erase(found);
  return charged;
}

void NativeThreads::LeftJs(pid_t tid, uint64_t cpu_ns) {
  std::lock_guard<std::mutex> lock(mutex_);
  js_.erase(tid);
  entries_[tid] = Entry();
  entries_[tid].charged_ns = cpu_ns;
}

void NativeThreads::Scan(Session* session, uint64_t now_ns, uint64_t least_ns,
                         std::vector<pid_t>* busy) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<pid_t> tids;
  if (finished_ || !ListThreads(0, &tids)) return;
  for (auto& [tid, entry] : entries_) entry.seen = false;
  std::vector<Charge> charges;
  for (pid_t tid : tids) {
    if (js_.count(tid) != 0 || OwnThread::IsOwn(tid)) continue;
    Entry& entry = entries_[tid];  // new during the recording: charged from its birth
    entry.seen = true;
    const uint64_t cpu = ThreadCpuNs(tid);
    if (cpu == 0) continue;
    if (cpu < entry.charged_ns) entry = Entry{0, 0, 0, true};  // the id was reused
    if (cpu - entry.charged_ns < least_ns) continue;
    charges.push_back({tid, cpu - entry.charged_ns});
    if (busy != nullptr && cpu - entry.charged_ns >= kWorthSamplingNs) busy->push_back(tid);
    entry.charged_ns = cpu;
  }
  AddCharges(session, charges, now_ns);
  // Not merely missing in the list, which may skip threads while others end: a thread forgotten
  // would be charged from its birth again.
  std::erase_if(entries_,
                [](const auto& item) { return !item.second.seen && ThreadCpuNs(item.first) == 0; });
}

void NativeThreads::AddCharges(Session* session, const std::vector<Charge>& charges,
                               uint64_t now_ns) {
  for (const Charge& charge : charges) {
    Entry& entry = entries_[charge.tid];
    std::string name;
    if (entry.stack == 0) name = ThreadName(0, charge.tid);
    ResolveLock lock;
    if (entry.stack == 0) {
      entry.stack = StackFor(session, name);
      entry.row =
          session->tables.AddThread(static_cast<uint32_t>(charge.tid), ThreadKind::kNative, name);
    }
    const uint64_t ticks = std::max<uint64_t>(1, charge.weight_ns / session->plan.period_ns);
    session->tables.AddSample({entry.row, entry.stack, static_cast<uint32_t>(ticks), 0,
                               now_ns - session->start_ns, charge.weight_ns});
    session->counters.covered_ns += charge.weight_ns;
    total_ns_ += charge.weight_ns;
  }
}

uint32_t NativeThreads::StackFor(Session* session, const std::string& name) {
  const std::string key = stacks_.size() < kMaxNames ? name : "other";
  uint32_t& stack = stacks_[key];
  if (stack == 0) {
    const std::string frame = "(native thread: " + (key.empty() ? "unnamed" : key) + ")";
    stack = SpecialStack(&session->tables, frame.c_str(), FunctionKind::kNativeThread);
  }
  return stack;
}

}  // namespace sigprof
