// SPDX-License-Identifier: MIT
#include "v8/image.h"

#include <elf.h>
#include <string.h>

#include <map>
#include <mutex>
#include <string_view>

namespace sigprof {
namespace {

// A process attaches to few kinds of Node; a host full of them shows no more than this.
constexpr size_t kMaxCachedImages = 16;
constexpr size_t kMaxVersionText = 64;

Status Unsupported(std::string message) {
  return Status("ERR_SIGPROF_UNSUPPORTED", std::move(message));
}

class FileSymbols final : public SymbolSource {
 public:
  explicit FileSymbols(const ElfImage& image) : image_(image) {}
  bool ReadInt(const char* name, int32_t* value) const override {
    return image_.IntValue(name, value);
  }

 private:
  const ElfImage& image_;
};

// v8::internal::Version's four numbers, and the embedder's suffix where the linker filled in the
// pointer to it.
std::string ReadV8Version(const ElfImage& image) {
  std::string text;
  for (const char* name : {"_ZN2v88internal7Version6major_E", "_ZN2v88internal7Version6minor_E",
                           "_ZN2v88internal7Version6build_E", "_ZN2v88internal7Version6patch_E"}) {
    int32_t number = 0;
    if (!image.IntValue(name, &number)) return {};
    if (!text.empty()) text += '.';
    text += std::to_string(number);
  }
  ElfSymbol embedder;
  if (!image.FindDynamic("_ZN2v88internal7Version9embedder_E", &embedder)) return text;
  const uint8_t* pointer = image.BytesAt(embedder.value, 8);
  uint64_t address = 0;
  if (pointer != nullptr) memcpy(&address, pointer, sizeof address);
  const uint8_t* suffix = nullptr;
  const size_t room = std::min(image.BytesFrom(address, &suffix), kMaxVersionText);
  if (room > 0)
    text.append(reinterpret_cast<const char*>(suffix),
                strnlen(reinterpret_cast<const char*>(suffix), room));
  return text;
}

std::string_view BytesOf(const ElfImage& image, const ElfSegment& segment) {
  const uint8_t* bytes = nullptr;
  const size_t size = image.BytesFrom(segment.vaddr, &bytes);
  return {reinterpret_cast<const char*>(bytes), size};
}

size_t FindBytes(std::string_view where, const void* what, size_t size) {
  const void* at = memmem(where.data(), where.size(), what, size);
  return at == nullptr ? std::string_view::npos
                       : static_cast<size_t>(static_cast<const char*>(at) - where.data());
}

// "20.20.2" at the start of the text; empty if there is no such thing.
std::string_view TakeVersion(std::string_view text) {
  size_t length = 0, dots = 0;
  while (length < text.size() && length < kMaxVersionText) {
    const char c = text[length];
    if (c == '.') {
      if (++dots == 3) break;
    } else if (c < '0' || c > '9') {
      break;
    }
    length++;
  }
  return dots >= 2 && length >= 5 ? text.substr(0, length) : std::string_view();
}

// process.release.headersUrl is a constant that ends in "/node-v20.20.2-headers.tar.gz".
std::string ReadNodeVersion(const ElfImage& image) {
  constexpr std::string_view kMark = "/node-v";
  for (const ElfSegment& segment : image.segments()) {
    if (segment.writable) continue;
    std::string_view bytes = BytesOf(image, segment);
    for (;;) {
      const size_t at = FindBytes(bytes, kMark.data(), kMark.size());
      if (at == std::string_view::npos) break;
      bytes.remove_prefix(at + kMark.size());
      const std::string_view version = TakeVersion(bytes);
      if (!version.empty()) return "v" + std::string(version);
    }
  }
  return {};
}

// Calibrates by V8's JSEntry builtin and bounds the code around it: builtins have no unwind
// entries, so the functions before and after that have some enclose them.
bool FindBuiltinCode(const ElfImage& image, V8Image* out) {
  for (const ElfSegment& segment : image.segments()) {
    if (!segment.executable) continue;
    const std::string_view bytes = BytesOf(image, segment);
    size_t at = 0;
    const auto* code = reinterpret_cast<const uint8_t*>(bytes.data());
    if (bytes.empty() || !CalibrateCapture(code, bytes.size(), &out->layout.capture, &at)) continue;
    const uint64_t entry = segment.vaddr + at;
    const uint64_t before = image.FdeStart(entry);
    const uint64_t after = image.NextFdeStart(entry);
    out->code_start = before > segment.vaddr ? before : segment.vaddr;
    const uint64_t end = segment.vaddr + bytes.size();
    out->code_end = after != 0 && after < end ? after : end;
    return true;
  }
  return false;
}

uint64_t AlignUp(uint64_t value, uint64_t align) {
  return align > 1 ? (value + align - 1) / align * align : value;
}

// mov rax, fs:disp32; the whole of v8::Isolate::GetCurrent() where the variable has no symbol.
bool DecodeGetCurrent(const ElfImage& image, int64_t* offset) {
  constexpr uint8_t kLoad[] = {0x64, 0x48, 0x8b, 0x04, 0x25};
  constexpr size_t kMaxBody = 32;
  ElfSymbol function;
  if (!image.FindDynamic("_ZN2v87Isolate10GetCurrentEv", &function)) return false;
  const uint8_t* body = nullptr;
  const size_t size = std::min(image.BytesFrom(function.value, &body), kMaxBody);
  const size_t at = FindBytes({reinterpret_cast<const char*>(body), size}, kLoad, sizeof kLoad);
  if (at == std::string_view::npos || at + sizeof kLoad + 4 > size) return false;
  int32_t displacement;
  memcpy(&displacement, body + at + sizeof kLoad, sizeof displacement);
  *offset = displacement;
  return displacement < 0;
}

bool FindIsolateSlot(const ElfImage& image, IsolateSlot* slot) {
  ElfSymbol symbol;
  if (image.FindDynamic("_ZN2v88internal7Isolate12isolate_key_E", &symbol)) {
    slot->key_address = symbol.value;
    return true;
  }
  // The thread-local block of the main program ends at the thread pointer.
  if (image.FindDynamic("_ZN2v88internal18g_current_isolate_E", &symbol) &&
      image.tls().has_value()) {
    slot->tls_offset = static_cast<int64_t>(symbol.value) -
                       static_cast<int64_t>(AlignUp(image.tls()->size, image.tls()->align));
    return slot->tls_offset < 0;
  }
  return DecodeGetCurrent(image, &slot->tls_offset);
}

Status Read(const std::shared_ptr<const ElfImage>& image, V8Image* out) {
  ElfSymbol symbol;
  if (!image->FindDynamic("_ZN2v87Isolate10GetCurrentEv", &symbol)) {
    return Status("ERR_SIGPROF_NOT_NODE", "there is no V8 in its program");
  }
  if (image->machine() != EM_X86_64) {
    return Unsupported("its Node is built for another processor; sigprof reads x64 only");
  }
  out->v8_version = ReadV8Version(*image);
  Status status =
      LoadHeapLayout(FileSymbols(*image), ParseV8Version(out->v8_version), &out->layout);
  if (!status.ok()) return status;
  if (!FindBuiltinCode(*image, out)) {
    return Unsupported("the entry code of its V8 " + out->v8_version +
                       " is not as expected; use an official Node 18 to 26 for x64");
  }
  if (!FindIsolateSlot(*image, &out->slot)) {
    return Unsupported("its V8 " + out->v8_version +
                       " does not tell where threads keep their isolate; use an official Node 18 "
                       "to 26 for x64");
  }
  out->node_version = ReadNodeVersion(*image);
  out->position_independent = image->position_independent();
  out->symbols = std::make_shared<BuiltinSymbols>(image);
  return Status();
}

}  // namespace

std::shared_ptr<const V8Image> LoadV8Image(const std::string& path, Status* status) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const V8Image>>* const known =
      new std::map<std::string, std::shared_ptr<const V8Image>>;
  const std::shared_ptr<const ElfImage> elf = ElfImage::Open(path);
  if (elf == nullptr) {
    *status = Status("ERR_SIGPROF_NOT_NODE", "its program is no 64-bit ELF file that can be read");
    return nullptr;
  }
  const std::string id(elf->build_id());
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = id.empty() ? known->end() : known->find(id);
  if (found != known->end()) return found->second;
  auto image = std::make_shared<V8Image>();
  *status = Read(elf, image.get());
  if (!status->ok()) return nullptr;
  if (id.empty()) return image;
  if (known->size() >= kMaxCachedImages) known->clear();
  (*known)[id] = image;
  return image;
}

}  // namespace sigprof
