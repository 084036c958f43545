// SPDX-License-Identifier: MIT
// The V8 this process runs: its public API by name, its layout, its code ranges.
#pragma once

#include "os/status.h"
#include "unwinder/capture.h"
#include "v8/builtins.h"
#include "v8/layout.h"

namespace sigprof {

// Bits of v8::GCType, stable since V8 5.
enum GcType : int {
  kGcScavenge = 1,
  kGcMinorMarkSweep = 2,
  kGcMarkCompact = 4,
  kGcIncrementalStep = 8,
  kGcWeakCallbacks = 16,
};
inline constexpr int kMovingGcTypes = kGcScavenge | kGcMinorMarkSweep | kGcMarkCompact;

using GcCallback = void (*)(void* isolate, int gc_type, int flags, void* data);

// Public V8 functions, looked up by their mangled names (the same in Node 18 to 26).
struct V8Api {
  void* (*isolate_get_current)() = nullptr;
  const char* (*get_version)() = nullptr;
  // `this` is the isolate.
  void (*add_gc_prologue)(void* isolate, GcCallback, void* data, int gc_types) = nullptr;
  void (*add_gc_epilogue)(void* isolate, GcCallback, void* data, int gc_types) = nullptr;
  void (*remove_gc_prologue)(void* isolate, GcCallback, void* data) = nullptr;
  void (*remove_gc_epilogue)(void* isolate, GcCallback, void* data) = nullptr;
  void (*get_code_range)(void* isolate, void** start, size_t* size) = nullptr;
  void (*get_embedded_code_range)(void* isolate, const void** start, size_t* size) = nullptr;
};

// Everything process-wide that sampling needs to know of V8. Immutable after Load.
struct Host {
  V8Api api;
  Layout layout;
  Builtins builtins;
  std::string v8_version;
  Status status;  // why this V8 can't be sampled, if so
};

// Loads once per process, on first call, on a JS thread inside a call from JavaScript (the own
// stack is the self-test). Later calls return the same object. Never null.
const Host* LoadHost();

// Code ranges of the isolate of the calling thread.
CodeRanges IsolateCodeRanges(const Host& host, void* isolate);

}  // namespace sigprof
