// SPDX-License-Identifier: MIT
// Reads the little-endian and LEB128 numbers of DWARF from untrusted bytes. Past the end every read
// gives 0 and `ok` turns false for good. Signal-safe: loads only.
#pragma once

#include <cstdint>

namespace sigprof {

class DwarfReader {
 public:
  // `address` is where `at` lies in the process, for pc-relative pointers.
  DwarfReader(const unsigned char* at, const unsigned char* end, uint64_t address)
      : at_(at), end_(end), address_(address) {}

  bool ok() const { return ok_; }
  bool empty() const { return at_ >= end_; }
  uint64_t left() const { return static_cast<uint64_t>(end_ - at_); }
  const unsigned char* at() const { return at_; }
  uint64_t address() const { return address_; }

  uint64_t Fixed(uint32_t size) {
    const unsigned char* from = at_;
    if (!Take(size)) return 0;
    uint64_t value = 0;
    for (uint32_t i = 0; i < size; i++) value |= uint64_t{from[i]} << (8 * i);
    return value;
  }
  uint8_t U8() { return static_cast<uint8_t>(Fixed(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Fixed(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Fixed(4)); }
  uint64_t U64() { return Fixed(8); }
  int64_t Signed(uint32_t size) {
    const uint32_t unused = 64 - 8 * size;
    return static_cast<int64_t>(Fixed(size) << unused) >> unused;
  }

  uint64_t Uleb() {
    uint64_t value = 0;
    for (uint32_t shift = 0; ok_; shift += 7) {
      const uint8_t byte = U8();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  int64_t Sleb() {
    uint64_t value = 0;
    for (uint32_t shift = 0; ok_;) {
      const uint8_t byte = U8();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
      break;
    }
    return static_cast<int64_t>(value);
  }

  void Skip(uint64_t size) { Take(size); }
  // The next `size` bytes alone; this reader goes on behind them.
  DwarfReader Part(uint64_t size) {
    const unsigned char* start = at_;
    const uint64_t address = address_;
    if (!Take(size)) return DwarfReader(end_, end_, address_);
    return DwarfReader(start, start + size, address);
  }
  void Fail() { ok_ = false; }

 private:
  bool Take(uint64_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      at_ = end_;
      return false;
    }
    at_ += size;
    address_ += size;
    return true;
  }

  const unsigned char* at_;
  const unsigned char* end_;
  uint64_t address_;
  bool ok_ = true;
};

}  // namespace sigprof
