// SPDX-License-Identifier: MIT
#include "sampler/native_modules.h"

#include "sampler/js_thread.h"
#include "sampler/session.h"
#include "sampler/tick_state.h"

namespace sigprof {
namespace {

constexpr uint32_t kQuiesceMs = 20;

// Never the same twice in a process: what a handler has kept of an earlier recording is not meant.
uint32_t NextGeneration() {
  static std::atomic<uint32_t> last{0};
  return last.fetch_add(1) + 1;
}

// Every thread's handler has been seen at rest since the tables were replaced.
bool AllQuiet() {
  bool quiet = true;
  TheSampler()->threads.ForEach(
      [&quiet](JsThread* thread) { quiet = thread->Quiesce(kQuiesceMs) && quiet; });
  return quiet;
}

}  // namespace

void NativeModules::Publish(Session* session, std::shared_ptr<const ModuleTables> tables) {
  {
    // Known to the resolver before any sample can refer to them.
    ResolveLock lock;
    session->native_frames->AddModules(tables);
  }
  // Sequentially consistent, as the handler's load: see AllQuiet.
  g_tick_state.unwind.store(&tables->view(), std::memory_order_seq_cst);
  std::lock_guard<std::mutex> lock(mutex_);
  if (current_ != nullptr) retired_.push_back(std::move(current_));
  current_ = std::move(tables);
}

void NativeModules::Begin(Session* session) {
  std::vector<LoadedModule> modules = ListModules(&changes_);
  Publish(session, ModuleTables::Build(std::move(modules), TheSampler()->memory, true,
                                       NextGeneration(), nullptr));
}

bool NativeModules::Refresh(Session* session) {
  if (!retired_.empty() && AllQuiet()) retired_.clear();
  if (CountModuleChanges() == changes_) return false;
  std::vector<LoadedModule> modules = ListModules(&changes_);
  const std::shared_ptr<const ModuleTables> before = Current();
  Publish(session, ModuleTables::Build(std::move(modules), TheSampler()->memory, true,
                                       NextGeneration(), before.get()));
  return true;
}

void NativeModules::StartSymbols() {
  const auto load = [](void* self) {
    auto* modules = static_cast<NativeModules*>(self);
    modules->LoadSymbols();
    modules->has_symbols_.store(true);
    TheSampler()->helper_waker.Wake();
  };
  if (!symbols_thread_.Start("sigprof", load, this)) load(this);
}

void NativeModules::LoadSymbols() {
  const std::shared_ptr<const ModuleTables> tables = Current();
  for (const LoadedModule& module : tables->modules()) TheSampler()->symbols->Load(module);
}

void NativeModules::FinishSymbols() {
  symbols_thread_.Join();
  LoadSymbols();
}

void NativeModules::End() {
  g_tick_state.unwind.store(nullptr, std::memory_order_seq_cst);
  std::lock_guard<std::mutex> lock(mutex_);
  if (current_ != nullptr) retired_.push_back(std::move(current_));
  current_.reset();
  // A handler that a debugger has stopped may go on at any time: a leak instead of a crash.
  if (!AllQuiet()) new auto(std::move(retired_));
  retired_.clear();
}

std::shared_ptr<const ModuleTables> NativeModules::Current() {
  std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

}  // namespace sigprof
