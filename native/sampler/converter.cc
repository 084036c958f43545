// SPDX-License-Identifier: MIT
#include "sampler/converter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>
#include <utility>

extern char** environ;

namespace sigprof {
namespace {

// The converter has said itself why it failed, and where the recording is (src/cli/exit-codes.ts).
constexpr int kToldExitCode = 14;

// What would make the converter load us again, or believe to be a child or worker of the program.
bool IsInherited(std::string_view variable) {
  for (const char* name : {"NODE_OPTIONS=", "SIGPROF_", "NODE_CHANNEL_", "NODE_UNIQUE_ID=",
                           "NODE_V8_COVERAGE=", "NODE_INSPECT_RESUME_ON_START="}) {
    if (variable.starts_with(name)) return false;
  }
  return true;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

void TellUser(const std::string& line) {
  std::string text = "sigprof: " + line + '\n';
  // One write, so that it does not mix with the program's own lines.
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) {
    // Nobody to tell.
  }
}

void Converter::Configure(std::vector<std::string> command) {
  command_ = std::move(command);
  environment_.clear();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; variable++) {
    if (IsInherited(*variable)) environment_.push_back(*variable);
  }
  environment_.push_back("SIGPROF_DISABLE=1");
}

Status Converter::Start(const std::string& recording) {
  std::vector<std::string> arguments = command_;
  arguments.push_back(recording);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A session of its own: Ctrl-C is meant for the program, and must not leave half a picture. Our
  // thread blocks all signals and the program may ignore some: the child starts afresh.
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // Node marks its standard streams close-on-exec (uv_disable_stdio_inheritance); only a dup2 from
  // another number takes that off in every libc.
  const int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (errors >= 0) {
    posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = 0;
  // glibc starts it by clone(CLONE_VM | CLONE_VFORK): no copy of the program's memory, and no
  // pthread_atfork handlers.
  const int error = posix_spawn(&pid, arguments[0].c_str(), &files, &attributes,
                                Pointers(arguments).data(), Pointers(environment_).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (errors >= 0) close(errors);
  if (error != 0) {
    return Status("ERR_SIGPROF_OUTPUT", "Cannot start " + arguments[0] + ": " + strerror(error));
  }
  children_.push_back({pid, recording});
  return Status();
}

size_t Converter::Reap() {
  std::erase_if(children_, [](const Child& child) {
    int status = 0;
    // This pid only: libuv waits for the program's own children, one by one as well.
    const pid_t got = waitpid(child.pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    const bool told = WIFEXITED(status) && WEXITSTATUS(status) == kToldExitCode;
    if (got == child.pid && status != 0 && !told) {
      const std::string how = WIFSIGNALED(status)
                                  ? "signal " + std::to_string(WTERMSIG(status))
                                  : "exit code " + std::to_string(WEXITSTATUS(status));
      TellUser("the pictures could not be made (" + how + "); the recording is " + child.recording);
    }
    return true;
  });
  return children_.size();
}

}  // namespace sigprof
