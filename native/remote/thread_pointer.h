// SPDX-License-Identifier: MIT
// Where a thread keeps what is its own (the thread pointer, fs on x64), found without stopping it.
#pragma once

#include <sys/types.h>

#include "remote/target.h"

namespace sigprof::remote {

// Searches for glibc's thread descriptor, which holds its own address twice and the thread's id:
// above `sp` on the thread's stack, for the main thread beside the libraries. 0 if it is not there.
uint64_t SearchThreadPointer(Target* target, pid_t tid, uint64_t sp);

}  // namespace sigprof::remote
