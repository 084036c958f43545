// SPDX-License-Identifier: MIT
// The program and libraries of a target, for its native frames: unwind data, read from its memory,
// and symbols, from its files. On the thread that looks at the target.
#pragma once

#include <cstdint>
#include <memory>

#include "remote/target.h"
#include "resolver/native_frames.h"
#include "unwinder/module_tables.h"

namespace sigprof::remote {

class TargetModules {
 public:
  // Reads everything: some 50 ms, in which the target runs on.
  // From here on the stacks of its threads are walked by Target::unwind.
  explicit TargetModules(Target* target);
  TargetModules(const TargetModules&) = delete;

  // Looks whether others are loaded now. Worth it when code of no module known was met.
  void Refresh();

  // Names frames in `tables` from here on, and counts anew.
  void UseTables(ProfileTables* tables);
  NativeFrames* frames() { return frames_.get(); }

 private:
  Target& target_;
  SymbolCache symbols_;
  std::shared_ptr<const ModuleTables> tables_;
  std::unique_ptr<NativeFrames> frames_;
};

}  // namespace sigprof::remote
