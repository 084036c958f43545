// SPDX-License-Identifier: MIT
#include "addon/options.h"

#include <signal.h>

#include <cmath>
#include <string>
#include <utility>

namespace sigprof {
namespace {

// Reads properties one by one; after the first wrong one the rest is skipped.
class OptionReader {
 public:
  explicit OptionReader(const Napi::Value& value) {
    if (value.IsObject()) {
      object_ = value.As<Napi::Object>();
    } else {
      status_ = Status("ERR_SIGPROF_INVALID_OPTION", "Expected an options object");
    }
  }

  double Integer(const char* name, double min, double max) {
    const Napi::Value value = Get(name);
    if (!status_.ok()) return min;
    if (value.IsNumber()) {
      const double number = value.As<Napi::Number>().DoubleValue();
      if (number >= min && number <= max && std::floor(number) == number) return number;
    }
    Refuse(name, "a whole number from " + std::to_string(static_cast<int64_t>(min)) + " to " +
                     std::to_string(static_cast<int64_t>(max)));
    return min;
  }
  bool Boolean(const char* name) {
    const Napi::Value value = Get(name);
    if (!status_.ok()) return false;
    if (!value.IsBoolean()) Refuse(name, "true or false");
    return value.IsBoolean() && value.As<Napi::Boolean>().Value();
  }
  std::string String(const char* name) {
    const Napi::Value value = Get(name);
    if (!status_.ok()) return "";
    return Text(name, value);
  }
  std::vector<std::string> Strings(const char* name) {
    std::vector<std::string> strings;
    const Napi::Value value = Get(name);
    if (!status_.ok()) return strings;
    if (!value.IsArray()) {
      Refuse(name, "an array of strings");
      return strings;
    }
    const Napi::Array array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length() && status_.ok(); i++) {
      strings.push_back(Text(name, array.Get(i)));
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
  Napi::Value Get(const char* name) {
    return status_.ok() ? object_.Get(name) : Napi::Value();
  }
  // A NUL would silently cut a path short.
  std::string Text(const char* name, const Napi::Value& value) {
    if (value.IsString()) {
      std::string text = value.As<Napi::String>().Utf8Value();
      if (text.find('\0') == std::string::npos) return text;
    }
    Refuse(name, "text without NUL characters");
    return "";
  }

  Napi::Object object_;
  Status status_;
};

void ReadSampling(OptionReader* reader, SamplingOptions* out) {
  out->rate_hz = static_cast<uint32_t>(reader->Integer("rateHz", 1, 10000));
  const std::string mode = reader->String("mode");
  if (mode != "cpu" && mode != "wall") reader->Refuse("mode", "'cpu' or 'wall'");
  out->mode = mode == "wall" ? SamplingMode::kWall : SamplingMode::kCpu;
  out->idle = reader->Boolean("idle");
  out->max_bytes = static_cast<size_t>(reader->Integer("maxBytes", 65536, 68719476736.0));
}

}  // namespace

Status ReadSamplingOptions(const Napi::Value& value, SamplingOptions* out) {
  OptionReader reader(value);
  ReadSampling(&reader, out);
  return reader.status();
}

Status ReadRecorderOptions(const Napi::Value& value, RecorderOptions* out) {
  OptionReader reader(value);
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

}  // namespace sigprof
