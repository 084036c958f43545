// SPDX-License-Identifier: MIT
// Options objects from JavaScript, their types and ranges checked once more. On a JS thread.
#pragma once

#include <napi.h>

#include "os/status.h"
#include "sampler/recorder.h"
#include "sampler/recording.h"

namespace sigprof {

// Both refuse with ERR_SIGPROF_INVALID_OPTION, naming the first wrong option.
Status ReadSamplingOptions(const Napi::Value& value, SamplingOptions* out);
Status ReadRecorderOptions(const Napi::Value& value, RecorderOptions* out);

}  // namespace sigprof
