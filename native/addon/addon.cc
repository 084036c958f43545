// SPDX-License-Identifier: MIT
// The module: what src/native/addon.ts describes. One instance per environment (main thread and
// every worker that loads it); loading registers the thread and never throws.
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "addon/js_error.h"
#include "addon/options.h"
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

class SigprofAddon : public Napi::Addon<SigprofAddon> {
 public:
  SigprofAddon(Napi::Env env, Napi::Object exports) {
    if (const napi_node_version* version = Napi::VersionManagement::GetNodeVersion(env)) {
      SetNodeVersion("v" + std::to_string(version->major) + '.' + std::to_string(version->minor) +
                     '.' + std::to_string(version->patch));
    }
    status_ = RegisterCurrentThread(OnMainThread());
    // Cleanup hooks run on the environment's thread, last added first, while its isolate is alive:
    // finalizers of objects may run too late for that.
    if (status_.ok()) {
      napi_add_env_cleanup_hook(env, [](void*) { UnregisterCurrentThread(); }, HookKey());
    }
    DefineAddon(exports, {InstanceMethod("status", &SigprofAddon::GetStatus),
                          InstanceMethod("start", &SigprofAddon::Start),
                          InstanceMethod("stop", &SigprofAddon::Stop),
                          InstanceMethod("isRunning", &SigprofAddon::IsRunning),
                          InstanceMethod("installRecorder", &SigprofAddon::Install),
                          InstanceMethod("finishRecorder", &SigprofAddon::Finish)});
  }

 private:
  Napi::Value GetStatus(const Napi::CallbackInfo& info) {
    Napi::Object status = Napi::Object::New(info.Env());
    status.Set("ok", Napi::Boolean::New(info.Env(), status_.ok()));
    status.Set("code", Napi::String::New(info.Env(), status_.code()));
    status.Set("message", Napi::String::New(info.Env(), status_.message()));
    return status;
  }

  Napi::Value Start(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    SamplingOptions options;
    StartInfo started;
    Status status = status_;
    if (status.ok()) status = ReadSamplingOptions(info[0], &options);
    if (status.ok()) status = StartRecording(options, &started);
    if (!status.ok()) {
      ThrowStatus(env, status);
      return env.Undefined();
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("effectiveRateHz", Napi::Number::New(env, started.effective_rate_hz));
    result.Set("timer", Napi::String::New(env, started.timer));
    return result;
  }

  Napi::Value Stop(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    std::vector<uint8_t> batch;
    Status status = status_;
    if (status.ok() && RecorderIsRecording()) {
      status = Status("ERR_SIGPROF_NOT_RUNNING",
                      "The recording that runs belongs to sigprof/register; end it by its signal");
    }
    if (status.ok()) status = StopRecording(&batch);
    if (!status.ok()) {
      ThrowStatus(env, status);
      return env.Undefined();
    }
    // A copy: memory of ours as an external ArrayBuffer is refused by builds with a V8 sandbox.
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, batch.size());
    if (env.IsExceptionPending()) return env.Undefined();
    memcpy(buffer.Data(), batch.data(), batch.size());
    return buffer;
  }

  Napi::Value IsRunning(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), IsRecording());
  }

  Napi::Value Install(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    RecorderOptions options;
    Status status = status_;
    if (status.ok()) status = ReadRecorderOptions(info[0], &options);
    if (status.ok()) status = InstallRecorder(options);
    if (!status.ok()) {
      ThrowStatus(env, status);
    } else {
      // Runs before the thread unregisters: hooks run last added first.
      napi_add_env_cleanup_hook(env, [](void*) { FinishRecorder(); }, HookKey());
    }
    return env.Undefined();
  }

  Napi::Value Finish(const Napi::CallbackInfo& info) {
    FinishRecorder();
    return info.Env().Undefined();
  }

  Status status_;
};

}  // namespace
}  // namespace sigprof

using sigprof::SigprofAddon;
NODE_API_ADDON(SigprofAddon)
