// SPDX-License-Identifier: MIT
#include "v8/builtins.h"

#include <algorithm>

#include "os/elf_image.h"

namespace sigprof {
namespace {

// The table of entry points lies in IsolateData, within this much of the Isolate's start.
constexpr size_t kIsolateBytes = 96 * 1024;
// Every V8 from 10 to 14 has over 2000 builtins; V8 keeps shorter tables of hot ones before.
constexpr size_t kMinBuiltins = 1000;
constexpr char kPrefix[] = "Builtins_";
constexpr char kBytecodeSizes[] = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE";
constexpr uint64_t kMaxBytecodeSizes = 3 * 256;

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

void Builtins::LoadSymbols() const {
  if (symbols_loaded_) return;
  symbols_loaded_ = true;
  const std::unique_ptr<ElfImage> image = ElfImage::Open(path_);
  if (image == nullptr) return;
  ElfSymbol sizes;
  bool has_sizes = image->FindDynamic(kBytecodeSizes, &sizes);
  image->ForEachSymbol([&](const ElfSymbol& symbol, std::string_view name) {
    if (name.starts_with(kPrefix)) {
      symbols_.push_back({symbol.value + load_bias_, std::string(name.substr(sizeof kPrefix - 1))});
    } else if (!has_sizes && name == kBytecodeSizes) {
      sizes = symbol;
      has_sizes = true;
    }
    return true;
  });
  std::sort(symbols_.begin(), symbols_.end(),
            [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
  if (!has_sizes || sizes.size == 0 || sizes.size > kMaxBytecodeSizes || sizes.size % 3 != 0)
    return;
  const uint8_t* bytes = image->BytesAt(sizes.value, sizes.size);
  if (bytes != nullptr) bytecode_sizes_.assign(bytes, bytes + sizes.size);
}

const std::string& Builtins::NameOfPc(Address pc) const {
  LoadSymbols();
  const Address linked = Linked(pc);
  if (linked - start_ >= end_ - start_) return NoName();
  auto after = std::upper_bound(
      symbols_.begin(), symbols_.end(), linked,
      [](Address address, const Symbol& symbol) { return address < symbol.start; });
  return after == symbols_.begin() ? NoName() : (after - 1)->name;
}

const std::string& Builtins::NameOfId(int32_t builtin_id) const {
  if (builtin_id < 0 || static_cast<size_t>(builtin_id) >= entries_.size()) return NoName();
  return NameOfPc(entries_[static_cast<size_t>(builtin_id)]);
}

size_t Builtins::BytecodeLength(const uint8_t* bytes, size_t available) const {
  LoadSymbols();
  const size_t row = bytecode_sizes_.size() / 3;
  if (row == 0 || available == 0) return 0;
  // The first four bytecodes are prefixes (Wide, ExtraWide and their debug break forms) that select
  // the operand width of the next.
  if (bytes[0] >= 4) return bytes[0] < row ? bytecode_sizes_[bytes[0]] : 0;
  if (available < 2 || bytes[1] >= row) return 0;
  const size_t width_row = (bytes[0] & 1) != 0 ? 2 : 1;
  return 1 + size_t{bytecode_sizes_[width_row * row + bytes[1]]};
}

}  // namespace sigprof
