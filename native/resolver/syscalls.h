// SPDX-License-Identifier: MIT
// System calls: which one a thread was in when its tick came. Any thread; not for the signal
// handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sigprof {

// Linux's name for the number on x86-64, "read"; empty for an unknown one.
std::string SyscallName(int64_t number);

// Bytes before and after a pc that FindSyscall looks at.
inline constexpr size_t kSyscallBefore = 40;
inline constexpr size_t kSyscallAfter = 2;

// Whether `code`, the kSyscallBefore bytes before a pc and kSyscallAfter from it on, has a
// `syscall` instruction right before the pc (the tick came as the call returned) or at it (the call
// is to be restarted). `*number` is then that of the call, or -1 where the code doesn't tell it
// (libc's syscall()).
bool FindSyscall(const uint8_t* code, int64_t* number);

}  // namespace sigprof
