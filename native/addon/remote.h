// SPDX-License-Identifier: MIT
// The addon's functions for other processes. On a JS thread.
#pragma once

#include <node_api.h>

namespace sigprof {

// Adds what src/native/addon.ts names remote... to the exports.
void DefineRemote(napi_env env, napi_value exports);

}  // namespace sigprof
