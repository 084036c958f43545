// SPDX-License-Identifier: MIT
#include "addon/js_error.h"

namespace sigprof {

void ThrowStatus(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message());
  error.Set("code", Napi::String::New(env, status.code()));
  error.ThrowAsJavaScriptException();
}

}  // namespace sigprof
