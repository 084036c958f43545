// SPDX-License-Identifier: MIT
// From the pcs of native frames to frames of the ProfileTables: which module, which function, what
// it is called. One object a recording, shared by the resolvers of all threads. Under the resolve
// lock.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "os/memory.h"
#include "resolver/symbol_table.h"
#include "resolver/tables.h"
#include "unwinder/module_tables.h"
#include "unwinder/raw_sample.h"

namespace sigprof {

// How native walks ended, by NativeEnd.
struct NativeCounters {
  uint64_t stacks = 0;  // samples with a native part
  uint64_t broken = 0;  // of the stacks, those with a gap or an end that came too early
  uint64_t by_reason[kNativeEnds] = {};
};

class NativeFrames {
 public:
  // `memory` is that of the process sampled; all pointers outlive this object. Somebody else loads
  // the symbols: what is resolved before they are there is named by address, as a thread of the
  // program may be waiting.
  NativeFrames(SymbolCache* symbols, Memory* memory, ProfileTables* tables)
      : symbols_(*symbols), memory_(*memory), tables_(tables) {}

  // The modules that samples of this generation refer to. Generations come in ascending order; of
  // old ones only the last few are kept.
  void AddModules(std::shared_ptr<const ModuleTables> tables);

  // The frame of a native function: `name [module]`, or `[module+0x…]`.
  uint32_t FrameAt(uint32_t generation, uint64_t pc);
  // The frame that says why a walk ended.
  uint32_t EndFrame(NativeEnd end);
  // `read [syscall]` when `pc` (exact) is in a system call; false otherwise.
  bool SyscallAt(uint64_t pc, uint32_t* frame);

  NativeCounters counters;

 private:
  struct Module {
    LoadedModule loaded;
    std::shared_ptr<const SymbolTable> symbols;     // null: not loaded yet
    std::string file;                               // the name of its file
    std::unordered_map<uint64_t, uint32_t> frames;  // by start of the function, as linked
    std::unordered_map<uint64_t, uint32_t> by_pc;
  };
  struct Generation {
    uint32_t number;
    std::shared_ptr<const ModuleTables> tables;
    std::vector<Module*> modules;  // as tables->modules()
  };
  Module* Intern(const LoadedModule& loaded);
  Module* Find(uint32_t generation, uint64_t pc);
  void LookForSymbols(Module* module);
  uint32_t AddFrame(const std::string& name, const std::string& path, FunctionKind kind);
  uint32_t NameFrame(Module* module, uint64_t pc);

  SymbolCache& symbols_;
  Memory& memory_;
  ProfileTables* tables_;
  std::deque<Generation> generations_;  // ascending
  std::vector<std::unique_ptr<Module>> modules_;
  std::unordered_map<uint32_t, uint32_t> end_frames_;
  std::unordered_map<uint64_t, int64_t> syscalls_;  // by pc: number, or kNoSyscall
  std::unordered_map<int64_t, uint32_t> syscall_frames_;
};

}  // namespace sigprof
