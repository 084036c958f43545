// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <string>

#include "os/proc_status.h"
#include "os/threads.h"
#include "remote/sampler.h"
#include "test_runner.h"

namespace sigprof::remote {
namespace {

constexpr int kKills = 200;
constexpr useconds_t kMaxDelayMicros = 10'000;

// A Node process that does the same work again and again on two threads; see the program.
class SteadyProgram {
 public:
  SteadyProgram() {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in[0], 0);
      dup2(out[1], 1);
      execlp("node", "node", "test/fixtures/programs/steady.cjs", nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_ = fdopen(in[1], "w");
    from_ = fdopen(out[0], "r");
  }
  ~SteadyProgram() {
    fclose(from_);
    if (to_ != nullptr) fclose(to_);
  }

  pid_t pid() const { return pid_; }
  bool IsUp() {
    char line[8];
    return fgets(line, sizeof line, from_) != nullptr && std::string(line) == "up\n";
  }
  // What both threads have done since the start.
  bool ReadRounds(int* main, int* worker) {
    return fputs("?", to_) >= 0 && fflush(to_) == 0 &&
           fscanf(from_, " rounds %d %d", main, worker) == 2;
  }
  // Its exit code; not 0 when a result was wrong.
  int End() {
    int status = 0;
    fclose(std::exchange(to_, nullptr));
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
  FILE *to_, *from_;
};

// Samples `pid` from a process of its own. Returns when that has said that it samples, if `begun`.
pid_t ForkRecorder(pid_t pid, bool begun) {
  int said[2];
  if (pipe2(said, O_CLOEXEC) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    RemoteOptions options;
    options.pid = pid;
    options.rate_hz = 10'000;
    options.wall = options.idle = true;
    RemoteSampler sampler;
    if (!sampler.Start(options).ok() || write(said[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(said[1]);
  char byte;
  if (begun && read(said[0], &byte, 1) != 1) abort();
  close(said[0]);
  return child;
}

TEST("remote: the process sampled runs on when the profiler is killed, 200 times, at any moment") {
  SteadyProgram target;
  REQUIRE(target.IsUp());
  // What is read of its binary here, the recorders have.
  std::unique_ptr<Target> opened;
  REQUIRE(OpenTarget(target.pid(), true, &opened).ok());
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<useconds_t> delay(0, kMaxDelayMicros);
  for (int i = 0; i < kKills; i++) {
    const pid_t recorder = ForkRecorder(target.pid(), i % 4 != 0);
    usleep(delay(random));
    kill(recorder, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(recorder, &status, 0) == recorder && WIFSIGNALED(status));
  }
  std::vector<pid_t> tids;
  REQUIRE(ListThreads(target.pid(), &tids));
  for (pid_t tid : tids) {
    const char state = ThreadState(target.pid(), tid);
    EXPECT(state != 't' && state != 'T');
  }
  // Both threads run.
  int main = 0, worker = 0, main_later = 0, worker_later = 0;
  REQUIRE(target.ReadRounds(&main, &worker));
  do {
    REQUIRE(target.ReadRounds(&main_later, &worker_later));
  } while (main_later == main || worker_later == worker);
  EXPECT_EQ(target.End(), 0);
}

}  // namespace
}  // namespace sigprof::remote
