// SPDX-License-Identifier: MIT
// A Status as a JavaScript error. On a JS thread.
#pragma once

#include <node_api.h>

#include "os/status.h"

namespace sigprof {

// Throws an Error with the status's message and `code`; native code goes on until it returns.
// Where nothing can be thrown (the worker is being terminated) nothing happens.
void ThrowStatus(napi_env env, const Status& status);

}  // namespace sigprof
