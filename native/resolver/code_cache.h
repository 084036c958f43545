// SPDX-License-Identifier: MIT
// From a pc in V8's JIT code to the code object around it. By pc and never by JSFunction.code,
// which names other code after tier-up, deoptimization and on-stack replacement. Under the resolve
// lock.
#pragma once

#include <map>
#include <unordered_set>

#include "v8/code.h"

namespace sigprof {

class CodeCache {
 public:
  CodeCache(const Heap* heap, const CodeRanges* code, const Builtins* builtins)
      : heap_(*heap), code_(*code), builtins_(*builtins) {}

  // The code object whose machine code holds `pc`; null if there is none. `shared` (may be 0) is
  // the function believed to run there and gives the cheap first guess.
  const CodeInfo* Find(Address pc, Tagged shared);
  // True for a pc in the JIT code range, outside the builtins.
  bool IsJit(Address pc) const { return code_.Contains(pc) && !builtins_.Contains(pc); }

  // Code may have moved or died: forget all.
  void Clear();

 private:
  const CodeInfo* Insert(Tagged code, Address pc);
  const CodeInfo* ScanBackwards(Address pc);
  const CodeInfo* TryHeader(const uint64_t* words, Address address, Address pc);

  const Heap& heap_;
  const CodeRanges& code_;
  const Builtins& builtins_;
  std::map<Address, CodeInfo> by_start_;
  std::unordered_set<Address> no_code_;  // pcs searched in vain
  Tagged header_map_ = 0;                // map of the objects that hold machine code, once seen
};

}  // namespace sigprof
