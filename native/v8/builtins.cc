// SPDX-License-Identifier: MIT
#include "v8/builtins.h"

#include <algorithm>

namespace sigprof {
namespace {

// The table of entry points lies in IsolateData, within this much of the Isolate's start.
constexpr size_t kIsolateBytes = 96 * 1024;
// Every V8 from 10 to 14 has over 2000 builtins; V8 keeps shorter tables of hot ones before.
constexpr size_t kMinBuiltins = 1000;

const std::string& NoName() {
  static const std::string* const none = new std::string;
  return *none;
}

}  // namespace

bool Builtins::ReadEntries(Memory* memory, Address isolate) {
  std::vector<uint64_t> words(kIsolateBytes / 8);
  const size_t read = memory->Read(isolate, words.data(), kIsolateBytes) / 8;
  size_t best = 0, best_length = 0;
  for (size_t i = 0; i < read;) {
    size_t length = 0;
    while (i + length < read && Contains(words[i + length])) length++;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
    i += length + 1;
  }
  if (best_length < kMinBuiltins) return false;
  entries_.clear();
  for (size_t i = 0; i < best_length; i++) entries_.push_back(Linked(words[best + i]));
  return true;
}

Address Builtins::first_entry() const {
  return entries_.empty() ? 0 : *std::min_element(entries_.begin(), entries_.end());
}

const std::string& Builtins::NameOfPc(Address pc) const {
  const Address linked = Linked(pc);
  if (symbols_ == nullptr || linked - start_ >= end_ - start_) return NoName();
  return symbols_->NameOf(linked - load_bias_);
}

const std::string& Builtins::NameOfId(int32_t builtin_id) const {
  if (builtin_id < 0 || static_cast<size_t>(builtin_id) >= entries_.size()) return NoName();
  return NameOfPc(entries_[static_cast<size_t>(builtin_id)]);
}

}  // namespace sigprof
