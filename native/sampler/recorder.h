// SPDX-License-Identifier: MIT
// The file recorder: recordings switched by a signal, served and written by a native thread, so
// that a process stuck in a loop can be profiled. One per process. Not for the signal handler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/status.h"
#include "sampler/recording.h"

namespace sigprof {

struct RecorderOptions {
  SamplingOptions sampling;
  int toggle_signal = 0;               // 0: none
  bool autostart = false;              // start before InstallRecorder returns
  uint32_t duration_ms = 0;            // stop a recording after so long; 0: never
  std::string directory;               // of the recordings; relative to the current folder
  std::string stream_path;             // where to append the one recording instead; empty: none
  uint32_t max_files = 16;             // recordings kept of this process
  std::vector<std::string> converter;  // program and arguments, the recording's path is appended
};

// On the main thread, after RegisterCurrentThread. Starts the recorder's thread and, with
// `autostart`, the recording. Without effect in a privileged (AT_SECURE) process.
Status InstallRecorder(const RecorderOptions& options);

// Whether the recording that runs, if any, is the recorder's.
bool RecorderIsRecording();

// Ends and writes a running file recording; returns when the file is complete, or after 5 seconds.
// From any thread but the recorder's own.
void FinishRecorder();

}  // namespace sigprof
