// SPDX-License-Identifier: MIT
#include "unwinder/module_tables.h"

#include <string.h>

#include <algorithm>

namespace sigprof {
namespace {

// The form all linkers write: see ElfImage::ParseEhFrameHdr.
constexpr uint8_t kHeaderForm[4] = {1, 0x1b, 0x03, 0x3b};
constexpr uint64_t kHeaderSize = 12;
// Chromium has 12 MB; beyond it a module goes without.
constexpr uint64_t kMaxCopy = 64u << 20;

struct Header {
  uint8_t form[4];
  int32_t frames;  // relative to this field
  uint32_t count;
};
static_assert(sizeof(Header) == kHeaderSize);

// Fills in all but the bytes; false if there is no table of the known form.
bool ReadHeader(const LoadedModule& module, const Header& header, UnwindModule* out) {
  if (memcmp(header.form, kHeaderForm, sizeof kHeaderForm) != 0) return false;
  const uint64_t frames = module.unwind_header + 4 + static_cast<uint64_t>(int64_t{header.frames});
  const uint64_t most = (module.unwind_size - kHeaderSize) / 8;
  out->table_count = static_cast<uint32_t>(std::min<uint64_t>(header.count, most));
  out->table_base = module.unwind_header;
  out->frames_base = frames;
  // Linkers put both into one segment.
  if (frames >= module.unwind_end) return false;
  out->frames_size = module.unwind_end - frames;
  return out->table_count != 0;
}

// Where the last FDE of the table ends: no more of .eh_frame is ever read.
uint64_t EndOfFrames(const UnwindModule& unwind, const std::vector<uint8_t>& table,
                     Memory* memory) {
  uint64_t last = unwind.frames_base;
  for (uint32_t i = 0; i < unwind.table_count; i++) {
    int32_t relative;
    memcpy(&relative, table.data() + size_t{i} * 8 + 4, sizeof relative);
    last = std::max(last, unwind.table_base + static_cast<uint64_t>(int64_t{relative}));
  }
  uint32_t length = 0;
  memory->Load(last, &length);
  return std::min(last + 4 + length, unwind.frames_base + unwind.frames_size);
}

}  // namespace

void ModuleTables::AddInPlace(size_t index) {
  const LoadedModule& module = modules_[index];
  UnwindModule* unwind = &unwind_[index];
  Header header;
  memcpy(&header, reinterpret_cast<const void*>(module.unwind_header), sizeof header);
  if (!ReadHeader(module, header, unwind)) {
    unwind->table_count = 0;
    return;
  }
  unwind->table = reinterpret_cast<const uint8_t*>(module.unwind_header + kHeaderSize);
  unwind->frames = reinterpret_cast<const uint8_t*>(unwind->frames_base);
}

bool ModuleTables::CopyUnwindData(const LoadedModule& module, Memory* memory, Copy* out) {
  UnwindModule unwind;
  Header header;
  if (!memory->Load(module.unwind_header, &header) || !ReadHeader(module, header, &unwind)) {
    return false;
  }
  const auto read = [memory](uint64_t address, uint64_t size, Bytes* bytes) {
    auto buffer = std::make_shared<std::vector<uint8_t>>(size);
    if (memory->Read(address, buffer->data(), size) != size) return false;
    *bytes = std::move(buffer);
    return true;
  };
  const uint64_t table_size = uint64_t{unwind.table_count} * 8;
  if (table_size > kMaxCopy || !read(module.unwind_header + kHeaderSize, table_size, &out->table)) {
    return false;
  }
  const uint64_t end = EndOfFrames(unwind, *out->table, memory);
  return end > unwind.frames_base && end - unwind.frames_base <= kMaxCopy &&
         read(unwind.frames_base, end - unwind.frames_base, &out->frames);
}

void ModuleTables::AddCopied(size_t index, Memory* memory, const ModuleTables* previous) {
  const LoadedModule& module = modules_[index];
  Copy* copy = &copies_[index];
  if (previous != nullptr) {
    const auto known = std::find(previous->modules_.begin(), previous->modules_.end(), module);
    if (known != previous->modules_.end()) {
      const auto at = static_cast<size_t>(known - previous->modules_.begin());
      *copy = previous->copies_[at];
      unwind_[index] = previous->unwind_[at];
      return;
    }
  }
  Header header;
  if (!CopyUnwindData(module, memory, copy) || !memory->Load(module.unwind_header, &header)) return;
  UnwindModule* unwind = &unwind_[index];
  ReadHeader(module, header, unwind);
  unwind->table_count =
      static_cast<uint32_t>(std::min<uint64_t>(unwind->table_count, copy->table->size() / 8));
  unwind->table = copy->table->data();
  unwind->frames = copy->frames->data();
  unwind->frames_size = copy->frames->size();
}

std::shared_ptr<const ModuleTables> ModuleTables::Build(std::vector<LoadedModule> modules,
                                                        Memory* memory, bool in_place,
                                                        uint32_t generation,
                                                        const ModuleTables* previous) {
  auto tables = std::make_shared<ModuleTables>();
  tables->modules_ = std::move(modules);
  tables->unwind_.resize(tables->modules_.size());
  tables->copies_.resize(tables->modules_.size());
  for (size_t i = 0; i < tables->modules_.size(); i++) {
    const LoadedModule& module = tables->modules_[i];
    const bool has_data = module.unwind_header != 0 && module.unwind_size >= kHeaderSize;
    if (has_data && in_place && module.is_main) {
      tables->AddInPlace(i);
    } else if (has_data) {
      tables->AddCopied(i, memory, previous);
    }
    tables->unwind_[i].start = module.start;
    tables->unwind_[i].end = module.end;
    // The look-up needs ranges that don't overlap, whatever the headers say.
    if (i + 1 < tables->modules_.size()) {
      tables->unwind_[i].end = std::min(module.end, tables->modules_[i + 1].start);
    }
  }
  tables->view_ = {tables->unwind_.data(), static_cast<uint32_t>(tables->unwind_.size()),
                   generation};
  return tables;
}

}  // namespace sigprof
