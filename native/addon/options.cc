// SPDX-License-Identifier: MIT
#include "addon/options.h"

#include <signal.h>

#include <cmath>
#include <string>
#include <vector>

namespace sigprof {
namespace {

// Reads properties one by one; after the first wrong one the rest is skipped. A property that
// can't be read (a getter threw, the worker is being terminated) counts as wrong.
class OptionReader {
 public:
  OptionReader(napi_env env, napi_value object) : env_(env), object_(object) {
    if (TypeOf(object) != napi_object) {
      status_ = Status("ERR_SIGPROF_INVALID_OPTION", "Expected an options object");
    }
  }

  double Integer(const char* name, double min, double max) {
    const napi_value value = Get(name);
    double number = 0;
    if (value != nullptr && napi_get_value_double(env_, value, &number) == napi_ok &&
        number >= min && number <= max && std::floor(number) == number) {
      return number;
    }
    Refuse(name, "a whole number from " + std::to_string(static_cast<int64_t>(min)) + " to " +
                     std::to_string(static_cast<int64_t>(max)));
    return min;
  }
  bool Boolean(const char* name) {
    const napi_value value = Get(name);
    bool result = false;
    if (value == nullptr || napi_get_value_bool(env_, value, &result) != napi_ok) {
      Refuse(name, "true or false");
    }
    return result;
  }
  std::string String(const char* name) { return Text(name, Get(name)); }
  std::vector<std::string> Strings(const char* name) {
    std::vector<std::string> strings;
    const napi_value array = Get(name);
    uint32_t length = 0;
    if (array == nullptr || napi_get_array_length(env_, array, &length) != napi_ok) {
      Refuse(name, "an array of strings");
    }
    for (uint32_t i = 0; i < length && status_.ok(); i++) {
      napi_value element = nullptr;
      if (napi_get_element(env_, array, i, &element) != napi_ok) element = nullptr;
      strings.push_back(Text(name, element));
    }
    return strings;
  }
  void Refuse(const char* name, const std::string& expectation) {
    if (!status_.ok()) return;
    status_ = Status("ERR_SIGPROF_INVALID_OPTION",
                     "Expected option '" + std::string(name) + "' to be " + expectation);
  }
  const Status& status() const { return status_; }

 private:
  napi_valuetype TypeOf(napi_value value) {
    napi_valuetype type = napi_undefined;
    if (value != nullptr) napi_typeof(env_, value, &type);
    return type;
  }
  napi_value Get(const char* name) {
    napi_value value = nullptr;
    if (!status_.ok()) return nullptr;
    return napi_get_named_property(env_, object_, name, &value) == napi_ok ? value : nullptr;
  }
  // A NUL would silently cut a path short.
  std::string Text(const char* name, napi_value value) {
    size_t length = 0;
    if (value != nullptr &&
        napi_get_value_string_utf8(env_, value, nullptr, 0, &length) == napi_ok) {
      std::string text(length + 1, '\0');  // Node-API writes a terminator
      napi_get_value_string_utf8(env_, value, text.data(), text.size(), &length);
      text.resize(length);
      if (text.find('\0') == std::string::npos) return text;
    }
    Refuse(name, "text without NUL characters");
    return "";
  }

  napi_env env_;
  napi_value object_;
  Status status_;
};

void ReadSampling(OptionReader* reader, SamplingOptions* out) {
  out->rate_hz = static_cast<uint32_t>(reader->Integer("rateHz", 1, 10000));
  const std::string mode = reader->String("mode");
  if (mode != "cpu" && mode != "wall") reader->Refuse("mode", "'cpu' or 'wall'");
  out->mode = mode == "wall" ? SamplingMode::kWall : SamplingMode::kCpu;
  out->idle = reader->Boolean("idle");
  out->native = reader->Boolean("native");
  out->max_bytes = static_cast<size_t>(reader->Integer("maxBytes", 65536, 68719476736.0));
}

}  // namespace

Status ReadSamplingOptions(napi_env env, napi_value value, SamplingOptions* out) {
  OptionReader reader(env, value);
  ReadSampling(&reader, out);
  return reader.status();
}

Status ReadRecorderOptions(napi_env env, napi_value value, RecorderOptions* out) {
  OptionReader reader(env, value);
  ReadSampling(&reader, &out->sampling);
  out->sampling.title = reader.String("title");
  out->toggle_signal = static_cast<int>(reader.Integer("toggleSignal", 0, SIGRTMAX));
  out->autostart = reader.Boolean("autostart");
  out->duration_ms = static_cast<uint32_t>(reader.Integer("durationMs", 0, 4294967295.0));
  out->directory = reader.String("directory");
  out->stream_path = reader.String("streamPath");
  out->max_files = static_cast<uint32_t>(reader.Integer("maxFiles", 1, 1000000));
  out->converter = reader.Strings("converter");
  return reader.status();
}

Status ReadRemoteOptions(napi_env env, napi_value value, remote::RemoteOptions* out) {
  OptionReader reader(env, value);
  SamplingOptions sampling;
  ReadSampling(&reader, &sampling);
  out->pid = static_cast<pid_t>(reader.Integer("pid", 1, 4194304));
  out->rate_hz = sampling.rate_hz;
  out->wall = sampling.mode == SamplingMode::kWall;
  out->idle = sampling.idle;
  out->native = sampling.native;
  out->max_bytes = sampling.max_bytes;
  out->subprocesses = reader.Boolean("subprocesses");
  out->nonblocking = reader.Boolean("nonblocking");
  return reader.status();
}

}  // namespace sigprof
