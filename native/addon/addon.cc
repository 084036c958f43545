// SPDX-License-Identifier: MIT
// The module: what src/native/addon.ts describes. Loading registers the environment's thread (main
// thread or worker) and never throws.
// Plain Node-API and not its C++ wrapper: a worker may be terminated at any instruction here, every
// call then fails, and the wrapper answers failures by ending the process. Failures are ignored:
// an environment that can't run JavaScript any more has no use for our results.
#include <node_api.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "addon/js_error.h"
#include "addon/options.h"
#include "addon/remote.h"
#include "sampler/recorder.h"
#include "sampler/recording.h"

namespace sigprof {
namespace {

bool OnMainThread() { return syscall(SYS_gettid) == getpid(); }

// Node aborts on a hook added twice with the same argument, as happens when a program empties
// require.cache and loads us again in the same environment.
void* HookKey() {
  static std::atomic<uintptr_t> next{1};
  return reinterpret_cast<void*>(next.fetch_add(1));
}

// Why this environment can't be sampled, if so. Never null: set at load.
const Status& EnvironmentStatus(napi_env env) {
  static const Status unloaded("ERR_SIGPROF_UNSUPPORTED", "The environment is being torn down");
  void* data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok || data == nullptr) return unloaded;
  return *static_cast<const Status*>(data);
}

napi_value FirstArgument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value = nullptr;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  return value;
}

void SetString(napi_env env, napi_value object, const char* key, const std::string& text) {
  napi_value value;
  if (napi_create_string_utf8(env, text.data(), text.size(), &value) != napi_ok) return;
  napi_set_named_property(env, object, key, value);
}

napi_value GetStatus(napi_env env, napi_callback_info) {
  const Status& status = EnvironmentStatus(env);
  napi_value object, ok;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  if (napi_get_boolean(env, status.ok(), &ok) == napi_ok) {
    napi_set_named_property(env, object, "ok", ok);
  }
  SetString(env, object, "code", status.code());
  SetString(env, object, "message", status.message());
  return object;
}

napi_value Start(napi_env env, napi_callback_info info) {
  SamplingOptions options;
  StartInfo started;
  Status status = EnvironmentStatus(env);
  if (status.ok()) status = ReadSamplingOptions(env, FirstArgument(env, info), &options);
  if (status.ok()) status = StartRecording(options, &started);
  if (!status.ok()) {
    ThrowStatus(env, status);
    return nullptr;
  }
  napi_value result, rate;
  if (napi_create_object(env, &result) != napi_ok) return nullptr;
  if (napi_create_double(env, started.effective_rate_hz, &rate) == napi_ok) {
    napi_set_named_property(env, result, "effectiveRateHz", rate);
  }
  SetString(env, result, "timer", started.timer);
  return result;
}

napi_value Stop(napi_env env, napi_callback_info) {
  std::vector<uint8_t> batch;
  Status status = EnvironmentStatus(env);
  if (status.ok() && RecorderIsRecording()) {
    status = Status("ERR_SIGPROF_NOT_RUNNING",
                    "The recording that runs belongs to sigprof/register; end it by its signal");
  }
  if (status.ok()) status = StopRecording(&batch);
  if (!status.ok()) {
    ThrowStatus(env, status);
    return nullptr;
  }
  // A copy: memory of ours as an external ArrayBuffer is refused by builds with a V8 sandbox.
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_arraybuffer(env, batch.size(), &data, &buffer) != napi_ok) return nullptr;
  if (!batch.empty()) memcpy(data, batch.data(), batch.size());
  return buffer;
}

napi_value IsRunning(napi_env env, napi_callback_info) {
  napi_value value = nullptr;
  napi_get_boolean(env, IsRecording(), &value);
  return value;
}

napi_value Install(napi_env env, napi_callback_info info) {
  RecorderOptions options;
  Status status = EnvironmentStatus(env);
  if (status.ok()) status = ReadRecorderOptions(env, FirstArgument(env, info), &options);
  if (status.ok()) status = InstallRecorder(options);
  if (status.ok()) {
    // Runs before the thread unregisters: hooks run last added first.
    napi_add_env_cleanup_hook(
        env, [](void*) { FinishRecorder(); }, HookKey());
  } else {
    ThrowStatus(env, status);
  }
  return nullptr;
}

napi_value Finish(napi_env, napi_callback_info) {
  FinishRecorder();
  return nullptr;
}

void ReportNodeVersion(napi_env env) {
  const napi_node_version* version = nullptr;
  if (napi_get_node_version(env, &version) != napi_ok || version == nullptr) return;
  SetNodeVersion("v" + std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' +
                 std::to_string(version->patch));
}

napi_property_descriptor Method(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

napi_value Load(napi_env env, napi_value exports) {
  ReportNodeVersion(env);
  Status* status = new Status(RegisterCurrentThread(OnMainThread()));
  // Cleanup hooks run on the environment's thread while its isolate is alive; finalizers may run
  // too late for that.
  if (status->ok()) {
    napi_add_env_cleanup_hook(
        env, [](void*) { UnregisterCurrentThread(); }, HookKey());
  }
  napi_set_instance_data(
      env, status, [](napi_env, void* data, void*) { delete static_cast<Status*>(data); }, nullptr);
  const napi_property_descriptor methods[] = {Method("status", GetStatus),
                                              Method("start", Start),
                                              Method("stop", Stop),
                                              Method("isRunning", IsRunning),
                                              Method("installRecorder", Install),
                                              Method("finishRecorder", Finish)};
  napi_define_properties(env, exports, std::size(methods), methods);
  DefineRemote(env, exports);
  return exports;
}

}  // namespace
}  // namespace sigprof

NAPI_MODULE_INIT() { return sigprof::Load(env, exports); }
