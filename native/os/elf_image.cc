// SPDX-License-Identifier: MIT
#include "os/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

namespace sigprof {
namespace {

// Bounds on what a crafted file can make us do; real ones have under 20 segments and 60 sections.
constexpr size_t kMaxSegments = 128;
constexpr size_t kMaxNameLength = 16384;

}  // namespace

std::unique_ptr<ElfImage> ElfImage::Open(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not block us
  if (fd < 0) return nullptr;
  struct stat info;
  void* bytes = MAP_FAILED;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    bytes = mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  }
  close(fd);
  if (bytes == MAP_FAILED) return nullptr;
  std::unique_ptr<ElfImage> image(
      new ElfImage(static_cast<const uint8_t*>(bytes), static_cast<size_t>(info.st_size)));
  image->mapped_ = true;
  if (!image->Parse()) return nullptr;
  return image;
}

std::unique_ptr<ElfImage> ElfImage::FromMemory(const uint8_t* bytes, size_t size) {
  std::unique_ptr<ElfImage> image(new ElfImage(bytes, size));
  if (!image->Parse()) return nullptr;
  return image;
}

ElfImage::~ElfImage() {
  if (mapped_) munmap(const_cast<uint8_t*>(bytes_), size_);
}

// By memcpy: nothing in a crafted file has to be aligned.
template <typename T>
bool ElfImage::Load(uint64_t offset, T* out) const {
  if (!InFile(offset, sizeof(T))) return false;
  memcpy(out, bytes_ + offset, sizeof(T));
  return true;
}

bool ElfImage::Parse() {
  static_assert(std::endian::native == std::endian::little);
  Elf64_Ehdr header;
  if (!Load(0, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_phentsize != sizeof(Elf64_Phdr)) {
    return false;
  }
  machine_ = header.e_machine;
  position_independent_ = header.e_type == ET_DYN;

  std::vector<Elf64_Phdr> others;
  for (uint64_t i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr entry;
    uint64_t at = header.e_phoff + i * sizeof entry;
    if (at < header.e_phoff || !Load(at, &entry)) return false;
    if (entry.p_type != PT_LOAD) {
      if (others.size() < kMaxSegments) others.push_back(entry);
      continue;
    }
    if (segments_.size() == kMaxSegments || entry.p_vaddr + entry.p_memsz < entry.p_vaddr) {
      return false;
    }
    ElfSegment segment{entry.p_vaddr, entry.p_memsz, entry.p_offset,
                       std::min(entry.p_filesz, entry.p_memsz)};
    // Debug files keep the program headers but not the contents (their data is NOBITS): such a
    // segment is there, without bytes.
    if (!InFile(segment.offset, segment.filesz)) segment.filesz = 0;
    segment.readable = entry.p_flags & PF_R;
    segment.writable = entry.p_flags & PF_W;
    segment.executable = entry.p_flags & PF_X;
    segments_.push_back(segment);
  }
  for (const Elf64_Phdr& entry : others) {
    if (entry.p_type == PT_TLS) tls_ = ElfTls{entry.p_memsz, entry.p_align};
    if (entry.p_type == PT_NOTE) ParseNotes(entry.p_offset, entry.p_filesz, entry.p_align);
    if (entry.p_type == PT_DYNAMIC) ParseDynamic(entry.p_offset, entry.p_filesz);
    if (entry.p_type == PT_GNU_EH_FRAME) ParseEhFrameHdr(entry.p_vaddr, entry.p_filesz);
  }
  ParseSections();
  return true;
}

void ElfImage::ParseNotes(uint64_t offset, uint64_t size, uint64_t align) {
  if (!InFile(offset, size)) return;
  // gabi says 8 for 64-bit files, everybody writes 4, but for segments that say 8 themselves.
  uint64_t mask = align == 8 ? 7 : 3;
  uint64_t at = offset, end = offset + size;
  while (end - at >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    if (!Load(at, &note)) return;
    uint64_t name = at + sizeof note;
    uint64_t desc = offset + ((name + note.n_namesz - offset + mask) & ~mask);
    uint64_t next = offset + ((desc + note.n_descsz - offset + mask) & ~mask);
    if (desc > end || note.n_descsz > end - desc) return;  // sizes are 32-bit: no sum above wraps
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        memcmp(bytes_ + name, "GNU", 4) == 0) {
      build_id_ = {reinterpret_cast<const char*>(bytes_ + desc), note.n_descsz};
      return;
    }
    if (next >= end) return;
    at = next;
  }
}

