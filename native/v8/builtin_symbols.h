// SPDX-License-Identifier: MIT
// What a binary's symbol table knows of V8's builtins: their names by address as linked, and the
// lengths of bytecodes. Read at first use (some 20 ms). Thread-safe; not for the signal handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "os/elf_image.h"

namespace sigprof {

class BuiltinSymbols {
 public:
  // Opens the file at first use.
  explicit BuiltinSymbols(std::string path) : path_(std::move(path)) {}
  // Over an image that was opened already.
  explicit BuiltinSymbols(std::shared_ptr<const ElfImage> image) : image_(std::move(image)) {}

  // The symbol around `linked` without its Builtins_ prefix; "" if the binary is stripped.
  const std::string& NameOf(uint64_t linked) const;
  // Length of the bytecode at `bytes` with its prefix, or 0 if the binary's table is unknown.
  size_t BytecodeLength(const uint8_t* bytes, size_t available) const;
  bool is_stripped() const;

 private:
  struct Symbol {
    uint64_t start;
    std::string name;
  };
  void Load() const;

  std::string path_;
  mutable std::shared_ptr<const ElfImage> image_;  // dropped once read
  mutable std::once_flag loaded_;
  mutable std::vector<Symbol> symbols_;          // by address
  mutable std::vector<uint8_t> bytecode_sizes_;  // three rows: single, double, quadruple operands
};

}  // namespace sigprof
