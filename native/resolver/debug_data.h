// SPDX-License-Identifier: MIT
// .gnu_debugdata: the symbols of a stripped file, as a small ELF file compressed by xz inside it
// (Fedora's and RHEL's "MiniDebugInfo"). Any thread; not for the signal handler.
#pragma once

#include <cstdint>
#include <vector>

#include "os/elf_image.h"

namespace sigprof {

// The ELF file inside `image`; empty if there is none, or the system has no liblzma.so.5, which is
// loaded at the first need and is no dependency otherwise.
std::vector<uint8_t> DebugDataOf(const ElfImage& image);

}  // namespace sigprof
