// SPDX-License-Identifier: MIT
// V8's embedded builtins: where their code lies, which one an address or a builtin id means, and
// what only the binary's symbol table knows of them. Not for the signal handler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/memory.h"

namespace sigprof {

class Builtins {
 public:
  // The code as linked, [start, end), and where V8 11+ maps a second copy of it next to its JIT
  // code to make calls short (0: no copy).
  void SetCode(Address start, Address end, Address copy_start) {
    start_ = start;
    end_ = end;
    copy_start_ = copy_start;
  }
  // Added to a linked address to get the symbol's address in the file; the load bias.
  void SetFile(std::string path, uint64_t load_bias) {
    path_ = std::move(path);
    load_bias_ = load_bias;
  }
  // Finds the table of entry points, ordered by builtin id, in the Isolate. False if there is none.
  bool ReadEntries(Memory* memory, Address isolate);

  bool Contains(Address pc) const {
    return pc - start_ < end_ - start_ || (copy_start_ != 0 && pc - copy_start_ < end_ - start_);
  }
  Address start() const { return start_; }
  Address end() const { return end_; }
  Address copy_start() const { return copy_start_; }

  // V8's symbol without its Builtins_ prefix, e.g. "ArrayPrototypeSort"; "" if the binary is
  // stripped. The first call reads the symbol table (some 20 ms); call it off the sampled threads.
  const std::string& NameOfId(int32_t builtin_id) const;
  const std::string& NameOfPc(Address pc) const;
  // Length of the bytecode at `bytes` with its prefix, or 0 if the binary's table is unknown.
  size_t BytecodeLength(const uint8_t* bytes, size_t available) const;

 private:
  struct Symbol {
    Address start;
    std::string name;
  };
  void LoadSymbols() const;
  Address Linked(Address pc) const {
    return copy_start_ != 0 && pc - copy_start_ < end_ - start_ ? pc - copy_start_ + start_ : pc;
  }

  Address start_ = 0, end_ = 0, copy_start_ = 0;
  std::string path_;
  uint64_t load_bias_ = 0;
  std::vector<Address> entries_;  // by builtin id, linked addresses
  // Read on first use, under the resolve lock like everything else of a resolver.
  mutable bool symbols_loaded_ = false;
  mutable std::vector<Symbol> symbols_;          // by address
  mutable std::vector<uint8_t> bytecode_sizes_;  // three rows: single, double, quadruple operands
};

}  // namespace sigprof
