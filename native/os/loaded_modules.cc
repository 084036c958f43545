// SPDX-License-Identifier: MIT
#include "os/loaded_modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "os/maps.h"

namespace sigprof {
namespace {

constexpr uint64_t kMaxNotes = 4096;
constexpr size_t kMaxProgramHeaders = 128;

// The build id among the notes in `bytes`; the layout is described at ElfImage::ParseNotes.
std::string FindBuildId(const uint8_t* bytes, uint64_t size) {
  for (uint64_t at = 0; size - at >= sizeof(Elf64_Nhdr) && at < size;) {
    Elf64_Nhdr note;
    memcpy(&note, bytes + at, sizeof note);
    const uint64_t name = at + sizeof note;
    const uint64_t desc = name + ((uint64_t{note.n_namesz} + 3) & ~3ull);
    if (desc > size || note.n_descsz > size - desc) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        memcmp(bytes + name, "GNU", 4) == 0) {
      return {reinterpret_cast<const char*>(bytes + desc), note.n_descsz};
    }
    at = desc + ((uint64_t{note.n_descsz} + 3) & ~3ull);
  }
  return {};
}

// Fills in what the program headers tell. `read_notes` gives the memory of a PT_NOTE segment.
template <typename ReadNotes>
void ReadHeaders(const Elf64_Phdr* headers, size_t count, LoadedModule* out, ReadNotes read_notes) {
  out->start = std::numeric_limits<uint64_t>::max();
  for (size_t i = 0; i < count; i++) {
    const Elf64_Phdr& header = headers[i];
    const uint64_t address = out->bias + header.p_vaddr;
    if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
      out->start = std::min(out->start, address);
      out->end = std::max(out->end, address + header.p_memsz);
    } else if (header.p_type == PT_GNU_EH_FRAME) {
      out->unwind_header = address;
      out->unwind_size = header.p_memsz;
    } else if (header.p_type == PT_NOTE && out->build_id.empty()) {
      out->build_id = read_notes(address, std::min<uint64_t>(header.p_memsz, kMaxNotes));
    }
  }
  for (size_t i = 0; i < count; i++) {
    const uint64_t address = out->bias + headers[i].p_vaddr;
    if (headers[i].p_type == PT_LOAD && out->unwind_header - address < headers[i].p_memsz) {
      out->unwind_end = address + headers[i].p_memsz;
    }
  }
}

void SortByAddress(std::vector<LoadedModule>* modules) {
  std::erase_if(*modules, [](const LoadedModule& module) { return module.start >= module.end; });
  std::sort(modules->begin(), modules->end(),
            [](const LoadedModule& a, const LoadedModule& b) { return a.start < b.start; });
}

std::string ProgramPath() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : "/proc/self/exe";
}

struct Listing {
  std::vector<LoadedModule> modules;
  ModuleChanges changes;
};

int AddModule(dl_phdr_info* info, size_t, void* data) {
  Listing* out = static_cast<Listing*>(data);
  out->changes = {info->dlpi_adds, info->dlpi_subs};
  LoadedModule module;
  module.is_main = out->modules.empty();  // the loader lists the program first
  module.path = info->dlpi_name != nullptr ? info->dlpi_name : "";
  if (module.is_main) module.path = ProgramPath();
  if (module.path.starts_with("linux-vdso") || module.path.starts_with("linux-gate")) {
    module.path = "[vdso]";
  }
  module.bias = info->dlpi_addr;
  ReadHeaders(info->dlpi_phdr, info->dlpi_phnum, &module, [](uint64_t address, uint64_t size) {
    // The loader's lock keeps the module in place.
    return FindBuildId(reinterpret_cast<const uint8_t*>(address), size);
  });
  out->modules.push_back(std::move(module));
  return 0;
}

// The mapping of the start of an ELF file: the first of a module's.
bool ReadModuleAt(const Mapping& first, Memory* memory, LoadedModule* out) {
  Elf64_Ehdr header;
  if (!memory->Load(first.start, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return false;
  }
  std::vector<Elf64_Phdr> headers(std::min<size_t>(header.e_phnum, kMaxProgramHeaders));
  const size_t bytes = headers.size() * sizeof(Elf64_Phdr);
  if (memory->Read(first.start + header.e_phoff, headers.data(), bytes) != bytes) return false;
  const auto load = std::find_if(headers.begin(), headers.end(), [](const Elf64_Phdr& entry) {
    return entry.p_type == PT_LOAD && entry.p_offset == 0;
  });
  if (load == headers.end()) return false;
  out->path = first.path;
  out->bias = first.start - load->p_vaddr;
  ReadHeaders(headers.data(), headers.size(), out, [memory](uint64_t address, uint64_t size) {
    std::vector<uint8_t> notes(size);
    notes.resize(memory->Read(address, notes.data(), size));
    return FindBuildId(notes.data(), notes.size());
  });
  return true;
}

}  // namespace

ModuleChanges CountModuleChanges() {
  ModuleChanges changes;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        *static_cast<ModuleChanges*>(out) = {info->dlpi_adds, info->dlpi_subs};
        return 1;  // the counters are in every entry
      },
      &changes);
  return changes;
}

std::vector<LoadedModule> ListModules(ModuleChanges* changes) {
  Listing listing;
  dl_iterate_phdr(AddModule, &listing);
  *changes = listing.changes;
  SortByAddress(&listing.modules);
  return std::move(listing.modules);
}

std::vector<LoadedModule> ListModulesOf(pid_t pid, Memory* memory) {
  std::vector<Mapping> maps;
  std::vector<LoadedModule> modules;
  if (!ReadMaps(pid, &maps)) return modules;
  char program[4096];
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t size = readlink(link.c_str(), program, sizeof program);
  for (const Mapping& map : maps) {
    if (map.offset != 0 || !map.readable || (map.inode == 0 && map.path != "[vdso]")) continue;
    LoadedModule module;
    if (!ReadModuleAt(map, memory, &module)) continue;
    module.is_main = size > 0 && map.path == std::string_view(program, static_cast<size_t>(size));
    // A file may be mapped twice, as data as well: its code runs where it is executable.
    const Mapping* code = FindMapping(maps, module.start);
    if (code == nullptr || !code->executable) continue;
    modules.push_back(std::move(module));
  }
  SortByAddress(&modules);
  return modules;
}

}  // namespace sigprof
