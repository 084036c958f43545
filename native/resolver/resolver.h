// SPDX-License-Identifier: MIT
// Resolve: a raw sample and a Memory in, a stack of the ProfileTables out. One Resolver an isolate;
// its caches hold for as long as V8 moves nothing (see the two epochs below).
// Not thread-safe, not for the signal handler: callers hold the resolve lock.
#pragma once

#include <cstdint>
#include <memory>

#include "os/memory.h"
#include "resolver/native_frames.h"
#include "resolver/tables.h"
#include "unwinder/capture.h"
#include "unwinder/raw_sample.h"
#include "v8/builtins.h"
#include "v8/layout.h"

namespace sigprof {

struct ResolvedSample {
  uint32_t stack = 0;              // id in the tables; 0: nothing known, e.g. no JS on the stack
  uint32_t unresolved_frames = 0;  // frames that did not type-check
};

class Resolver {
 public:
  // All pointers outlive the resolver. `memory` is that of the process sampled.
  Resolver(const Layout* layout, const Builtins* builtins, const CodeRanges& code, Memory* memory,
           ProfileTables* tables);
  ~Resolver();

  // Decodes; interns functions, frames and the stack. In a GC sample the leaf is
  // "(garbage collector)".
  ResolvedSample Resolve(const RawSample& sample);

  // Only young objects moved: addresses of JSFunctions are void, those of SharedFunctionInfo, Code,
  // BytecodeArray and Script hold (V8 allocates them old).
  void ScavengeHappened();
  // Anything may have moved or died.
  void MarkCompactHappened();
  // The tables were replaced by new ones (a new recording): forget all ids.
  void UseTables(ProfileTables* tables);
  // Names native frames from here on (null: there are none). With them, builtins that run on top of
  // a JS function get a frame of their own.
  void UseNativeFrames(NativeFrames* frames);
  // What all stacks stand on; 0 for nothing.
  void UseRoot(uint32_t stack);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Replaces every function word of the samples by its SharedFunctionInfo, by gather reads, so that
// they outlive a scavenge. Lock-free and independent of any Resolver: called in V8's GC prologue on
// the isolate's own thread, and while a thread of another process is stopped. Words that are no
// JSFunction stay as they are. `scratch` is caller's memory.
struct PinScratch {
  static constexpr uint32_t kMaxDistinct = kMaxFrames + 1;  // one sample always fits
  uint64_t functions[kMaxDistinct];
  uint64_t shared[kMaxDistinct];
  uint32_t count = 0;
};
void PinFunctions(const Layout& layout, Memory* memory, RawSample* const* samples, size_t count,
                  PinScratch* scratch);

// The stack with only this special frame, e.g. "(idle)" or "(program)".
uint32_t SpecialStack(ProfileTables* tables, const char* name, FunctionKind kind);

}  // namespace sigprof
