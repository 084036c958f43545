// SPDX-License-Identifier: MIT
#include "resolver/symbol_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "resolver/debug_data.h"

namespace sigprof {
namespace {

constexpr off_t kMaxFile = off_t{256} << 20;
constexpr size_t kMaxVdso = 64 * 1024;
constexpr uint32_t kSizelessReach = 64 * 1024;  // of symbols of assembly that tell no size
constexpr size_t kMaxTables = 1024;             // programs that load and unload libraries for ever

// The whole file in memory of ours: reading a mapping of it would end the process if somebody cut
// the file short meanwhile.
std::vector<uint8_t> ReadFile(const std::string& path) {
  std::vector<uint8_t> bytes;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return bytes;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= kMaxFile) {
    bytes.resize(static_cast<size_t>(info.st_size));
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got = read(fd, bytes.data() + done, bytes.size() - done);
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    bytes.resize(done);
  }
  close(fd);
  return bytes;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(byte) >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Where distributions install debug files.
std::string DebugFile(const std::string& root, const std::string& build_id) {
  if (build_id.size() < 2) return "";
  const std::string hex = Hex(build_id);
  return root + "/usr/lib/debug/.build-id/" + hex.substr(0, 2) + '/' + hex.substr(2) + ".debug";
}

// Of several names of one address the one that people write: without underscores, and short.
auto Rank(const char* name, uint32_t length) {
  uint32_t underscores = 0;
  while (underscores < length && name[underscores] == '_') underscores++;
  // Mangled names begin with one as well.
  if (length > 1 && name[0] == '_' && (name[1] == 'Z' || name[1] == 'R')) underscores = 0;
  return std::make_tuple(underscores, length, std::string_view(name, length));
}

}  // namespace

bool SymbolTable::Add(const ElfImage& image) {
  const auto add = [this](const ElfSymbol& symbol, std::string_view name) {
    if (!symbol.IsFunction() || symbol.value == 0) return true;
    const auto size = static_cast<uint32_t>(std::min<uint64_t>(symbol.size, UINT32_MAX));
    symbols_.push_back({symbol.value, size, static_cast<uint32_t>(name.size()), name.data()});
    return true;
  };
  const size_t before = symbols_.size();
  if (!image.ForEachSymbol(add)) image.ForEachSymbol(add, true);
  return symbols_.size() > before;
}

void SymbolTable::AddFile(const std::string& path, const std::string& build_id, bool keep_mapped) {
  if (path.empty()) return;
  std::vector<uint8_t> bytes;
  std::unique_ptr<ElfImage> image;
  if (keep_mapped) {
    image = ElfImage::Open(path);
  } else {
    bytes = ReadFile(path);
    image = ElfImage::FromMemory(bytes.data(), bytes.size());
  }
  if (image == nullptr || (!build_id.empty() && image->build_id() != build_id)) return;
  Add(*image);
  if (keep_mapped) {
    mapped_ = std::move(image);
    return;
  }
  const std::vector<uint8_t> inner = DebugDataOf(*image);
  const std::unique_ptr<ElfImage> debug = ElfImage::FromMemory(inner.data(), inner.size());
  if (debug != nullptr) Add(*debug);
  CopyNames();
}

void SymbolTable::AddFromMemory(const LoadedModule& module, Memory* memory) {
  std::vector<uint8_t> bytes(
      std::min<size_t>(kMaxVdso, (module.end - module.bias + 4095) & ~4095ull));
  bytes.resize(memory->Read(module.bias, bytes.data(), bytes.size()));
  const std::unique_ptr<ElfImage> image = ElfImage::FromMemory(bytes.data(), bytes.size());
  if (image == nullptr) return;
  Add(*image);
  CopyNames();
}

// From the file's bytes, which go, into one text of ours.
void SymbolTable::CopyNames() {
  size_t total = 0;
  for (const Symbol& symbol : symbols_) total += symbol.length;
  std::vector<char> text(total);
  char* end = text.data();
  for (Symbol& symbol : symbols_) {
    std::copy_n(symbol.name, symbol.length, end);
    symbol.name = end;
    end += symbol.length;
  }
  names_ = std::move(text);
}

void SymbolTable::Sort() {
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    if (a.start != b.start) return a.start < b.start;
    return Rank(a.name, a.length) < Rank(b.name, b.length);
  });
  const auto last =
      std::unique(symbols_.begin(), symbols_.end(),
                  [](const Symbol& a, const Symbol& b) { return a.start == b.start; });
  symbols_.erase(last, symbols_.end());
  symbols_.shrink_to_fit();
}

std::shared_ptr<const SymbolTable> SymbolTable::Load(const LoadedModule& module,
                                                     const std::string& root,
                                                     const std::string& file, Memory* memory) {
  auto table = std::make_shared<SymbolTable>();
  if (module.path == "[vdso]") {
    table->AddFromMemory(module, memory);
  } else {
    table->AddFile(DebugFile(root, module.build_id), module.build_id, false);
    // The kernel lets nobody write to a running program.
    if (table->symbols_.empty()) {
      table->AddFile(file, module.build_id, module.is_main);
    }
  }
  table->Sort();
  return table;
}

SymbolTable::Found SymbolTable::Find(uint64_t address) const {
  auto after =
      std::upper_bound(symbols_.begin(), symbols_.end(), address,
                       [](uint64_t wanted, const Symbol& symbol) { return wanted < symbol.start; });
  // Symbols may lie within others (entry points of assembly): look a little further back.
  for (int tries = 0; tries < 4 && after != symbols_.begin(); tries++) {
    const Symbol& symbol = *--after;
    if (symbol.size == 0 && tries > 0) continue;
    const uint32_t size = symbol.size != 0 ? symbol.size : kSizelessReach;
    if (address - symbol.start < size) {
      return {symbol.start, {symbol.name, symbol.length}};
    }
  }
  return {};
}

// Without a build id the path and place of the code tell files apart, well enough for one process.
std::string SymbolCache::KeyOf(const LoadedModule& module) {
  return module.build_id.empty() || module.path == "[vdso]"
             ? module.path + ' ' + std::to_string(module.bias)
             : module.build_id;
}

void SymbolCache::LoadFrom(const std::string& file, const LoadedModule& module) {
  if (Find(module) != nullptr) return;
  std::shared_ptr<const SymbolTable> table = SymbolTable::Load(module, root_, file, memory_);
  std::lock_guard<std::mutex> lock(mutex_);
  if (tables_.size() >= kMaxTables) tables_.clear();
  tables_[KeyOf(module)] = std::move(table);
}

std::shared_ptr<const SymbolTable> SymbolCache::Find(const LoadedModule& module) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = tables_.find(KeyOf(module));
  return known != tables_.end() ? known->second : nullptr;
}

}  // namespace sigprof
