// SPDX-License-Identifier: MIT
#include "resolver/scripts.h"

#include <algorithm>

#include "v8/strings.h"

namespace sigprof {
namespace {

constexpr int32_t kTextUnits = 160;

bool IsLineEnd(uint16_t unit) {
  return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

// V8's line ends: \n, \r, \r\n as one, U+2028, U+2029.
std::vector<uint32_t> LineStarts(const Heap& heap, Tagged source) {
  std::vector<uint32_t> starts = {0};
  uint32_t position = 0;
  uint16_t previous = 0;
  const bool ok = VisitString(heap, source, [&](const uint16_t* units, size_t count) {
    for (size_t i = 0; i < count; i++, position++) {
      const uint16_t unit = units[i];
      if (unit == '\n' && previous == '\r') {
        starts.back() = position + 1;
      } else if (unit <= '\r' ? (unit == '\n' || unit == '\r') : IsLineEnd(unit)) {
        starts.push_back(position + 1);
      }
      previous = unit;
    }
    return true;
  });
  if (!ok) starts.clear();
  starts.shrink_to_fit();
  return starts;
}

}  // namespace

LineColumn Script::Locate(int32_t position) const {
  if (position < 0 || line_starts_.empty()) return {};
  auto after =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), static_cast<uint32_t>(position));
  const auto index = static_cast<int32_t>(after - line_starts_.begin()) - 1;
  LineColumn place;
  place.line = index + 1 + line_offset_;
  place.column = position - static_cast<int32_t>(line_starts_[static_cast<size_t>(index)]) + 1;
  if (index == 0) place.column += column_offset_;
  return place;
}

// Code made by eval or new Function has no name of its own; say whose it is.
std::string Scripts::EvalLabel(const ScriptFacts& facts) {
  FunctionFacts caller;
  ScriptFacts from;
  if (facts.eval_from == 0 || !ReadFunctionIdentity(heap_, facts.eval_from, &caller) ||
      caller.script == 0 || !ReadScript(heap_, caller.script, &from) || from.name.empty()) {
    return "[eval]";
  }
  return "[eval in " + from.name + "]";
}

const Script* Scripts::Find(Tagged script, int32_t script_id) {
  auto known = by_id_.find(script_id);
  const bool is_new = known == by_id_.end();
  if (!is_new && (known->second.HasLines() || known->second.tried_in_ == round_ ||
                  known->second.attempts_ >= kMaxAttempts)) {
    return &known->second;
  }
  ScriptFacts facts;
  if (!ReadScript(heap_, script, &facts)) return is_new ? nullptr : &known->second;
  Script& entry = by_id_[script_id];
  if (!is_new) {
    ReadLines(facts, &entry);
    return &entry;
  }
  entry.name = !facts.source_url.empty() && facts.name.empty() ? facts.source_url : facts.name;
  if (entry.name.empty()) entry.name = EvalLabel(facts);
  entry.line_offset_ = facts.line_offset;
  entry.column_offset_ = facts.column_offset;
  ReadLines(facts, &entry);
  return &entry;
}

void Scripts::ReadLines(const ScriptFacts& facts, Script* script) {
  const bool was_unread = script->attempts_++ > 0;
  script->tried_in_ = round_;
  script->line_starts_ = LineStarts(heap_, facts.source);
  const bool is_unread = !script->HasLines() && script->attempts_ < kMaxAttempts;
  if (is_unread && !was_unread) {
    unread_++;
    unread_since_ = round_;
  }
  if (!is_unread && was_unread) unread_--;
}

std::u16string Scripts::TextBefore(Tagged script, int32_t position) {
  ScriptFacts facts;
  FlatString flat;
  if (position <= 0 || !ReadScript(heap_, script, &facts) ||
      !FlattenInPlace(heap_, facts.source, &flat) ||
      static_cast<uint32_t>(position) > flat.length) {
    return {};
  }
  const int32_t start = std::max(0, position - kTextUnits);
  const auto count = static_cast<size_t>(position - start);
  std::u16string text(count, u' ');
  if (!flat.one_byte) {
    const Address from = flat.data + static_cast<uint64_t>(start) * 2;
    return heap_.memory()->Read(from, text.data(), count * 2) == count * 2 ? text
                                                                           : std::u16string();
  }
  std::string bytes(count, ' ');
  if (heap_.memory()->Read(flat.data + static_cast<uint64_t>(start), bytes.data(), count) !=
      count) {
    return {};
  }
  for (size_t i = 0; i < count; i++) text[i] = static_cast<unsigned char>(bytes[i]);
  return text;
}

}  // namespace sigprof
