// SPDX-License-Identifier: MIT
// Scripts seen in a recording: how they are called, and from a position to its line. Source texts
// are read once, in pieces, and only the line ends kept. Under the resolve lock.
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

 private:
  friend class Scripts;
  std::vector<uint32_t> line_starts_;  // positions; empty if the source was unreadable
  int32_t line_offset_ = 0, column_offset_ = 0;
};

class Scripts {
 public:
  explicit Scripts(const Heap* heap) : heap_(*heap) {}

  // The script of the object, read at first sight; valid until Forget. Null if unreadable.
  const Script* Find(Tagged script, int32_t script_id);
  // Text that ends at `position`, at most 160 units.
  std::u16string TextBefore(Tagged script, int32_t position);
  void Forget() { by_id_.clear(); }

 private:
  std::string EvalLabel(const ScriptFacts& facts);

  const Heap& heap_;
  std::unordered_map<int32_t, Script> by_id_;  // script ids are never used twice in an isolate
};

}  // namespace sigprof
