// SPDX-License-Identifier: MIT
#include "v8/wasm_names.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sigprof {
namespace {

constexpr uint32_t kMagic = 0x6d736100;  // "\0asm"
constexpr uint64_t kHeaderBytes = 8;     // magic and version
constexpr uint32_t kMaxSectionBytes = 16u << 20;
constexpr size_t kMaxNameBytes = 1024;
constexpr uint8_t kCustomSection = 0, kImportSection = 2, kFunctionSection = 3;
constexpr uint8_t kFunctionNames = 1;  // subsection of "name"

// A bounded reader; after a fault it is at its end and gives zeros.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool done() const { return at_ == end_; }
  const uint8_t* at() const { return at_; }
  uint8_t Byte() { return at_ == end_ ? 0 : *at_++; }
  // Unsigned LEB128 of at most 32 bits.
  uint32_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 35 && at_ != end_; shift += 7) {
      const uint8_t byte = *at_++;
      value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return static_cast<uint32_t>(value);
    }
    at_ = end_;
    return 0;
  }
  Bytes Take(size_t size) {
    size = std::min(size, static_cast<size_t>(end_ - at_));
    const Bytes piece(at_, size);
    at_ += size;
    return piece;
  }
  std::string_view Text() {
    const Bytes text = Take(Number());
    return {reinterpret_cast<const char*>(text.at_), static_cast<size_t>(text.end_ - text.at_)};
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

void SkipLimits(Bytes* bytes) {
  const uint8_t flags = bytes->Byte();
  bytes->Number();
  if (flags & 1) bytes->Number();
}

// Counts functions; the other kinds of imports are skipped by their types.
uint32_t CountImportedFunctions(Bytes bytes) {
  uint32_t functions = 0;
  for (uint32_t count = bytes.Number(); count > 0 && !bytes.done(); count--) {
    bytes.Text();
    bytes.Text();
    switch (bytes.Byte()) {
      case 0:  // function
        bytes.Number();
        functions++;
        break;
      case 1: {  // table: a reference type, in the long form with a heap type, and limits
        const uint8_t type = bytes.Byte();
        if (type == 0x63 || type == 0x64) bytes.Number();
        SkipLimits(&bytes);
        break;
      }
      case 2:  // memory
        SkipLimits(&bytes);
        break;
      case 3: {  // global: a value type and whether it is mutable
        const uint8_t type = bytes.Byte();
        if (type == 0x63 || type == 0x64) bytes.Number();
        bytes.Byte();
        break;
      }
      case 4:  // tag
        bytes.Byte();
        bytes.Number();
        break;
      default:
        return functions;
    }
  }
  return functions;
}

void ReadNameSection(Bytes bytes, WasmNames* names) {
  while (!bytes.done()) {
    const uint8_t kind = bytes.Byte();
    Bytes subsection = bytes.Take(bytes.Number());
    if (kind != kFunctionNames) continue;
    for (uint32_t count = subsection.Number(); count > 0 && !subsection.done(); count--) {
      const uint32_t index = subsection.Number();
      const std::string_view name = subsection.Text().substr(0, kMaxNameBytes);
      if (!name.empty()) names->functions.emplace(index, name);
    }
  }
}

}  // namespace

bool ReadWasmNames(Memory* memory, Address bytes, uint64_t size, WasmNames* names) {
  uint32_t magic = 0;
  if (size < kHeaderBytes || !memory->Load(bytes, &magic) || magic != kMagic) return false;
  std::vector<uint8_t> payload;
  for (uint64_t at = kHeaderBytes; at < size;) {
    uint8_t head[16] = {};  // id, size, and the start of the payload
    const size_t read = memory->Read(bytes + at, head, std::min<uint64_t>(sizeof head, size - at));
    Bytes header(head, read);
    const uint8_t id = header.Byte();
    const uint32_t payload_bytes = header.Number();
    const auto header_bytes = static_cast<uint64_t>(header.at() - head);
    if (read == 0 || header_bytes < 2 || payload_bytes > size - at) break;
    const bool is_name_section = id == kCustomSection && header.Text() == "name";
    if (id == kFunctionSection || id == kImportSection || is_name_section) {
      payload.resize(std::min(payload_bytes, kMaxSectionBytes));
      payload.resize(memory->Read(bytes + at + header_bytes, payload.data(), payload.size()));
      Bytes section(payload.data(), payload.size());
      if (id == kImportSection) {
        names->imported = CountImportedFunctions(section);
      } else if (id == kFunctionSection) {
        names->declared = section.Number();
      } else {
        section.Text();
        ReadNameSection(section, names);
      }
    }
    at += header_bytes + payload_bytes;
  }
  return true;
}

}  // namespace sigprof
