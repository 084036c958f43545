// SPDX-License-Identifier: MIT
// What is mapped in a process: /proc/PID/maps. Any thread; not for the signal handler.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sigprof {

struct Mapping {
  uint64_t start = 0;  // [start, end)
  uint64_t end = 0;
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;
  bool deleted = false;  // " (deleted)" followed the path, or is how the file's name ends
  uint64_t offset = 0;   // in the file
  uint32_t dev_major = 0;
  uint32_t dev_minor = 0;
  uint64_t inode = 0;  // 0: no file
  // As the process's own mount namespace names it, without " (deleted)"; "[heap]" and such; empty
  // if anonymous. Untrusted text: who opens it compares dev and inode.
  std::string path;

  bool Contains(uint64_t address) const { return address >= start && address < end; }
};

// The mappings of `pid` (0: the own process) by ascending address. The kernel makes the file in
// pieces, so mappings that change meanwhile may be missing. False when it can't be read.
bool ReadMaps(pid_t pid, std::vector<Mapping>* out);

// The lines of `text`; those that don't parse are left out.
std::vector<Mapping> ParseMaps(std::string_view text);

// One line, with or without its newline. False when malformed; `out` is then unspecified.
bool ParseMapsLine(std::string_view line, Mapping* out);

// The mapping that holds `address`, or null. `maps` is sorted by address.
const Mapping* FindMapping(const std::vector<Mapping>& maps, uint64_t address);

}  // namespace sigprof