void ElfImage::ParseDynamic(uint64_t offset, uint64_t size) {
  uint64_t symbols = 0, names = 0, names_size = 0, gnu_hash = 0, sysv_hash = 0;
  for (uint64_t at = 0; size - at >= sizeof(Elf64_Dyn) && at < size; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    if (offset + at < offset || !Load(offset + at, &entry) || entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_SYMTAB) symbols = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRTAB) names = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) names_size = entry.d_un.d_val;
    if (entry.d_tag == DT_GNU_HASH) gnu_hash = entry.d_un.d_ptr;
    if (entry.d_tag == DT_HASH) sysv_hash = entry.d_un.d_ptr;
  }
  uint64_t room = 0;
  SymbolTable table;
  if (!FileOffset(symbols, &table.offset, &room)) return;
  table.count = room / sizeof(Elf64_Sym);
  if (!FileOffset(names, &table.names, &room)) return;
  table.names_size = std::min(names_size, room);
  dynamic_ = table;
  if (!FileOffset(gnu_hash, &gnu_hash_, &room)) gnu_hash_ = 0;
  if (!FileOffset(sysv_hash, &sysv_hash_, &room)) sysv_hash_ = 0;
}

// Section header `index`, an Elf64_Shdr.
template <typename Header>
bool ElfImage::SectionAt(uint64_t index, Header* out) const {
  Elf64_Ehdr header;
  if (!Load(0, &header) || header.e_shentsize != sizeof *out || index >= header.e_shnum) {
    return false;
  }
  const uint64_t at = header.e_shoff + index * sizeof *out;
  return at >= header.e_shoff && Load(at, out);
}

std::string_view ElfImage::Section(std::string_view name) const {
  Elf64_Ehdr header;
  Elf64_Shdr names, section;
  if (!Load(0, &header) || !SectionAt(header.e_shstrndx, &names) ||
      !InFile(names.sh_offset, names.sh_size)) {
    return {};
  }
  const SymbolTable table{0, 0, names.sh_offset, names.sh_size};
  for (uint64_t i = 0; SectionAt(i, &section); i++) {
    if (NameAt(table, section.sh_name) != name || section.sh_type == SHT_NOBITS) continue;
    if (!InFile(section.sh_offset, section.sh_size)) return {};
    return {reinterpret_cast<const char*>(bytes_ + section.sh_offset), section.sh_size};
  }
  return {};
}

void ElfImage::ParseSections() {
  Elf64_Shdr symbols;
  for (uint64_t i = 0; SectionAt(i, &symbols); i++) {
    Elf64_Shdr names;
    bool is_dynamic = symbols.sh_type == SHT_DYNSYM;
    if ((symbols.sh_type != SHT_SYMTAB && !is_dynamic) || symbols.sh_entsize != sizeof(Elf64_Sym) ||
        !SectionAt(symbols.sh_link, &names) || !InFile(symbols.sh_offset, symbols.sh_size) ||
        !InFile(names.sh_offset, names.sh_size)) {
      continue;
    }
    SymbolTable table{symbols.sh_offset, symbols.sh_size / sizeof(Elf64_Sym), names.sh_offset,
                      names.sh_size};
    if (is_dynamic) {
      dynamic_ = table;
      dynamic_counted_ = true;
    } else {
      static_ = table;
    }
  }
}

// The one form linkers write: version 1, a pc-relative pointer to .eh_frame, an unsigned 32-bit
// count, and a table of int32 pairs relative to the header (DW_EH_PE_datarel | DW_EH_PE_sdata4).
void ElfImage::ParseEhFrameHdr(uint64_t vaddr, uint64_t size) {
  constexpr uint8_t kExpected[4] = {1, 0x1b, 0x03, 0x3b};
  constexpr uint64_t kHead = 12;
  const uint8_t* bytes = nullptr;
  uint64_t room = std::min<uint64_t>(BytesFrom(vaddr, &bytes), size);
  if (room < kHead || memcmp(bytes, kExpected, sizeof kExpected) != 0) return;
  uint32_t count;
  memcpy(&count, bytes + 8, sizeof count);
  fdes_ = {bytes + kHead, std::min<uint64_t>(count, (room - kHead) / 8), vaddr};
}

