// SPDX-License-Identifier: MIT
// Reading V8 strings: sequential, cons, sliced, thin and external, one- and two-byte.
#pragma once

#include <functional>
#include <string>

#include "v8/heap.h"

namespace sigprof {

// Characters of a string where they lie flat in memory.
struct FlatString {
  Address data = 0;
  uint32_t length = 0;  // UTF-16 units
  bool one_byte = true;
};

bool IsString(const Heap& heap, Tagged string);

// Finds the flat characters of a sequential, external, thin or sliced string. False for a cons
// string that is not flattened, an uncached external one, or no string.
bool FlattenInPlace(const Heap& heap, Tagged string, FlatString* out);

// The string as UTF-8, cut at `max_units` UTF-16 units; lone surrogates become U+FFFD. Cons strings
// are walked iteratively. False if it is no readable string.
bool ReadString(const Heap& heap, Tagged string, uint32_t max_units, std::string* out);

// Appends UTF-16 units as UTF-8.
void AppendUtf8(const uint16_t* units, size_t count, std::string* out);

// Calls `visit(units, count)` for consecutive pieces of all characters of a string, flat or cons,
// until it returns false. Returns false if something was unreadable.
bool VisitString(const Heap& heap, Tagged string,
                 const std::function<bool(const uint16_t* units, size_t count)>& visit);

}  // namespace sigprof
