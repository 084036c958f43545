// SPDX-License-Identifier: MIT
// Scripts seen in a recording: how they are called, and from a position to its line. Source texts
// are read once, in pieces, and only the line ends kept. A text can be unreadable for a while: in a
// scavenge, the map of a large young string is overwritten. Under the resolve lock.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "v8/functions.h"

namespace sigprof {

struct LineColumn {
  int32_t line = 0;    // 1-based; 0 unknown
  int32_t column = 0;  // 1-based
};

class Script {
 public:
  std::string name;  // path, URL or eval label
  LineColumn Locate(int32_t position) const;
  bool HasLines() const { return !line_starts_.empty(); }

 private:
  friend class Scripts;
  std::vector<uint32_t> line_starts_;  // positions; empty if the source was unreadable
  int32_t line_offset_ = 0, column_offset_ = 0;
  uint32_t attempts_ = 0;  // to read the source
  uint32_t tried_in_ = 0;  // round of the last one
};

class Scripts {
 public:
  explicit Scripts(const Heap* heap) : heap_(*heap) {}

  // The script of the object, read at first sight; valid until Forget. Null if unreadable.
  // Its text is tried again in later rounds, some times.
  const Script* Find(Tagged script, int32_t script_id);
  // Text that ends at `position`, at most 160 units.
  std::u16string TextBefore(Tagged script, int32_t position);
  // Whether a text could not be read that may be soon.
  bool has_unread() const { return unread_ > 0 && round_ - unread_since_ < kMaxAttempts; }
  void StartRound() { round_++; }
  void Forget() {
    by_id_.clear();
    unread_ = 0;
  }

 private:
  static constexpr uint32_t kMaxAttempts = 32;
  void ReadLines(const ScriptFacts& facts, Script* script);
  std::string EvalLabel(const ScriptFacts& facts);

  const Heap& heap_;
  size_t unread_ = 0;
  uint32_t round_ = 1;
  uint32_t unread_since_ = 0;                  // round in which the latest was met
  std::unordered_map<int32_t, Script> by_id_;  // script ids are never used twice in an isolate
};

}  // namespace sigprof
