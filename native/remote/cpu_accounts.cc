// SPDX-License-Identifier: MIT
#include "remote/cpu_accounts.h"

#include <algorithm>

#include "os/threads.h"
#include "resolver/resolver.h"

namespace sigprof::remote {
namespace {

// Smaller charges wait for the next look.
constexpr uint64_t kLeastChargeNs = 100'000;
constexpr size_t kMaxNames = 256;  // names are the program's: bounded

}  // namespace

uint64_t CpuAccounts::Close(pid_t tid) {
  const auto found = entries_.find(tid);
  if (found == entries_.end()) return 0;
  const uint64_t charged = found->second.charged_ns;
  entries_.erase(found);
  return charged;
}

uint32_t CpuAccounts::StackFor(ProfileTables* tables, const std::string& name) {
  const std::string key = stacks_.size() < kMaxNames ? name : "other";
  uint32_t& stack = stacks_[key];
  if (stack == 0) {
    const std::string frame = "(native thread: " + (key.empty() ? "unnamed" : key) + ")";
    stack = SpecialStack(tables, frame.c_str(), FunctionKind::kNativeThread);
  }
  return stack;
}

void CpuAccounts::AddRow(ProfileTables* tables, const Entry& entry, uint64_t weight_ns,
                         uint64_t time_ns) {
  const uint64_t ticks = std::max<uint64_t>(1, weight_ns / period_ns_);
  tables->AddSample({entry.row, entry.stack, static_cast<uint32_t>(ticks), 0, time_ns, weight_ns});
}

uint64_t CpuAccounts::Charge(ProfileTables* tables, pid_t pid, pid_t tid, uint64_t cpu_ns,
                             uint64_t time_ns) {
  Entry& entry = entries_[tid];
  if (cpu_ns < entry.charged_ns + kLeastChargeNs) return 0;
  if (entry.stack == 0) {
    const std::string name = ThreadName(pid, tid);
    entry.stack = StackFor(tables, name);
    entry.row = tables->AddThread(static_cast<uint32_t>(tid), ThreadKind::kNative, name);
  }
  const uint64_t weight = cpu_ns - entry.charged_ns;
  AddRow(tables, entry, weight, time_ns);
  entry.charged_ns = cpu_ns;
  return weight;
}

uint64_t CpuAccounts::ChargeExited(ProfileTables* tables, uint64_t weight_ns, uint64_t time_ns) {
  if (exited_.stack == 0) {
    exited_.stack = StackFor(tables, "exited");
    exited_.row = tables->AddThread(0, ThreadKind::kNative, "exited");
  }
  AddRow(tables, exited_, weight_ns, time_ns);
  return weight_ns;
}

void CpuAccounts::ForgetTables() {
  stacks_.clear();
  exited_ = {};
  for (auto& [tid, entry] : entries_) entry.row = entry.stack = 0;
}

}  // namespace sigprof::remote
