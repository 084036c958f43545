// SPDX-License-Identifier: MIT
// A recording's file while it is written: private (0600), under a temporary name that nobody can
// have planted, given its name when it is whole. On the recorder's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/status.h"

namespace sigprof {

// All refusals are ERR_SIGPROF_OUTPUT with cause and remedy.
class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile() { Close(); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // A file that Commit will name `name` in the directory. `directory` is for messages.
  Status CreateIn(int directory_fd, const std::string& directory, const std::string& name);
  // A file that has its name from the start, for somebody who reads along.
  Status CreateAt(const std::string& path);

  // After a failure the file ends with the last whole append.
  Status Append(const std::vector<uint8_t>& bytes);
  // To disk, and to its name. `path` is set also on failure where the bytes can be found at all.
  Status Commit(std::string* path);
  // Removes a file that nothing was written to.
  void Discard();
  bool is_open() const { return fd_ >= 0; }
  uint64_t size() const { return size_; }

 private:
  void Close();

  int fd_ = -1;
  int directory_fd_ = -1;  // borrowed; -1: opened by path
  std::string directory_;
  std::string name_;       // final name, or the whole path
  std::string temporary_;  // empty: has its name already
  uint64_t size_ = 0;
};

}  // namespace sigprof
