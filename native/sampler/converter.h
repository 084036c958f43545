// SPDX-License-Identifier: MIT
// The processes that draw pictures from finished recordings. On the recorder's thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "os/status.h"

namespace sigprof {

class Converter {
 public:
  // On a JS thread: copies the environment, which JavaScript may change at any time later.
  // `command` is the program and its arguments; empty: there is none.
  void Configure(std::vector<std::string> command);
  bool configured() const { return !command_.empty(); }

  // Starts it for one recording; does not wait.
  Status Start(const std::string& recording);
  // Collects those that have ended; tells stderr of failures. How many still run.
  size_t Reap();

 private:
  struct Child {
    pid_t pid;
    std::string recording;
  };
  std::vector<std::string> command_;
  std::vector<std::string> environment_;
  std::vector<Child> children_;
};

// One line on stderr, in one write. "sigprof: " is put before it.
void TellUser(const std::string& line);

}  // namespace sigprof
