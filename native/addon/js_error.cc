// SPDX-License-Identifier: MIT
#include "addon/js_error.h"

namespace sigprof {

void ThrowStatus(napi_env env, const Status& status) {
  napi_throw_error(env, status.code(), status.message().c_str());
}

}  // namespace sigprof
