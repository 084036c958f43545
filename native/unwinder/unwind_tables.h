// SPDX-License-Identifier: MIT
// The unwind data of the modules of one process at one time: immutable plain memory, prepared off
// the handler (see module_tables.h) and read by it. Signal-safe: loads only.
#pragma once

#include <cstdint>

namespace sigprof {

// One loaded program or library. `table` and `frames` are readable for as long as the tables live,
// wherever they came from; everything in them is untrusted.
struct UnwindModule {
  uint64_t start = 0;  // of its code in the process, [start, end)
  uint64_t end = 0;
  // The sorted table of .eh_frame_hdr: pairs of int32 (start of a function, its FDE), relative to
  // `table_base`, the header's address in the process. Count 0: the module has none.
  const unsigned char* table = nullptr;
  uint32_t table_count = 0;
  uint64_t table_base = 0;
  // .eh_frame: `frames_size` bytes that lie at `frames_base` in the process.
  const unsigned char* frames = nullptr;
  uint64_t frames_size = 0;
  uint64_t frames_base = 0;
};

struct UnwindTables {
  const UnwindModule* modules = nullptr;  // by ascending address, not overlapping
  uint32_t count = 0;
  uint32_t generation = 0;  // which list of modules this is; not 0

  // The module whose code holds `pc`, or null.
  const UnwindModule* Find(uint64_t pc) const {
    uint32_t low = 0, high = count;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (pc < modules[middle].start) {
        high = middle;
      } else if (pc >= modules[middle].end) {
        low = middle + 1;
      } else {
        return &modules[middle];
      }
    }
    return nullptr;
  }
};

}  // namespace sigprof
