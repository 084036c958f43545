// SPDX-License-Identifier: MIT
#include "resolver/native_frames.h"

#include <stdio.h>

#include <algorithm>

#include "resolver/demangle.h"
#include "resolver/syscalls.h"

namespace sigprof {
namespace {

// Samples are resolved within a poll or two of the helper; modules change at most once a poll. Only
// while the first symbols are read there is more to wait for.
constexpr size_t kMaxGenerations = 64;
// Bounds of the caches; beyond them they start anew, which costs time and rows, never truth.
constexpr size_t kMaxModules = 4096;
constexpr size_t kMaxPcs = 1 << 16;
constexpr int64_t kNoSyscall = -2;

const char* NameOf(NativeEnd end) {
  switch (end) {
    case NativeEnd::kUnknownCode:
      return "[unknown code]";
    case NativeEnd::kNoData:
      return "[no unwind data]";
    case NativeEnd::kBrokenData:
      return "[broken unwind data]";
    case NativeEnd::kLostRegister:
      return "[register lost]";
    case NativeEnd::kOutOfStack:
      return "[stack not readable]";
    default:
      return "[truncated]";
  }
}

}  // namespace

NativeFrames::Module* NativeFrames::Intern(const LoadedModule& loaded) {
  for (const auto& module : modules_) {
    if (module->loaded == loaded) return module.get();
  }
  auto module = std::make_unique<Module>();
  module->loaded = loaded;
  const std::string& path = loaded.path;
  module->file = path.substr(path.rfind('/') + 1);
  if (module->file.starts_with('[')) module->file = module->file.substr(1, module->file.size() - 2);
  if (module->file.empty()) module->file = "?";
  modules_.push_back(std::move(module));
  return modules_.back().get();
}

void NativeFrames::AddModules(std::shared_ptr<const ModuleTables> tables) {
  if (modules_.size() >= kMaxModules) {
    generations_.clear();
    modules_.clear();
  }
  Generation generation{tables->view().generation, tables, {}};
  for (const LoadedModule& loaded : tables->modules()) {
    generation.modules.push_back(Intern(loaded));
  }
  generations_.push_back(std::move(generation));
  if (generations_.size() > kMaxGenerations) generations_.pop_front();
}

NativeFrames::Module* NativeFrames::Find(uint32_t generation, uint64_t pc) {
  for (const Generation& known : generations_) {
    if (known.number != generation) continue;
    const UnwindTables& view = known.tables->view();
    const UnwindModule* module = view.Find(pc);
    return module == nullptr ? nullptr : known.modules[static_cast<size_t>(module - view.modules)];
  }
  return nullptr;
}

uint32_t NativeFrames::AddFrame(const std::string& name, const std::string& path,
                                FunctionKind kind) {
  FunctionInfo info;
  info.name = name;
  info.script = path;
  info.kind = kind;
  return tables_->Frame(tables_->AddFunction(info), 0, 0, 0);
}

uint32_t NativeFrames::NameFrame(Module* module, uint64_t pc) {
  const uint64_t linked = pc - module->loaded.bias;
  SymbolTable::Found found;
  if (module->symbols != nullptr) found = module->symbols->Find(linked);
  // Functions without a name are told apart by address; those of one name are one.
  const uint64_t key = found.name.empty() ? linked : found.start;
  auto [frame, is_new] = module->frames.try_emplace(key, 0);
  if (!is_new) return frame->second;
  std::string name;
  if (found.name.empty()) {
    char offset[32];
    snprintf(offset, sizeof offset, "+0x%llx]", static_cast<unsigned long long>(linked));
    name.append("[").append(module->file).append(offset);
  } else {
    name = ReadableSymbol(found.name) + " [" + module->file + ']';
  }
  return frame->second = AddFrame(name, module->loaded.path, FunctionKind::kNative);
}

void NativeFrames::LookForSymbols(Module* module) {
  module->symbols = symbols_.Find(module->loaded);
  if (module->symbols == nullptr) return;
  module->frames.clear();
  module->by_pc.clear();
}

uint32_t NativeFrames::FrameAt(uint32_t generation, uint64_t pc) {
  Module* module = Find(generation, pc);
  if (module == nullptr) return EndFrame(NativeEnd::kUnknownCode);
  if (module->symbols == nullptr) LookForSymbols(module);
  if (module->by_pc.size() >= kMaxPcs) module->by_pc.clear();
  auto [frame, is_new] = module->by_pc.try_emplace(pc, 0);
  if (is_new) frame->second = NameFrame(module, pc);
  return frame->second;
}

uint32_t NativeFrames::EndFrame(NativeEnd end) {
  auto [frame, is_new] = end_frames_.try_emplace(static_cast<uint32_t>(end), 0);
  if (is_new) frame->second = AddFrame(NameOf(end), "", FunctionKind::kSpecial);
  return frame->second;
}

bool NativeFrames::SyscallAt(uint64_t pc, uint32_t* frame) {
  if (syscalls_.size() >= kMaxPcs) syscalls_.clear();
  auto [number, is_new] = syscalls_.try_emplace(pc, kNoSyscall);
  if (is_new) {
    uint8_t code[kSyscallBefore + kSyscallAfter];
    int64_t found;
    if (memory_.Read(pc - kSyscallBefore, code, sizeof code) == sizeof code &&
        FindSyscall(code, &found)) {
      number->second = found;
    }
  }
  if (number->second == kNoSyscall) return false;
  auto [known, is_first] = syscall_frames_.try_emplace(number->second, 0);
  if (is_first) {
    const std::string name = SyscallName(number->second);
    known->second =
        AddFrame((name.empty() ? "unknown" : name) + " [syscall]", "", FunctionKind::kNative);
  }
  *frame = known->second;
  return true;
}

}  // namespace sigprof