bool ElfImage::FileOffset(uint64_t vaddr, uint64_t* offset, uint64_t* room) const {
  for (const ElfSegment& segment : segments_) {
    if (vaddr < segment.vaddr || vaddr - segment.vaddr >= segment.filesz) continue;
    *offset = segment.offset + (vaddr - segment.vaddr);
    *room = segment.filesz - (vaddr - segment.vaddr);
    return true;
  }
  return false;
}

size_t ElfImage::BytesFrom(uint64_t vaddr, const uint8_t** out) const {
  uint64_t offset, room;
  if (!FileOffset(vaddr, &offset, &room)) return 0;
  *out = bytes_ + offset;
  return room;
}

const uint8_t* ElfImage::BytesAt(uint64_t vaddr, size_t size) const {
  const uint8_t* bytes = nullptr;
  return BytesFrom(vaddr, &bytes) >= size ? bytes : nullptr;
}

bool ElfImage::AddressOfOffset(uint64_t offset, uint64_t* vaddr) const {
  for (const ElfSegment& segment : segments_) {
    if (offset < segment.offset || offset - segment.offset >= segment.filesz) continue;
    *vaddr = segment.vaddr + (offset - segment.offset);
    return true;
  }
  return false;
}

std::string_view ElfImage::NameAt(const SymbolTable& table, uint32_t at) const {
  if (at >= table.names_size) return {};
  const char* start = reinterpret_cast<const char*>(bytes_ + table.names + at);
  size_t room = std::min<uint64_t>(table.names_size - at, kMaxNameLength);
  const void* end = memchr(start, 0, room);
  if (end == nullptr) return {};
  return {start, static_cast<size_t>(static_cast<const char*>(end) - start)};
}

// False when there is no such symbol or it is not defined here.
bool ElfImage::SymbolAt(const SymbolTable& table, uint64_t index, ElfSymbol* out,
                        uint32_t* name) const {
  Elf64_Sym raw;
  if (index >= table.count || !Load(table.offset + index * sizeof raw, &raw)) return false;
  if (raw.st_shndx == SHN_UNDEF) return false;
  *out = {raw.st_value, raw.st_size, static_cast<uint8_t>(ELF64_ST_TYPE(raw.st_info)),
          static_cast<uint8_t>(ELF64_ST_BIND(raw.st_info))};
  *name = raw.st_name;
  return true;
}

bool ElfImage::Matches(uint64_t index, std::string_view name, ElfSymbol* out) const {
  ElfSymbol symbol;
  uint32_t at;
  if (!SymbolAt(dynamic_, index, &symbol, &at)) return false;
  // Compares in place: measuring a crafted long name for each candidate would be slow.
  if (at >= dynamic_.names_size || dynamic_.names_size - at <= name.size()) return false;
  const uint8_t* text = bytes_ + dynamic_.names + at;
  if (memcmp(text, name.data(), name.size()) != 0 || text[name.size()] != 0) return false;
  *out = symbol;
  return true;
}

// Layout: nbuckets, symoffset, bloom_size, bloom_shift, bloom_size u64, nbuckets u32, then a chain
// word per symbol from symoffset on, whose lowest bit ends the chain.
bool ElfImage::FindByGnuHash(std::string_view name, ElfSymbol* out) const {
  uint32_t hash = 5381;
  for (unsigned char c : name) hash = hash * 33 + c;
  uint32_t head[4];
  if (!Load(gnu_hash_, &head)) return false;
  const auto [bucket_count, first_symbol, bloom_size, bloom_shift] = head;
  if (bucket_count == 0) return false;
  uint64_t buckets = gnu_hash_ + sizeof head + uint64_t{bloom_size} * 8;
  uint64_t chains = buckets + uint64_t{bucket_count} * 4;
  uint32_t index;
  if (!Load(buckets + uint64_t{hash % bucket_count} * 4, &index) || index < first_symbol) {
    return false;
  }
  for (; index < dynamic_.count; index++) {
    uint32_t link;
    if (!Load(chains + uint64_t{index - first_symbol} * 4, &link)) return false;
    if ((link | 1) == (hash | 1) && Matches(index, name, out)) return true;
    if (link & 1) return false;
  }
  return false;
}

