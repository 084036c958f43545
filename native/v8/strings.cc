// SPDX-License-Identifier: MIT
#include "v8/strings.h"

#include <algorithm>

namespace sigprof {
namespace {

// Bits of a string's instance type; a type below 128 is a string (unchanged from V8 10 to 14).
constexpr uint16_t kNotString = 128;
constexpr uint16_t kRepresentationMask = 7;
enum Representation { kSequential = 0, kCons = 1, kExternal = 2, kSliced = 3, kThin = 5 };
constexpr uint16_t kOneByteBit = 8;
constexpr uint16_t kUncachedExternalBit = 16;

constexpr int32_t kFirstField = 16;   // first / parent / actual / resource
constexpr int32_t kSecondField = 24;  // second / offset / cached data pointer
constexpr int kMaxIndirections = 16;
constexpr size_t kPieceUnits = 4096;
constexpr size_t kMaxPendingCons = 4096;

}  // namespace

bool IsString(const Heap& heap, Tagged string) {
  const uint16_t type = heap.Type(&string);
  // Type 0 is both "unreadable" and V8's internalized two-byte sequential string.
  uint64_t map;
  return type < kNotString && IsHeapPointer(string) && heap.LoadWord(string, 0, &map) &&
         IsHeapPointer(map);
}

bool FlattenInPlace(const Heap& heap, Tagged string, FlatString* out) {
  uint32_t offset = 0;
  bool length_known = false;
  for (int i = 0; i < kMaxIndirections; i++) {
    if (!IsString(heap, string)) return false;
    const uint16_t type = heap.Type(&string);
    int32_t length = 0;
    if (!heap.LoadInt(string, heap.layout().heap.string_length, &length) || length < 0)
      return false;
    if (!length_known) out->length = static_cast<uint32_t>(length);
    length_known = true;
    out->one_byte = (type & kOneByteBit) != 0;
    const uint64_t scale = out->one_byte ? 1 : 2;
    uint64_t word = 0;
    switch (type & kRepresentationMask) {
      case kSequential:
        out->data =
            Untag(string) + static_cast<uint64_t>(heap.layout().heap.string_data) + offset * scale;
        return offset + uint64_t{out->length} <= static_cast<uint32_t>(length);
      case kExternal:
        if (type & kUncachedExternalBit) return false;
        if (!heap.LoadWord(string, kSecondField, &word) || word == 0) return false;
        out->data = word + offset * scale;
        return offset + uint64_t{out->length} <= static_cast<uint32_t>(length);
      case kThin:
        if (!heap.LoadWord(string, kFirstField, &string)) return false;
        break;
      case kSliced:
        if (!heap.LoadWord(string, kSecondField, &word) || !IsSmi(word)) return false;
        offset += static_cast<uint32_t>(SmiValue(word));
        if (!heap.LoadWord(string, kFirstField, &string)) return false;
        break;
      default: {
        // A flattened cons string has an empty second part.
        uint64_t second = 0;
        int32_t second_length = -1;
        if (!heap.LoadWord(string, kSecondField, &second) || !IsString(heap, second) ||
            !heap.LoadInt(second, heap.layout().heap.string_length, &second_length) ||
            second_length != 0 || !heap.LoadWord(string, kFirstField, &string)) {
          return false;
        }
        break;
      }
    }
  }
  return false;
}

namespace {

bool VisitFlat(const Heap& heap, const FlatString& flat,
               const std::function<bool(const uint16_t*, size_t)>& visit, bool* stop) {
  uint16_t units[kPieceUnits];
  uint8_t bytes[kPieceUnits];
  for (uint32_t done = 0; done < flat.length;) {
    const size_t count = std::min<size_t>(kPieceUnits, flat.length - done);
    if (flat.one_byte) {
      if (heap.memory()->Read(flat.data + done, bytes, count) != count) return false;
      for (size_t i = 0; i < count; i++) units[i] = bytes[i];
    } else if (heap.memory()->Read(flat.data + uint64_t{done} * 2, units, count * 2) != count * 2) {
      return false;
    }
    done += static_cast<uint32_t>(count);
    if (!visit(units, count)) {
      *stop = true;
      return true;
    }
  }
  return true;
}

}  // namespace

bool VisitString(const Heap& heap, Tagged string,
                 const std::function<bool(const uint16_t*, size_t)>& visit) {
  std::vector<Tagged> pending = {string};
  bool stop = false;
  while (!pending.empty() && !stop) {
    const Tagged next = pending.back();
    pending.pop_back();
    FlatString flat;
    if (FlattenInPlace(heap, next, &flat)) {
      if (!VisitFlat(heap, flat, visit, &stop)) return false;
      continue;
    }
    Tagged object = next;
    if (!IsString(heap, object)) return false;
    const uint16_t type = heap.Type(&object);
    uint64_t first = 0, second = 0;
    if ((type & kRepresentationMask) != kCons || pending.size() > kMaxPendingCons ||
        !heap.LoadWord(object, kFirstField, &first) ||
        !heap.LoadWord(object, kSecondField, &second)) {
      return false;
    }
    pending.push_back(second);
    pending.push_back(first);
  }
  return true;
}

void AppendUtf8(const uint16_t* units, size_t count, std::string* out) {
  for (size_t i = 0; i < count; i++) {
    uint32_t c = units[i];
    if (c >= 0xd800 && c < 0xe000) {
      const bool paired =
          c < 0xdc00 && i + 1 < count && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
      c = paired ? 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00u) : 0xfffd;
    }
    if (c < 0x80) {
      out->push_back(static_cast<char>(c));
    } else if (c < 0x800) {
      out->push_back(static_cast<char>(0xc0 | (c >> 6)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
      out->push_back(static_cast<char>(0xe0 | (c >> 12)));
      out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else {
      out->push_back(static_cast<char>(0xf0 | (c >> 18)));
      out->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3f)));
      out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
    }
  }
}

bool ReadString(const Heap& heap, Tagged string, uint32_t max_units, std::string* out) {
  std::vector<uint16_t> units;
  const bool ok = VisitString(heap, string, [&](const uint16_t* piece, size_t count) {
    const size_t take = std::min<size_t>(count, max_units - units.size());
    units.insert(units.end(), piece, piece + take);
    return units.size() < max_units;
  });
  if (!ok) return false;
  out->clear();
  AppendUtf8(units.data(), units.size(), out);
  return true;
}

}  // namespace sigprof
