// SPDX-License-Identifier: MIT
// The modules of the own process for the time of one recording with native frames: tables for the
// handler, kept up to date as libraries come and go.
//
// A handler may be using tables that have just been replaced. They are freed only after every
// sampled thread has been seen outside of its handler once; one that can't be seen so (stopped by a
// debugger) keeps them alive. The data in them are copies, so an unloaded library takes nothing
// away.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "os/loaded_modules.h"
#include "sampler/own_thread.h"
#include "unwinder/module_tables.h"

namespace sigprof {

struct Session;

class NativeModules {
 public:
  // Makes the first tables and shows them to the handlers. A millisecond.
  void Begin(Session* session);
  // Makes new ones if modules were loaded or unloaded since; frees old ones. True if it made some.
  // The helper's; neither the resolve lock nor a `life` lock is held.
  bool Refresh(Session* session);
  // Reads the symbols of the modules known, for the resolver: some 30 ms at the first time, for
  // which a thread is started. The helper's, which leaves the rings alone until HasSymbols.
  void StartSymbols();
  bool HasSymbols() const { return has_symbols_.load(); }
  // Those of modules that have come since. The helper's, after HasSymbols.
  void LoadSymbols();
  // Waits for all of them. The helper's last call.
  void FinishSymbols();
  // Hides the tables; no handler of the recording is at work or comes any more.
  void End();

  // For others than handlers, from any thread.
  std::shared_ptr<const ModuleTables> Current();

 private:
  void Publish(Session* session, std::shared_ptr<const ModuleTables> tables);

  std::mutex mutex_;  // guards current_ against Current
  std::shared_ptr<const ModuleTables> current_;
  // The helper's, or of whoever starts and ends the recording.
  std::vector<std::shared_ptr<const ModuleTables>> retired_;
  ModuleChanges changes_;
  OwnThread symbols_thread_;
  std::atomic<bool> has_symbols_{false};
};

}  // namespace sigprof
