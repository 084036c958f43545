// SPDX-License-Identifier: MIT
// The outcome of an operation that may be refused: a stable code for programs, one line for people.
#pragma once

#include <string>
#include <utility>

namespace sigprof {

class Status {
 public:
  Status() = default;  // success
  // `code` is one of SigprofError's codes (src/session/errors.ts), e.g.
  // "ERR_SIGPROF_ALREADY_RUNNING". `message` says what failed, why most likely, and what to do, in
  // one line.
  Status(const char* code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == nullptr; }
  const char* code() const { return code_ ? code_ : ""; }
  const std::string& message() const { return message_; }

 private:
  const char* code_ = nullptr;
  std::string message_;
};

}  // namespace sigprof
