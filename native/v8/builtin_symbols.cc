// SPDX-License-Identifier: MIT
#include "v8/builtin_symbols.h"

#include <algorithm>

namespace sigprof {
namespace {

constexpr char kPrefix[] = "Builtins_";
constexpr char kBytecodeSizes[] = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE";
constexpr uint64_t kMaxBytecodeSizes = 3 * 256;

const std::string& NoName() {
  static const std::string* const none = new std::string;
  return *none;
}

}  // namespace

void BuiltinSymbols::Load() const {
  std::shared_ptr<const ElfImage> image = std::move(image_);
  if (image == nullptr) image = ElfImage::Open(path_);
  if (image == nullptr) return;
  ElfSymbol sizes;
  bool has_sizes = image->FindDynamic(kBytecodeSizes, &sizes);
  image->ForEachSymbol([&](const ElfSymbol& symbol, std::string_view name) {
    if (name.starts_with(kPrefix)) {
      symbols_.push_back({symbol.value, std::string(name.substr(sizeof kPrefix - 1))});
    } else if (!has_sizes && name == kBytecodeSizes) {
      sizes = symbol;
      has_sizes = true;
    }
    return true;
  });
  std::sort(symbols_.begin(), symbols_.end(),
            [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
  if (!has_sizes || sizes.size == 0 || sizes.size > kMaxBytecodeSizes || sizes.size % 3 != 0) {
    return;
  }
  const uint8_t* bytes = image->BytesAt(sizes.value, sizes.size);
  if (bytes != nullptr) bytecode_sizes_.assign(bytes, bytes + sizes.size);
}

const std::string& BuiltinSymbols::NameOf(uint64_t linked) const {
  std::call_once(loaded_, [this] { Load(); });
  auto after = std::upper_bound(
      symbols_.begin(), symbols_.end(), linked,
      [](uint64_t address, const Symbol& symbol) { return address < symbol.start; });
  return after == symbols_.begin() ? NoName() : (after - 1)->name;
}

bool BuiltinSymbols::is_stripped() const {
  std::call_once(loaded_, [this] { Load(); });
  return symbols_.empty();
}

size_t BuiltinSymbols::BytecodeLength(const uint8_t* bytes, size_t available) const {
  std::call_once(loaded_, [this] { Load(); });
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
