// SPDX-License-Identifier: MIT
// V8's embedded builtins: where their code lies, which one an address or a builtin id means, and
// what only the binary's symbol table knows of them. Not for the signal handler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "os/memory.h"
#include "v8/builtin_symbols.h"

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
  // Where names come from. `load_bias` added to a linked address gives the one it runs at.
  void UseSymbols(std::shared_ptr<const BuiltinSymbols> symbols, uint64_t load_bias) {
    symbols_ = std::move(symbols);
    load_bias_ = load_bias;
  }
  // Finds the table of entry points, ordered by builtin id, in the Isolate. False if there is none.
  bool ReadEntries(Memory* memory, Address isolate);
  // Lowest entry point found, linked; 0 if there are none.
  Address first_entry() const;

  bool Contains(Address pc) const {
    return pc - start_ < end_ - start_ || (copy_start_ != 0 && pc - copy_start_ < end_ - start_);
  }
  Address start() const { return start_; }
  Address end() const { return end_; }
  Address copy_start() const { return copy_start_; }

  // V8's symbol without its Builtins_ prefix, e.g. "ArrayPrototypeSort"; "" if the binary is
  // stripped. The first call reads the symbol table; call it off the sampled threads.
  const std::string& NameOfId(int32_t builtin_id) const;
  const std::string& NameOfPc(Address pc) const;
  // Length of the bytecode at `bytes` with its prefix, or 0 if the binary's table is unknown.
  size_t BytecodeLength(const uint8_t* bytes, size_t available) const {
    return symbols_ == nullptr ? 0 : symbols_->BytecodeLength(bytes, available);
  }

 private:
  Address Linked(Address pc) const {
    return copy_start_ != 0 && pc - copy_start_ < end_ - start_ ? pc - copy_start_ + start_ : pc;
  }

  Address start_ = 0, end_ = 0, copy_start_ = 0;
  uint64_t load_bias_ = 0;
  std::vector<Address> entries_;  // by builtin id, linked addresses
  std::shared_ptr<const BuiltinSymbols> symbols_;
};

}  // namespace sigprof
