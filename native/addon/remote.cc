// SPDX-License-Identifier: MIT
#include "addon/remote.h"

#include <cstring>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

#include "addon/js_error.h"
#include "addon/options.h"
#include "remote/child_processes.h"
#include "remote/dump.h"
#include "remote/sampler.h"

namespace sigprof {
namespace {

using remote::RemoteOptions;
using remote::RemoteSampler;

// One recording of other processes at a time. Never destroyed: at exit its thread may still run.
struct Current {
  std::mutex mutex;
  std::unique_ptr<RemoteSampler> sampler;
};
Current* TheCurrent() {
  static Current* const current = new Current;
  return current;
}

napi_value FirstArgument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value = nullptr;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  return value;
}

napi_value ArrayBuffer(napi_env env, const std::vector<uint8_t>& bytes) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_arraybuffer(env, bytes.size(), &data, &buffer) != napi_ok) return nullptr;
  if (!bytes.empty()) memcpy(data, bytes.data(), bytes.size());
  return buffer;
}

napi_value Batches(napi_env env, const RemoteSampler::Batches& batches) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, batches.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < batches.size(); i++) {
    napi_set_element(env, array, i, ArrayBuffer(env, batches[i]));
  }
  return array;
}

void SetString(napi_env env, napi_value object, const char* key, const std::string& text) {
  napi_value value;
  if (napi_create_string_utf8(env, text.data(), text.size(), &value) != napi_ok) return;
  napi_set_named_property(env, object, key, value);
}

void SetNumber(napi_env env, napi_value object, const char* key, uint64_t number) {
  napi_value value;
  if (napi_create_double(env, static_cast<double>(number), &value) != napi_ok) return;
  napi_set_named_property(env, object, key, value);
}

napi_value Start(napi_env env, napi_callback_info info) {
  RemoteOptions options;
  Status status = ReadRemoteOptions(env, FirstArgument(env, info), &options);
  std::lock_guard<std::mutex> lock(TheCurrent()->mutex);
  if (status.ok() && TheCurrent()->sampler != nullptr) {
    status = Status("ERR_SIGPROF_ALREADY_RUNNING",
                    "This process is recording another one already; stop that first");
  }
  if (status.ok()) {
    auto sampler = std::make_unique<RemoteSampler>();
    status = sampler->Start(options);
    if (status.ok()) TheCurrent()->sampler = std::move(sampler);
  }
  if (!status.ok()) ThrowStatus(env, status);
  return nullptr;
}

// Calls `use` with the running sampler, or throws.
template <typename Use>
napi_value WithSampler(napi_env env, Use use) {
  std::lock_guard<std::mutex> lock(TheCurrent()->mutex);
  if (TheCurrent()->sampler != nullptr) return use(&TheCurrent()->sampler);
  ThrowStatus(env, Status("ERR_SIGPROF_NOT_RUNNING", "No process is being recorded"));
  return nullptr;
}

napi_value Progress(napi_env env, napi_callback_info) {
  return WithSampler(env, [env](std::unique_ptr<RemoteSampler>* sampler) -> napi_value {
    const remote::RemoteProgress progress = (*sampler)->Progress();
    napi_value object = nullptr, running = nullptr;
    if (napi_create_object(env, &object) != napi_ok) return nullptr;
    napi_get_boolean(env, progress.running, &running);
    napi_set_named_property(env, object, "running", running);
    SetString(env, object, "ended", progress.ended);
    SetNumber(env, object, "processes", progress.processes);
    SetNumber(env, object, "samples", progress.samples);
    SetNumber(env, object, "lost", progress.lost);
    return object;
  });
}

napi_value Take(napi_env env, napi_callback_info) {
  return WithSampler(env, [env](std::unique_ptr<RemoteSampler>* sampler) {
    return Batches(env, (*sampler)->TakeInterval());
  });
}

napi_value Stop(napi_env env, napi_callback_info) {
  return WithSampler(env, [env](std::unique_ptr<RemoteSampler>* sampler) {
    const RemoteSampler::Batches batches = (*sampler)->Stop();
    sampler->reset();
    return Batches(env, batches);
  });
}

napi_value DumpOne(napi_env env, napi_callback_info info) {
  RemoteOptions options;
  remote::Dump dump;
  Status status = ReadRemoteOptions(env, FirstArgument(env, info), &options);
  if (status.ok()) status = DumpProcess(options, &dump);
  if (!status.ok()) {
    ThrowStatus(env, status);
    return nullptr;
  }
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  napi_set_named_property(env, object, "batch", ArrayBuffer(env, dump.batch));
  SetString(env, object, "info", dump.info);
  return object;
}

napi_value Below(napi_env env, napi_callback_info info) {
  double pid = 0;
  napi_value array = nullptr;
  napi_get_value_double(env, FirstArgument(env, info), &pid);
  const std::vector<pid_t> pids = remote::ProcessesBelow(static_cast<pid_t>(pid));
  if (napi_create_array_with_length(env, pids.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < pids.size(); i++) {
    napi_value value;
    if (napi_create_double(env, pids[i], &value) == napi_ok) napi_set_element(env, array, i, value);
  }
  return array;
}

napi_property_descriptor Method(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

}  // namespace

void DefineRemote(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      Method("remoteStart", Start),  Method("remoteProgress", Progress),
      Method("remoteTake", Take),    Method("remoteStop", Stop),
      Method("remoteDump", DumpOne), Method("processesBelow", Below)};
  napi_define_properties(env, exports, std::size(methods), methods);
}

}  // namespace sigprof
