// SPDX-License-Identifier: MIT
// A Status as a JavaScript error. On a JS thread.
#pragma once

#include <napi.h>

#include "os/status.h"

namespace sigprof {

// Throws an Error with the status's message and `code`; native code goes on until it returns.
void ThrowStatus(Napi::Env env, const Status& status);

}  // namespace sigprof
