// SPDX-License-Identifier: MIT
#include "os/threads.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "os/clocks.h"
#include "os/proc_status.h"
#include "test_runner.h"

namespace sigprof {
namespace {

// A thread blocked in read() on a pipe until Release.
class BlockedThread {
 public:
  BlockedThread() {
    if (pipe(pipe_) != 0) abort();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "odd ) name (1");
      bounds_ok = OwnStackBounds(&bounds);
      char here;
      // Not the address of a local: ASan may keep those on the heap.
      local = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
      tid = OwnTid();
      if (read(pipe_[0], &here, 1) < 0) abort();
    });
    while (ThreadState(0, tid) != 'S' || ReadThreadSyscall(0, tid).number != SYS_read) usleep(1000);
  }
  ~BlockedThread() {
    if (write(pipe_[1], "x", 1) != 1) abort();
    thread_.join();
    close(pipe_[0]);
    close(pipe_[1]);
  }
  std::atomic<pid_t> tid = 0;
  StackBounds bounds;
  bool bounds_ok = false;
  uint64_t local = 0;

 private:
  int pipe_[2];
  std::thread thread_;
};

uint64_t BurnUntil(const std::function<bool()>& done) {
  volatile uint64_t x = 0;
  while (!done()) {
    for (int i = 0; i < 100000; i++) x = x + 1;
  }
  return x;
}

TEST("threads: a new thread is listed, named and shown asleep in its system call") {
  pid_t tid;
  {
    BlockedThread blocked;
    tid = blocked.tid;
    std::vector<pid_t> tids;
    REQUIRE(ListThreads(0, &tids));
    EXPECT(std::count(tids.begin(), tids.end(), tid) == 1);
    EXPECT(std::count(tids.begin(), tids.end(), getpid()) == 1);
    EXPECT_EQ(ThreadName(0, tid), "odd ) name (1");
    EXPECT_EQ(ThreadName(getpid(), tid), "odd ) name (1");
    EXPECT_EQ(ThreadState(0, tid), 'S');
    ThreadSyscall call = ReadThreadSyscall(0, tid);
    EXPECT_EQ(call.kind, ThreadSyscall::Kind::kAsleep);
    EXPECT_EQ(call.number, int64_t{SYS_read});
    EXPECT(call.sp >= blocked.bounds.low && call.sp < blocked.bounds.high);
    EXPECT(call.sp < blocked.local);
    EXPECT(call.pc != 0);
  }
  EXPECT_EQ(ThreadState(0, tid), 0);
  EXPECT_EQ(ThreadName(0, tid), "");
  EXPECT_EQ(ReadThreadSyscall(0, tid).kind, ThreadSyscall::Kind::kUnknown);
}

TEST("threads: an open syscall file tells anew each time, and nothing once the thread is gone") {
  int fd;
  {
    BlockedThread blocked;
    fd = OpenThreadSyscall(0, blocked.tid);
    REQUIRE(fd >= 0);
    for (int i = 0; i < 3; i++) EXPECT_EQ(ReadThreadSyscallFrom(fd).number, int64_t{SYS_read});
  }
  EXPECT_EQ(ReadThreadSyscallFrom(fd).kind, ThreadSyscall::Kind::kUnknown);
  close(fd);
}

TEST("threads: stack bounds hold the own frame, on the main thread and on others") {
  StackBounds main;
  REQUIRE(OwnStackBounds(&main));
  auto here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  EXPECT(here >= main.low && here < main.high);
  EXPECT(main.high - main.low >= 64 << 10);
  BlockedThread blocked;
  REQUIRE(blocked.bounds_ok);
  EXPECT(blocked.local == 0 || blocked.bounds.high <= main.low || blocked.bounds.low >= main.high);
}

TEST("threads: the text of the syscall file is read in all its forms") {
  using Kind = ThreadSyscall::Kind;
  EXPECT_EQ(ParseThreadSyscall("running\n").kind, Kind::kRunning);
  ThreadSyscall outside = ParseThreadSyscall("-1 0x7ffd10 0x401000\n");
  EXPECT_EQ(outside.kind, Kind::kAsleep);
  EXPECT_EQ(outside.number, -1);
  EXPECT_EQ(outside.sp, 0x7ffd10u);
  EXPECT_EQ(outside.pc, 0x401000u);
  ThreadSyscall inside = ParseThreadSyscall("232 0x5 0x1 0x2 0x3 0x4 0x5 0x7ffdffffffff 0xab\n");
  EXPECT_EQ(inside.number, 232);
  EXPECT_EQ(inside.sp, 0x7ffdffffffffu);
  EXPECT_EQ(inside.pc, 0xabu);
  for (const char* text : {"", "\n", "232", "232 0x1 0x2", "-1 0x1", "-1 1 2", "x 0x1 0x2",
                           "232 0x5 0x1 0x2 0x3 0x4 0x5 0x7 0xzz"}) {
    EXPECT_EQ(ParseThreadSyscall(text).kind, Kind::kUnknown);
  }
  EXPECT_EQ(ParseThreadState("12 (a) R b) S 1 2"), 'S');
  for (const char* text : {"", "12", "12 (a)", "12 (a) ", "12 (a)S"}) {
    EXPECT_EQ(ParseThreadState(text), 0);
  }
}

TEST("clocks: CPU clocks move with work and stand still in sleep") {
  uint64_t wall = MonotonicNs(), raw_wall = RawMonotonicNs();
  EXPECT(raw_wall >= wall && raw_wall - wall < 1'000'000'000);
  uint64_t start = RawThreadCpuNs(), process = ProcessCpuNs();
  BurnUntil([&] { return RawThreadCpuNs() - start > 20'000'000; });
  uint64_t by_tid = ThreadCpuNs(OwnTid());
  uint64_t raw = RawThreadCpuNs();
  EXPECT(raw >= by_tid && raw - by_tid < 20'000'000);
  EXPECT(ProcessCpuNs() - process >= 20'000'000);
  EXPECT(ProcessCpuNs(getpid()) - process >= 20'000'000);
  BlockedThread blocked;
  uint64_t asleep = ThreadCpuNs(blocked.tid);
  EXPECT(asleep > 0);
  usleep(20'000);
  EXPECT_EQ(ThreadCpuNs(blocked.tid), asleep);
  EXPECT_EQ(ThreadCpuNs(1 << 22), 0u);  // beyond the largest pid
}

TEST("clocks: CPU time of a thread of another process is told by /proc") {
  pid_t child = fork();
  if (child == 0) {
    BurnUntil([] { return RawThreadCpuNs() > 50'000'000; });
    pause();
    _exit(0);
  }
  uint64_t ns = 0;
  for (int i = 0; i < 5000 && ns < 50'000'000; i++) {
    ns = RemoteThreadCpuNs(child, child);
    usleep(1000);
  }
  EXPECT(ns >= 50'000'000);
  EXPECT(ProcessCpuNs(child) >= 50'000'000);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(RemoteThreadCpuNs(child, child), 0u);
}

}  // namespace
}  // namespace sigprof
