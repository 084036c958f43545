// SPDX-License-Identifier: MIT
// Registration of JS threads: between V8's isolate and the sampler's record of it.
#include <unistd.h>

#include "os/clocks.h"
#include "os/maps.h"
#include "os/threads.h"
#include "sampler/gc_barrier.h"
#include "sampler/js_thread.h"
#include "sampler/participation.h"
#include "sampler/recording.h"
#include "sampler/sampled_natives.h"
#include "sampler/session.h"
#include "sampler/signal_handler.h"

namespace sigprof {
namespace {

bool IsAddonName(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = std::string_view(path).substr(slash == path.npos ? 0 : slash + 1);
  return name.starts_with("sigprof") && name.ends_with(".node");
}

// The path of another copy of the addon in this process (a second version in node_modules): both
// would want the same signal and the same GC callbacks. Addons are loaded with RTLD_LOCAL, so no
// symbol tells; the mappings do.
std::string FindSecondCopy() {
  std::vector<Mapping> maps;
  if (!ReadMaps(0, &maps)) return "";
  const Mapping* own = FindMapping(maps, reinterpret_cast<uint64_t>(&FindSecondCopy));
  if (own == nullptr) return "";
  for (const Mapping& map : maps) {
    if (!map.executable || map.inode == 0 || !IsAddonName(map.path)) continue;
    const bool same = map.inode == own->inode && map.dev_major == own->dev_major &&
                      map.dev_minor == own->dev_minor;
    if (!same) return map.path;
  }
  return "";
}

// Process-wide, at the first registration. The registry lock is held.
Status Prepare(Sampler* sampler) {
  if (sampler->host == nullptr) {
    sampler->second_copy = FindSecondCopy();
    sampler->host = LoadHost();
    sampler->memory = new ProcessMemory(getpid());  // lives as long as the process
    sampler->symbols = new SymbolCache("", sampler->memory);
    InstallForkGuard();
  }
  if (!sampler->second_copy.empty()) {
    return Status("ERR_SIGPROF_SECOND_COPY", "Another copy of sigprof is loaded in this process (" +
                                                 sampler->second_copy +
                                                 "); load only one, e.g. by `npm dedupe`");
  }
  if (!sampler->host->status.ok()) return sampler->host->status;
  if (!static_cast<ProcessMemory*>(sampler->memory)->usable()) {
    return Status("ERR_SIGPROF_UNSUPPORTED",
                  "The kernel denies this process to read its own memory (process_vm_readv and "
                  "/proc/self/mem): allow one of them in the sandbox's seccomp filter");
  }
  return Status();
}

}  // namespace

Status RegisterCurrentThread(bool is_main) {
  Sampler* sampler = TheSampler();
  if (CurrentJsThread() != nullptr) return Status();
  if (sampler->forked.load()) {
    return Status(
        "ERR_SIGPROF_UNSUPPORTED",
        "A process made by fork() without exec can't be sampled; start a new one instead");
  }
  std::lock_guard<std::mutex> registry(sampler->registry);
  Status status = Prepare(sampler);
  if (!status.ok()) return status;
  const V8Api& api = sampler->host->api;
  void* isolate = api.isolate_get_current();
  StackBounds stack;
  if (isolate == nullptr || !OwnStackBounds(&stack)) {
    return Status(
        "ERR_SIGPROF_UNSUPPORTED",
        "The current thread runs no V8 isolate, or libc does not tell where its stack is");
  }

  DropNativeThread(OwnTid());
  JsThread* thread = sampler->threads.Acquire();  // with its `life` lock
  thread->tid = OwnTid();
  thread->is_main = is_main;
  thread->ordinal = is_main ? 0 : ++sampler->workers_seen;
  thread->stack_low = stack.low;
  thread->stack_high = stack.high;
  thread->isolate = isolate;
  thread->code = IsolateCodeRanges(*sampler->host, isolate);
  thread->alive = true;
  api.add_gc_prologue(isolate, OnGcPrologue, thread, kMovingGcTypes);
  api.add_gc_epilogue(isolate, OnGcEpilogue, thread, kMovingGcTypes);
  SetCurrentJsThread(thread);
  Session* session = sampler->session.load();
  if (session != nullptr) JoinRecording(thread, session);  // a refusal is counted there
  thread->life.unlock();
  return Status();
}

void UnregisterCurrentThread() {
  Sampler* sampler = TheSampler();
  JsThread* thread = CurrentJsThread();
  if (thread == nullptr || sampler->forked.load()) return;
  {
    std::lock_guard<std::mutex> life(thread->life);
    if (Session* session = thread->session) {
      StopTicks(thread);
      LeaveRecording(thread);
      session->native_threads.LeftJs(thread->tid, thread->stop_cpu_ns);
    }
    SetCurrentJsThread(nullptr);
    thread->resolver.reset();
    const V8Api& api = sampler->host->api;
    api.remove_gc_prologue(thread->isolate, OnGcPrologue, thread);
    api.remove_gc_epilogue(thread->isolate, OnGcEpilogue, thread);
    sampler->threads.Release(thread);
  }
}

}  // namespace sigprof
