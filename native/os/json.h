// SPDX-License-Identifier: MIT
// Writes one flat JSON object. Strings may be any bytes: what is not UTF-8 becomes U+FFFD.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace sigprof {

class JsonObject {
 public:
  void Add(const char* key, uint64_t value) { AddRaw(key, std::to_string(value)); }
  void Add(const char* key, bool value) { AddRaw(key, value ? "true" : "false"); }
  void Add(const char* key, double value) {
    char text[32];
    // Not in the locale's way: integers and thousandths are all we have.
    const uint64_t thousandths = static_cast<uint64_t>(value * 1000 + 0.5);
    snprintf(text, sizeof(text), "%llu.%03llu", static_cast<unsigned long long>(thousandths / 1000),
             static_cast<unsigned long long>(thousandths % 1000));
    AddRaw(key, text);
  }
  void Add(const char* key, const char* value) { Add(key, std::string_view(value)); }
  void Add(const char* key, const std::string& value) { Add(key, std::string_view(value)); }
  void Add(const char* key, std::string_view value) {
    std::string quoted = "\"";
    for (size_t i = 0; i < value.size();) i += AppendCharacter(value.substr(i), &quoted);
    AddRaw(key, quoted + '"');
  }
  void AddRaw(const char* key, const std::string& json) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_ += key;
    text_ += "\":";
    text_ += json;
  }
  std::string Take() { return text_.empty() ? "{}" : text_ + '}'; }

 private:
  // Appends the first character of `text`; returns how many bytes it took.
  static size_t AppendCharacter(std::string_view text, std::string* out) {
    const unsigned char first = static_cast<unsigned char>(text[0]);
    if (first < 0x20 || first == '"' || first == '\\' || first == 0x7f) {
      char escape[8];
      snprintf(escape, sizeof(escape), "\\u%04x", first);
      *out += escape;
      return 1;
    }
    const size_t size = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
    bool valid = size != 0 && size <= text.size();
    for (size_t i = 1; valid && i < size; i++) valid = (text[i] & 0xc0) == 0x80;
    if (valid && size > 2) {  // overlong forms, surrogates, beyond U+10FFFF
      const unsigned char second = static_cast<unsigned char>(text[1]);
      valid = !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f) &&
              !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
    }
    if (!valid) {
      *out += "\xef\xbf\xbd";
      return 1;
    }
    out->append(text.substr(0, size));
    return size;
  }

  std::string text_;
};

}  // namespace sigprof
