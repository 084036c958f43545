// SPDX-License-Identifier: MIT
#include "remote/target_modules.h"

#include "os/loaded_modules.h"

namespace sigprof::remote {
namespace {

std::string ProcPath(const Target& target, const char* name) {
  return "/proc/" + std::to_string(target.pid) + name;
}

}  // namespace

TargetModules::TargetModules(Target* target)
    : target_(*target), symbols_(ProcPath(*target, "/root"), &target->memory) {
  Refresh();
}

void TargetModules::Refresh() {
  std::vector<LoadedModule> modules = ListModulesOf(target_.pid, &target_.memory);
  if (tables_ != nullptr && modules == tables_->modules()) return;
  target_.RefreshMaps();
  for (const LoadedModule& module : modules) {
    // The program's file may have been replaced or deleted.
    if (module.is_main) symbols_.LoadFrom(ProcPath(target_, "/exe"), module);
    symbols_.Load(module);
  }
  const uint32_t generation = tables_ == nullptr ? 1 : tables_->view().generation + 1;
  const std::shared_ptr<const ModuleTables> before = tables_;
  tables_ =
      ModuleTables::Build(std::move(modules), &target_.memory, false, generation, before.get());
  target_.unwind = &tables_->view();
  if (frames_ != nullptr) frames_->AddModules(tables_);
}

void TargetModules::UseTables(ProfileTables* tables) {
  frames_ = std::make_unique<NativeFrames>(&symbols_, &target_.memory, tables);
  frames_->AddModules(tables_);
}

}  // namespace sigprof::remote
