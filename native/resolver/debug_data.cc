// SPDX-License-Identifier: MIT
#include "resolver/debug_data.h"

#include <dlfcn.h>

namespace sigprof {
namespace {

constexpr size_t kMaxSize = 64u << 20;
constexpr uint64_t kMemoryLimit = 64u << 20;
constexpr int kOk = 0;         // LZMA_OK
constexpr int kBufError = 10;  // LZMA_BUF_ERROR: more room is needed

// lzma_stream_buffer_decode, the same since liblzma 5.0.
using Decode = int (*)(uint64_t* memory_limit, uint32_t flags, const void* allocator,
                       const uint8_t* in, size_t* in_position, size_t in_size, uint8_t* out,
                       size_t* out_position, size_t out_size);

Decode FindDecoder() {
  // Kept open: RHEL and Fedora have it in every process that loads systemd's libraries anyway.
  static const Decode decode = [] {
    void* library = dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL);
    return library == nullptr
               ? nullptr
               : reinterpret_cast<Decode>(dlsym(library, "lzma_stream_buffer_decode"));
  }();
  return decode;
}

}  // namespace

std::vector<uint8_t> DebugDataOf(const ElfImage& image) {
  const std::string_view packed = image.Section(".gnu_debugdata");
  if (packed.empty()) return {};
  const Decode decode = FindDecoder();
  if (decode == nullptr) return {};
  const auto* in = reinterpret_cast<const uint8_t*>(packed.data());
  for (size_t room = packed.size() * 8; room <= kMaxSize; room *= 2) {
    std::vector<uint8_t> out(room);
    uint64_t limit = kMemoryLimit;
    size_t read = 0, written = 0;
    const int result =
        decode(&limit, 0, nullptr, in, &read, packed.size(), out.data(), &written, out.size());
    if (result == kOk) {
      out.resize(written);
      return out;
    }
    if (result != kBufError) return {};
  }
  return {};
}

}  // namespace sigprof
