// SPDX-License-Identifier: MIT
// CPU time of threads without JavaScript (libuv's pool, V8's helpers, other addons'). They are not
// signalled; their clocks are read ten times a second, and what they used becomes samples of the
// frame "(native thread: NAME)".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sigprof {

struct Session;

// Thread-safe; not for the signal handler. Callers of the looks don't hold the resolve lock.
class NativeThreads {
 public:
  // Notes what the threads have used so far; from here on they are charged. Before any BecameJs.
  void Begin();
  // Looks at the threads if the process has used CPU that no sampled thread accounts for, and
  // returns whether it has. `busy` (may be null) gets those that have used enough to be worth
  // sampling.
  bool Poll(Session* session, uint64_t now_ns, std::vector<pid_t>* busy);
  // Last look, when sampling ends; nothing is charged after it.
  void FinalLook(Session* session, uint64_t now_ns);
  // One sample for threads that came and went unseen. `process_cpu_ns` and `own_cpu_ns` (of our own
  // threads) were read right after the last look; the JS threads have left the recording.
  void AddExited(Session* session, uint64_t now_ns, uint64_t process_cpu_ns, uint64_t own_cpu_ns);

  // The thread is sampled from now on. Returns up to which CPU time it is accounted for here,
  // 0 if it was never seen.
  uint64_t BecameJs(pid_t tid);
  // The thread left the sampled ones at this CPU time; it may live on a little.
  void LeftJs(pid_t tid, uint64_t cpu_ns);

 private:
  struct Entry {
    uint64_t charged_ns = 0;  // CPU clock up to which its time is in samples
    uint32_t row = 0;
    uint32_t stack = 0;  // 0: not yet in the tables
    bool seen = false;
  };
  struct Charge {
    pid_t tid;
    uint64_t weight_ns;
  };
  void Scan(Session* session, uint64_t now_ns, uint64_t least_ns, std::vector<pid_t>* busy);
  void AddCharges(Session* session, const std::vector<Charge>& charges, uint64_t now_ns);
  uint32_t StackFor(Session* session, const std::string& name);

  std::mutex mutex_;  // guards all; taken before the resolve lock
  std::unordered_map<pid_t, Entry> entries_;
  std::unordered_set<pid_t> js_;
  std::unordered_map<std::string, uint32_t> stacks_;  // by thread name
  uint64_t total_ns_ = 0;                             // charged so far
  uint64_t last_unknown_ns_ = 0;
  bool finished_ = false;
};

}  // namespace sigprof
