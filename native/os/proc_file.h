// SPDX-License-Identifier: MIT
// Reading small files of /proc. Any thread; not for the signal handler.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sigprof {

// "/proc/self/NAME" for pid 0, else "/proc/PID/NAME".
std::string ProcPath(pid_t pid, std::string_view name);

// The same below task/TID.
std::string TaskPath(pid_t pid, pid_t tid, std::string_view name);

// Replaces `out` by the whole file. False when it can't be opened or read, or is over 256 MB.
bool ReadProcFile(const std::string& path, std::string* out);

// Bytes read from the start of an open file into `buffer`, the contents made anew by the kernel; 0
// on failure, e.g. when the thread behind it has ended. No allocation.
size_t ReadFromStart(int fd, char* buffer, size_t size);

}  // namespace sigprof
