// SPDX-License-Identifier: MIT
#include "remote/target.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "os/proc_file.h"
#include "os/proc_status.h"

namespace sigprof::remote {
namespace {

constexpr size_t kShownWords = 60;  // of a command line, in a message

std::string_view Field(std::string_view status, std::string_view name) {
  size_t at = status.find("\n" + std::string(name) + ":");
  if (at == std::string_view::npos) return {};
  at += name.size() + 2;
  std::string_view value = status.substr(at, status.find('\n', at) - at);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return value;
}

uint32_t Number(std::string_view text) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string ReadLink(const std::string& path) {
  char buffer[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : std::string();
}

std::string UserName(uid_t uid) {
  char buffer[4096];
  passwd entry, *found = nullptr;
  if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid " + std::to_string(uid);
}

std::string Who(pid_t pid) {
  std::string name = CommandLine(pid);
  if (name.empty()) {
    ReadProcFile(ProcPath(pid, "comm"), &name);
    if (name.ends_with('\n')) name.pop_back();
  }
  if (name.size() > kShownWords) name = name.substr(0, kShownWords) + "...";
  return "process " + std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

Status OtherUser(pid_t pid, uid_t owner) {
  const std::string user = UserName(owner);
  return Status("ERR_SIGPROF_OTHER_USER",
                Who(pid) + " belongs to " + user + "; run this as " + user + " or with sudo");
}

// The right to look at a process of the same user is refused.
Status Denied(pid_t pid) {
  std::string scope;
  ReadProcFile("/proc/sys/kernel/yama/ptrace_scope", &scope);
  const std::string refused = Who(pid) + " may not be traced: ";
  if (!scope.empty() && scope[0] >= '1' && geteuid() != 0) {
    return Status("ERR_SIGPROF_PTRACE_DENIED",
                  refused +
                      "this kernel allows it of child processes only "
                      "(kernel.yama.ptrace_scope is " +
                      scope.substr(0, 1) +
                      "); use sudo, or set it to 0, or start the program with sigprof");
  }
  return Status("ERR_SIGPROF_PTRACE_DENIED",
                refused +
                    "a security policy forbids it (capabilities, seccomp, or a process that "
                    "is not dumpable); use sudo, and in a container add the capability "
                    "SYS_PTRACE");
}

// TracerPid names a thread.
pid_t ProcessOf(uint32_t tid) {
  std::string status;
  ReadProcFile(ProcPath(static_cast<pid_t>(tid), "status"), &status);
  const uint32_t group = Number(Field(status, "Tgid"));
  return static_cast<pid_t>(group != 0 ? group : tid);
}

Status CheckProcess(pid_t pid, bool stops) {
  std::string status;
  if (!ReadProcFile(ProcPath(pid, "status"), &status)) {
    return Status("ERR_SIGPROF_NO_PROCESS",
                  "there is no process " + std::to_string(pid) +
                      ": it has ended or never was; look for the right one with 'pgrep -a node'");
  }
  const std::string_view state = Field(status, "State");
  if (state.starts_with('Z') || state.starts_with('X')) {
    return Status("ERR_SIGPROF_ZOMBIE",
                  Who(pid) + " has ended and only waits for its parent (zombie)");
  }
  const auto group = static_cast<pid_t>(Number(Field(status, "Tgid")));
  if (group != pid) {
    return Status("ERR_SIGPROF_NO_PROCESS", std::to_string(pid) + " is a thread of " + Who(group) +
                                                "; use -p " + std::to_string(group));
  }
  if (pid == getpid()) {
    return Status("ERR_SIGPROF_PTRACE_DENIED", "a process can't stop itself; use another process");
  }
  const uid_t owner = Number(Field(status, "Uid"));
  const std::string exe = ProcPath(pid, "exe");
  if (access(exe.c_str(), R_OK) != 0 && (errno == EACCES || errno == EPERM)) {
    return owner != geteuid() && geteuid() != 0 ? OtherUser(pid, owner) : Denied(pid);
  }
  const uint32_t tracer = Number(Field(status, "TracerPid"));
  if (stops && tracer != 0) {
    return Status("ERR_SIGPROF_TRACED", Who(pid) + " is being traced already by " +
                                            Who(ProcessOf(tracer)) +
                                            "; end that, or use --nonblocking");
  }
  return Status();
}

// The first mapping of the program's file tells where it was loaded.
uint64_t LoadBias(const Target& target) {
  if (!target.image->position_independent) return 0;
  for (const Mapping& map : target.maps) {
    if (map.path == target.executable && map.offset == 0) return map.start;
  }
  return 0;
}

Status NotNode(const Target& target, const Status& why) {
  if (target.executable.empty()) {
    return Status("ERR_SIGPROF_NOT_NODE", Who(target.pid) + " is a kernel thread, not Node");
  }
  for (const Mapping& map : target.maps) {
    if (map.path.find("/libnode.so") == std::string::npos) continue;
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  Who(target.pid) + " can't be read: its Node lies in a shared library (" +
                      map.path + "); use an official Node build");
  }
  const std::string name = target.executable.substr(target.executable.rfind('/') + 1);
  return Status("ERR_SIGPROF_NOT_NODE", Who(target.pid) + " is " + name + ", not Node: " +
                                            why.message() + "; look for one with 'pgrep -a node'");
}

}  // namespace

// Fields 22 and 28 of /proc/PID/stat; the name before them may hold blanks and parentheses.
std::string ProcessIdentity(pid_t pid) {
  std::string text;
  if (!ReadProcFile(ProcPath(pid, "stat"), &text)) return {};
  size_t at = text.rfind(')');
  std::string identity;
  for (int field = 2; field <= 28 && at != std::string::npos; field++) {
    const size_t next = text.find(' ', at + 1);
    if (field == 22 || field == 28) identity += text.substr(at, next - at);
    at = next;
  }
  return identity;
}

std::string CommandLine(pid_t pid) {
  std::string text;
  ReadProcFile(ProcPath(pid, "cmdline"), &text);
  while (text.ends_with('\0')) text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

Fate Target::NowIs() const {
  const std::string now = ProcessIdentity(pid);
  if (now == identity) return Fate::kRuns;
  const auto start_time = [](const std::string& text) { return text.substr(0, text.rfind(' ')); };
  const char state = ThreadState(pid, pid);
  const bool is_alive = state != 0 && state != 'Z' && state != 'X';
  if (!is_alive || start_time(now) != start_time(identity)) return Fate::kEnded;
  // Without a stack it is on its way out, or into another program: the next look will tell.
  return now.ends_with(" 0") ? Fate::kRuns : Fate::kExec;
}

Status ExplainSeize(pid_t pid, int error) {
  // The process may have ended, or a debugger may have come, since it was opened.
  Status status = CheckProcess(pid, true);
  if (!status.ok()) return status;
  if (error == ESRCH) {
    return Status("ERR_SIGPROF_NO_PROCESS", Who(pid) + " has just ended");
  }
  std::string text;
  ReadProcFile(ProcPath(pid, "status"), &text);
  const uid_t owner = Number(Field(text, "Uid"));
  return owner != geteuid() && geteuid() != 0 ? OtherUser(pid, owner) : Denied(pid);
}

Status OpenTarget(pid_t pid, bool stops, std::unique_ptr<Target>* out) {
  Status status = CheckProcess(pid, stops);
  if (!status.ok()) return status;
  auto target = std::make_unique<Target>(pid);
  target->identity = ProcessIdentity(pid);
  target->command_line = CommandLine(pid);
  target->cwd = ReadLink(ProcPath(pid, "cwd"));
  target->executable = ReadLink(ProcPath(pid, "exe"));
  constexpr std::string_view kDeleted = " (deleted)";
  if (target->executable.ends_with(kDeleted)) {
    target->executable.resize(target->executable.size() - kDeleted.size());
  }
  if (!target->RefreshMaps()) return Denied(pid);
  target->image = LoadV8Image(ProcPath(pid, "exe"), &status);
  if (target->image == nullptr) {
    if (status.code() == std::string_view("ERR_SIGPROF_NOT_NODE")) return NotNode(*target, status);
    return Status("ERR_SIGPROF_UNSUPPORTED", Who(pid) + " can't be read: " + status.message());
  }
  if (!target->memory.usable()) return Denied(pid);
  target->load_bias = LoadBias(*target);
  *out = std::move(target);
  return Status();
}

}  // namespace sigprof::remote
