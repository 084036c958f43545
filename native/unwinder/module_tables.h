// SPDX-License-Identifier: MIT
// Prepares UnwindTables: off the handler, from any thread. Unwind data of a library is copied, not
// used where it is mapped, so that the library may be unloaded while a handler walks; only the
// program itself, which can't be, is read in place (5 MB for Node). Copies are shared between the
// tables before and after a change.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "os/loaded_modules.h"
#include "unwinder/unwind_tables.h"

namespace sigprof {

class ModuleTables {
 public:
  // `memory` is that of the process the modules are loaded in; reads can't fault. `in_place`: it is
  // the own process. `previous` (may be null) lends copies of the modules it had as well.
  static std::shared_ptr<const ModuleTables> Build(std::vector<LoadedModule> modules,
                                                   Memory* memory, bool in_place,
                                                   uint32_t generation,
                                                   const ModuleTables* previous);

  // For the handler; valid as long as this object.
  const UnwindTables& view() const { return view_; }
  const std::vector<LoadedModule>& modules() const { return modules_; }

 private:
  using Bytes = std::shared_ptr<const std::vector<uint8_t>>;
  struct Copy {
    Bytes table, frames;
  };
  void AddCopied(size_t index, Memory* memory, const ModuleTables* previous);
  void AddInPlace(size_t index);
  static bool CopyUnwindData(const LoadedModule& module, Memory* memory, Copy* out);

  std::vector<LoadedModule> modules_;
  std::vector<UnwindModule> unwind_;  // as modules_
  std::vector<Copy> copies_;          // as modules_
  UnwindTables view_;
};

}  // namespace sigprof
