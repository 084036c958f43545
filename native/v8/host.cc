// SPDX-License-Identifier: MIT
#include "v8/host.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <memory>
#include <mutex>

#include "os/maps.h"
#include "os/threads.h"
#include "v8/functions.h"

namespace sigprof {
namespace {

class DynamicSymbols final : public SymbolSource {
 public:
  bool ReadInt(const char* name, int32_t* value) const override {
    // A symbol may lie at the end of .bss and read zero: presence is what dlsym tells.
    const void* address = dlsym(RTLD_DEFAULT, name);
    if (address == nullptr) return false;
    *value = *static_cast<const int32_t*>(address);
    return true;
  }
};

template <typename T>
bool Find(const char* name, T* function) {
  *function = reinterpret_cast<T>(dlsym(RTLD_DEFAULT, name));
  return *function != nullptr;
}

bool LoadApi(V8Api* api) {
  return Find("_ZN2v87Isolate10GetCurrentEv", &api->isolate_get_current) &&
         Find("_ZN2v82V810GetVersionEv", &api->get_version) &&
         Find(
             "_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_"
             "S2_",
             &api->add_gc_prologue) &&
         Find(
             "_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_"
             "S2_",
             &api->add_gc_epilogue) &&
         Find(
             "_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_"
             "15GCCallbackFlagsEPvES4_",
             &api->remove_gc_prologue) &&
         Find(
             "_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_"
             "15GCCallbackFlagsEPvES4_",
             &api->remove_gc_epilogue) &&
         Find("_ZN2v87Isolate12GetCodeRangeEPPvPm", &api->get_code_range) &&
         Find("_ZN2v87Isolate20GetEmbeddedCodeRangeEPPKvPm", &api->get_embedded_code_range);
}

Status Unsupported(std::string message) {
  return Status("ERR_SIGPROF_UNSUPPORTED", std::move(message));
}

// The copy of the builtins that V8 11+ executes: a file-backed executable mapping inside the JIT
// code range, of the same file as the builtins themselves.
Address FindBuiltinsCopy(const CodeRanges& code, Address linked) {
  std::vector<Mapping> maps;
  if (!ReadMaps(0, &maps)) return 0;
  const Mapping* original = FindMapping(maps, linked);
  if (original == nullptr) return 0;
  const uint64_t linked_offset = linked - original->start + original->offset;
  for (const Mapping& map : maps) {
    if (!map.executable || map.inode == 0 || map.inode != original->inode) continue;
    if (!code.Contains(map.start) || linked_offset < map.offset) continue;
    const uint64_t copy = map.start + (linked_offset - map.offset);
    if (map.Contains(copy)) return copy;
  }
  return 0;
}

// The address the main program was linked for is off by this much from where it runs.
uint64_t MainProgramBias() {
  uint64_t bias = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        *static_cast<uint64_t*>(out) = info->dlpi_addr;
        return 1;  // the first is the main program
      },
      &bias);
  return bias;
}

// Walks the stack that called us: every step of the decoder on real objects. At least one frame
// must lead to a function with a readable script name, and the walk must reach the outermost frame.
Status SelfTest(const Host& host, void* isolate, const CodeRanges& code) {
  StackBounds bounds;
  const auto here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  if (!OwnStackBounds(&bounds) || here < bounds.low || here >= bounds.high) {
    return Unsupported("the bounds of this thread's stack are unknown, so it can't be sampled");
  }
  RawRegisters regs = {};
  regs.rsp = here;
  regs.rbp = here;
  const auto buffer = std::make_unique<uint64_t[]>(kMaxRawSampleSize / 8);
  auto* sample = reinterpret_cast<RawSample*>(buffer.get());
  const RawIsolateState state =
      ReadIsolateState(host.layout.capture, static_cast<const unsigned char*>(isolate));
  const StackWindow window = {here, bounds.high, reinterpret_cast<const unsigned char*>(here)};
  CaptureStack(host.layout.capture, code, regs, state, window, sample);
  const std::string version = "V8 " + host.v8_version;
  if (sample->start != WalkStart::kExitFrame || (sample->flags & kSampleTruncated) != 0) {
    return Unsupported("the frames of this " + version +
                       " can't be walked (self-test failed); use an official Node 18 to 26");
  }
  ProcessMemory memory(getpid());
  if (!memory.usable()) {
    return Unsupported(
        "this process may not read its own memory (process_vm_readv and "
        "/proc/self/mem are denied); allow one of them in the seccomp profile");
  }
  Heap heap(&host.layout, &memory);
  for (uint32_t i = 0; i < sample->frame_count; i++) {
    const RawFrame& frame = sample->frames()[i];
    if ((frame.marker & 1) == 0) continue;
    const Tagged shared = heap.SharedOf(frame.function);
    FunctionFacts facts;
    ScriptFacts script;
    if (shared != 0 && ReadFunctionIdentity(heap, shared, &facts) && facts.script != 0 &&
        ReadScript(heap, facts.script, &script) && !script.name.empty()) {
      return Status();
    }
  }
  return Unsupported("the objects of this " + version +
                     " can't be read (self-test failed); use an official Node 18 to 26");
}

Status Load(Host* host) {
  if (!LoadApi(&host->api)) {
    return Unsupported(
        "this program exports no V8 API, so it is no Node build sigprof can read; "
        "use an official Node build");
  }
  host->v8_version = host->api.get_version();
  void* isolate = host->api.isolate_get_current();
  Status status = LoadHeapLayout(DynamicSymbols(), ParseV8Version(host->v8_version), &host->layout);
  if (!status.ok()) return status;

  const void* blob = nullptr;
  size_t blob_size = 0;
  host->api.get_embedded_code_range(isolate, &blob, &blob_size);
  if (blob == nullptr ||
      !CalibrateCapture(static_cast<const uint8_t*>(blob), blob_size, &host->layout.capture)) {
    return Unsupported("the entry code of this V8 " + host->v8_version +
                       " is not as expected; use an official Node 18 to 26 for x64");
  }
  const auto start = reinterpret_cast<Address>(blob);
  host->builtins.SetCode(start, start + blob_size, 0);
  const CodeRanges ranges = IsolateCodeRanges(*host, isolate);
  host->builtins.SetCode(start, start + blob_size, FindBuiltinsCopy(ranges, start));
  host->builtins.UseSymbols(std::make_shared<BuiltinSymbols>("/proc/self/exe"), MainProgramBias());
  ProcessMemory memory(getpid());
  host->builtins.ReadEntries(&memory, reinterpret_cast<Address>(isolate));
  return SelfTest(*host, isolate, ranges);
}

}  // namespace

const Host* LoadHost() {
  // Never destroyed: native threads may use it until the process is gone.
  static Host* host = nullptr;
  static std::once_flag once;
  std::call_once(once, [] {
    host = new Host;
#if defined(__x86_64__)
    host->status = Load(host);
#else
    host->status = Unsupported("sigprof reads V8's frames on x64 only");
#endif
  });
  return host;
}

CodeRanges IsolateCodeRanges(const Host& host, void* isolate) {
  CodeRanges ranges;
  void* start = nullptr;
  size_t size = 0;
  host.api.get_code_range(isolate, &start, &size);
  const auto code = reinterpret_cast<Address>(start);
  ranges.Add(code, code + size);
  ranges.Add(host.builtins.start(), host.builtins.end());
  const Address copy = host.builtins.copy_start();
  if (copy != 0) ranges.Add(copy, copy + (host.builtins.end() - host.builtins.start()));
  return ranges;
}

}  // namespace sigprof
