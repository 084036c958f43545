// SPDX-License-Identifier: MIT
// Reading an ELF file of this machine's kind: segments, symbols, bytes by address. The file is
// untrusted: every offset is checked against its size, and each call's work is bounded by it.
// Any thread (an image never changes after Open); not for the signal handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sigprof {

struct ElfSegment {
  uint64_t vaddr = 0;   // as linked; add the load bias for an address in a process
  uint64_t memsz = 0;   // bytes from filesz on are zero (.bss)
  uint64_t offset = 0;  // in the file; [offset, offset + filesz) lies within it
  uint64_t filesz = 0;
  bool readable = false, writable = false, executable = false;
};

struct ElfSymbol {
  uint64_t value = 0;  // address as linked
  uint64_t size = 0;
  uint8_t type = 0;                                            // STT_*
  uint8_t bind = 0;                                            // STB_*
  bool IsFunction() const { return type == 2 || type == 10; }  // STT_FUNC, STT_GNU_IFUNC
};

struct ElfTls {
  uint64_t size = 0;
  uint64_t align = 0;
};

class ElfImage {
 public:
  // Maps the file read-only. Null when it can't be read or is no ELF64 of this byte order.
  // A file cut short by somebody while it is open here makes reads fail with SIGBUS, as with any
  // mapping; the kernel forbids that for a running executable, installers replace by rename.
  static std::unique_ptr<ElfImage> Open(const std::string& path);
  // Over memory that outlives the image.
  static std::unique_ptr<ElfImage> FromMemory(const uint8_t* bytes, size_t size);
  ~ElfImage();
  ElfImage(const ElfImage&) = delete;
  ElfImage& operator=(const ElfImage&) = delete;

  uint16_t machine() const { return machine_; }  // EM_*
  bool position_independent() const { return position_independent_; }
  const std::vector<ElfSegment>& segments() const { return segments_; }  // PT_LOAD, at most 128
  const std::optional<ElfTls>& tls() const { return tls_; }
  // Raw bytes of NT_GNU_BUILD_ID; empty if none.
  std::string_view build_id() const { return build_id_; }

  // The defined dynamic symbol of exactly this name: by DT_GNU_HASH, else DT_HASH, else one by one.
  bool FindDynamic(std::string_view name, ElfSymbol* out) const;

  // The initial value of the exported `int` of this name; 0 where it lies in .bss.
  bool IntValue(std::string_view name, int32_t* out) const;

  // `size` bytes at a linked address, or null unless all of them are in the file.
  const uint8_t* BytesAt(uint64_t vaddr, size_t size) const;
  // How many bytes from `vaddr` on are in the file, in one segment.
  size_t BytesFrom(uint64_t vaddr, const uint8_t** out) const;
  // Where file offset `offset` is linked; false when no segment holds it.
  bool AddressOfOffset(uint64_t offset, uint64_t* vaddr) const;

  // Calls `visit` for every defined, named symbol of .symtab, or with `dynamic` of .dynsym, in file
  // order, until it returns false. False when there is no such table (a stripped file).
  using SymbolVisitor = std::function<bool(const ElfSymbol& symbol, std::string_view name)>;
  bool ForEachSymbol(const SymbolVisitor& visit, bool dynamic = false) const;

  // The bytes of the first section of this name; empty if there is none.
  std::string_view Section(std::string_view name) const;

  // Where the first function after `vaddr` starts, by the sorted table of .eh_frame_hdr: an upper
  // bound for the end of the function at `vaddr`. 0 when there is none, or no such table.
  uint64_t NextFdeStart(uint64_t vaddr) const;
  // Where the last function at or before `vaddr` starts; 0 likewise. `vaddr` may lie behind its
  // end.
  uint64_t FdeStart(uint64_t vaddr) const;

 private:
  struct SymbolTable {
    uint64_t offset = 0, count = 0;      // of Elf64_Sym
    uint64_t names = 0, names_size = 0;  // string table, in the file
  };
  struct FdeTable {
    const uint8_t* entries = nullptr;  // pairs of int32, relative to `base`
    uint64_t count = 0;
    uint64_t base = 0;
  };

  ElfImage(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  template <typename T>
  bool Load(uint64_t offset, T* out) const;
  bool InFile(uint64_t offset, uint64_t size) const {
    return size <= size_ && offset <= size_ - size;
  }
  bool Parse();
  void ParseNotes(uint64_t offset, uint64_t size, uint64_t align);
  void ParseDynamic(uint64_t offset, uint64_t size);
  void ParseSections();
  void ParseEhFrameHdr(uint64_t vaddr, uint64_t size);
  bool FileOffset(uint64_t vaddr, uint64_t* offset, uint64_t* room) const;
  std::string_view NameAt(const SymbolTable& table, uint32_t at) const;
  template <typename Header>
  bool SectionAt(uint64_t index, Header* out) const;
  bool SymbolAt(const SymbolTable& table, uint64_t index, ElfSymbol* out, uint32_t* name) const;
  bool Matches(uint64_t index, std::string_view name, ElfSymbol* out) const;
  bool FindByGnuHash(std::string_view name, ElfSymbol* out) const;
  bool FindBySysvHash(std::string_view name, ElfSymbol* out) const;
  uint64_t FdeIndexAfter(uint64_t vaddr) const;
  uint64_t FdeAt(uint64_t index) const;

  const uint8_t* bytes_;
  size_t size_;
  bool mapped_ = false;
  uint16_t machine_ = 0;
  bool position_independent_ = false;
  std::vector<ElfSegment> segments_;
  std::optional<ElfTls> tls_;
  std::string_view build_id_;
  SymbolTable dynamic_;  // count: as far as the file reaches, unless a section header tells it
  bool dynamic_counted_ = false;
  SymbolTable static_;
  uint64_t gnu_hash_ = 0;  // file offsets; 0: none
  uint64_t sysv_hash_ = 0;
  FdeTable fdes_;
};

}  // namespace sigprof