// Layout: nbucket, nchain, then nbucket and nchain words; chain[i] is the symbol after i, 0 the
// end.
bool ElfImage::FindBySysvHash(std::string_view name, ElfSymbol* out) const {
  uint32_t hash = 0;
  for (unsigned char c : name) {
    hash = (hash << 4) + c;
    uint32_t high = hash & 0xf0000000u;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  uint32_t head[2];
  if (!Load(sysv_hash_, &head) || head[0] == 0) return false;
  uint64_t buckets = sysv_hash_ + sizeof head;
  uint64_t chains = buckets + uint64_t{head[0]} * 4;
  uint32_t index;
  if (!Load(buckets + uint64_t{hash % head[0]} * 4, &index)) return false;
  // A chain has at most nchain links; a crafted one may go round.
  uint64_t left = std::min<uint64_t>(head[1], dynamic_.count);
  for (; index != 0 && left > 0; left--) {
    if (Matches(index, name, out)) return true;
    if (!Load(chains + uint64_t{index} * 4, &index)) return false;
  }
  return false;
}

bool ElfImage::FindDynamic(std::string_view name, ElfSymbol* out) const {
  if (name.empty()) return false;
  if (gnu_hash_ != 0) return FindByGnuHash(name, out);
  if (sysv_hash_ != 0) return FindBySysvHash(name, out);
  for (uint64_t i = 1; dynamic_counted_ && i < dynamic_.count; i++) {
    if (Matches(i, name, out)) return true;
  }
  return false;
}

bool ElfImage::IntValue(std::string_view name, int32_t* out) const {
  ElfSymbol symbol;
  if (!FindDynamic(name, &symbol)) return false;
  if (const uint8_t* bytes = BytesAt(symbol.value, sizeof *out)) {
    memcpy(out, bytes, sizeof *out);
    return true;
  }
  for (const ElfSegment& segment : segments_) {
    uint64_t at = symbol.value - segment.vaddr;
    if (symbol.value < segment.vaddr || at >= segment.memsz) continue;
    if (at < segment.filesz || segment.memsz - at < sizeof *out) return false;
    *out = 0;
    return true;
  }
  return false;
}

bool ElfImage::ForEachSymbol(const SymbolVisitor& visit, bool dynamic) const {
  const SymbolTable& table = dynamic ? dynamic_ : static_;
  if (table.count == 0 || (dynamic && !dynamic_counted_)) return false;
  for (uint64_t i = 1; i < table.count; i++) {
    ElfSymbol symbol;
    uint32_t at;
    if (!SymbolAt(table, i, &symbol, &at)) continue;
    std::string_view name = NameAt(table, at);
    if (!name.empty() && !visit(symbol, name)) break;
  }
  return true;
}

uint64_t ElfImage::FdeAt(uint64_t index) const {
  int32_t relative;
  memcpy(&relative, fdes_.entries + index * 8, sizeof relative);
  return fdes_.base + static_cast<uint64_t>(static_cast<int64_t>(relative));
}

// The index of the first entry that starts after `vaddr`; `count` if none does.
uint64_t ElfImage::FdeIndexAfter(uint64_t vaddr) const {
  uint64_t low = 0, high = fdes_.count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (FdeAt(middle) <= vaddr) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t ElfImage::NextFdeStart(uint64_t vaddr) const {
  uint64_t index = FdeIndexAfter(vaddr);
  return index < fdes_.count ? FdeAt(index) : 0;
}

uint64_t ElfImage::FdeStart(uint64_t vaddr) const {
  uint64_t index = FdeIndexAfter(vaddr);
  return index > 0 ? FdeAt(index - 1) : 0;
}

}  // namespace sigprof
