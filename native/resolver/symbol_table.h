// SPDX-License-Identifier: MIT
// The functions of one program or library by address: .symtab, else .dynsym, also of its separate
// debug file and of .gnu_debugdata. Any thread; not for the signal handler.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "os/elf_image.h"
#include "os/loaded_modules.h"
#include "os/memory.h"

namespace sigprof {

class SymbolTable {
 public:
  struct Found {
    uint64_t start = 0;  // as linked
    std::string_view name;
  };

  // Empty if the file can't be read, is another one than is loaded, or has no symbols. `file` is
  // where its file can be read, `root` that of the process's files (another mount namespace),
  // `memory` is that of the process (for the vDSO).
  static std::shared_ptr<const SymbolTable> Load(const LoadedModule& module,
                                                 const std::string& root, const std::string& file,
                                                 Memory* memory);

  // The function that holds the linked address; an empty name if none does. The name lives as long
  // as the table.
  Found Find(uint64_t address) const;
  size_t size() const { return symbols_.size(); }

 private:
  struct Symbol {
    uint64_t start;
    uint32_t size;  // 0: unknown, up to the next one
    uint32_t length;
    const char* name;
  };
  bool Add(const ElfImage& image);
  void AddFile(const std::string& path, const std::string& build_id, bool keep_mapped);
  void AddFromMemory(const LoadedModule& module, Memory* memory);
  void Sort();
  void CopyNames();

  std::vector<Symbol> symbols_;       // by start, one each
  std::unique_ptr<ElfImage> mapped_;  // of the program itself: names stay in its file
  std::vector<char> names_;           // of others: a file may be cut short while it is mapped
};

// The tables of a process's modules, by build id, for as long as the process lives: a second
// recording finds them ready. Thread-safe.
class SymbolCache {
 public:
  SymbolCache(std::string root, Memory* memory) : root_(std::move(root)), memory_(memory) {}

  // Loads the table unless it is there: some 30 ms for Node.
  void Load(const LoadedModule& module) { LoadFrom(root_ + module.path, module); }
  void LoadFrom(const std::string& file, const LoadedModule& module);
  // Null before Load has returned, for which this does not wait.
  std::shared_ptr<const SymbolTable> Find(const LoadedModule& module);

 private:
  static std::string KeyOf(const LoadedModule& module);

  const std::string root_;
  Memory* const memory_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const SymbolTable>> tables_;
};

}  // namespace sigprof
