// SPDX-License-Identifier: MIT
// Options objects from JavaScript, their types and ranges checked once more. On a JS thread.
#pragma once

#include <node_api.h>

#include "os/status.h"
#include "remote/remote_options.h"
#include "sampler/recorder.h"
#include "sampler/recording.h"

namespace sigprof {

// All refuse with ERR_SIGPROF_INVALID_OPTION, naming the first wrong option. `value` may be null.
Status ReadSamplingOptions(napi_env env, napi_value value, SamplingOptions* out);
Status ReadRecorderOptions(napi_env env, napi_value value, RecorderOptions* out);
Status ReadRemoteOptions(napi_env env, napi_value value, remote::RemoteOptions* out);

}  // namespace sigprof
