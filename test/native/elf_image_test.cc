// SPDX-License-Identifier: MIT
#include "os/elf_image.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <random>
#include <vector>

#include "os/maps.h"
#include "test_runner.h"

extern "C" {
int sigprof_test_answer = 42;
int sigprof_test_negative = -7;
int sigprof_test_zero;  // .bss
thread_local char sigprof_test_tls[100];
__attribute__((noinline)) int SigprofTestFunction(int x) {
  return x * 3 + sigprof_test_tls[x % 100];
}
}

namespace sigprof {
namespace {

// The load bias of this executable: address in the process minus address as linked.
uint64_t OwnBias(const ElfImage& image) {
  std::vector<Mapping> maps;
  ReadMaps(0, &maps);
  const Mapping* map = FindMapping(maps, reinterpret_cast<uint64_t>(&SigprofTestFunction));
  uint64_t vaddr = 0;
  if (map == nullptr || !image.AddressOfOffset(map->offset, &vaddr)) return 0;
  return map->start - vaddr;
}

// The kernel's vDSO: a whole small shared object that every machine has.
std::vector<uint8_t> Vdso() {
  std::vector<Mapping> maps;
  ReadMaps(0, &maps);
  const Mapping* map = FindMapping(maps, getauxval(AT_SYSINFO_EHDR));
  if (map == nullptr) return {};
  auto* bytes = reinterpret_cast<const uint8_t*>(map->start);
  return {bytes, bytes + (map->end - map->start)};
}

// Calls everything there is; only the sanitizers judge the answers.
void Exercise(const std::vector<uint8_t>& bytes) {
  auto image = ElfImage::FromMemory(bytes.data(), bytes.size());
  if (image == nullptr) return;
  ElfSymbol symbol;
  int32_t value;
  const uint8_t* out;
  uint64_t vaddr;
  unsigned sum = 0;
  for (const char* name : {"__vdso_clock_gettime", "__vdso_getcpu", "x", ""}) {
    image->FindDynamic(name, &symbol);
    image->IntValue(name, &value);
  }
  for (const ElfSegment& segment : image->segments()) {
    for (uint64_t at : {segment.vaddr, segment.vaddr + segment.filesz / 2}) {
      size_t room = image->BytesFrom(at, &out);
      if (room > 0) sum += out[0] + out[room - 1];
      image->NextFdeStart(at);
      image->FdeStart(at);
      image->AddressOfOffset(at, &vaddr);
    }
  }
  for (unsigned char c : image->build_id()) sum += c;
  auto visit = [&](const ElfSymbol&, std::string_view name) {
    for (unsigned char c : name) sum += c;
    return true;
  };
  image->ForEachSymbol(visit);
  image->ForEachSymbol(visit, true);
  for (const char* name : {".symtab", ".gnu_debugdata", ".dynstr", ""}) {
    for (unsigned char c : image->Section(name)) sum += c;
  }
  volatile unsigned sink = sum;
  (void)sink;
}

TEST("elf: exported ints have their initial values, in .data and in .bss") {
  auto image = ElfImage::Open("/proc/self/exe");
  REQUIRE(image != nullptr);
  int32_t value = 1;
  EXPECT(image->IntValue("sigprof_test_answer", &value) && value == 42);
  EXPECT(image->IntValue("sigprof_test_negative", &value) && value == -7);
  EXPECT(image->IntValue("sigprof_test_zero", &value) && value == 0);
  EXPECT(!image->IntValue("sigprof_test_answe", &value));
  EXPECT(!image->IntValue("sigprof_test_answer2", &value));
  EXPECT(!image->IntValue("malloc_usable_size_of_nothing", &value));
}

TEST("elf: a function is found by name, and its bytes are those in memory") {
  auto image = ElfImage::Open("/proc/self/exe");
  REQUIRE(image != nullptr);
  ElfSymbol symbol;
  REQUIRE(image->FindDynamic("SigprofTestFunction", &symbol));
  EXPECT(symbol.IsFunction() && symbol.size > 0);
  auto* code = reinterpret_cast<const uint8_t*>(&SigprofTestFunction);
  EXPECT_EQ(symbol.value + OwnBias(*image), reinterpret_cast<uint64_t>(code));
  const uint8_t* bytes = image->BytesAt(symbol.value, symbol.size);
  REQUIRE(bytes != nullptr);
  EXPECT(memcmp(bytes, code, symbol.size) == 0);
  EXPECT(image->BytesAt(symbol.value, size_t{1} << 40) == nullptr);
  EXPECT(image->BytesAt(symbol.value, ~size_t{0}) == nullptr);
  EXPECT(image->BytesAt(~uint64_t{0}, 1) == nullptr);
}

TEST("elf: the FDE table bounds a function on both sides") {
  auto image = ElfImage::Open("/proc/self/exe");
  ElfSymbol symbol;
  REQUIRE(image != nullptr && image->FindDynamic("SigprofTestFunction", &symbol));
  EXPECT_EQ(image->FdeStart(symbol.value), symbol.value);
  EXPECT_EQ(image->FdeStart(symbol.value + symbol.size - 1), symbol.value);
  EXPECT(image->FdeStart(symbol.value - 1) < symbol.value);
  EXPECT(image->NextFdeStart(symbol.value) >= symbol.value + symbol.size);
  EXPECT_EQ(image->NextFdeStart(symbol.value - 1), symbol.value);
  EXPECT_EQ(image->NextFdeStart(~uint64_t{0}), 0u);
  EXPECT_EQ(image->FdeStart(0), 0u);
}

TEST("elf: symbols are visited in both tables, until the visitor has enough") {
  auto image = ElfImage::Open("/proc/self/exe");
  REQUIRE(image != nullptr);
  for (bool dynamic : {false, true}) {
    int found = 0, visited = 0;
    EXPECT(image->ForEachSymbol(
        [&](const ElfSymbol& symbol, std::string_view name) {
          found += name == "sigprof_test_answer" && symbol.size == sizeof(int);
          return true;
        },
        dynamic));
    EXPECT_EQ(found, 1);
    image->ForEachSymbol([&](const ElfSymbol&, std::string_view) { return ++visited < 5; },
                         dynamic);
    EXPECT_EQ(visited, 5);
  }
}

TEST("elf: machine, thread-local storage and build id are told") {
  auto image = ElfImage::Open("/proc/self/exe");
  REQUIRE(image != nullptr);
#if defined(__x86_64__)
  EXPECT_EQ(image->machine(), EM_X86_64);
#else
  EXPECT_EQ(image->machine(), EM_AARCH64);
#endif
  REQUIRE(image->tls().has_value());
  EXPECT(image->tls()->size >= 100 && image->tls()->align >= 1);
  std::vector<uint8_t> vdso = Vdso();
  REQUIRE(!vdso.empty());
  auto small = ElfImage::FromMemory(vdso.data(), vdso.size());
  REQUIRE(small != nullptr);
  EXPECT_EQ(small->build_id().size(), 20u);
  EXPECT(!small->tls().has_value());
}

TEST("elf: what is no ELF file is refused") {
  for (const char* path : {"/proc/self/maps", "/", "/nonexistent", "/dev/zero", ""}) {
    EXPECT(ElfImage::Open(path) == nullptr);
  }
  std::vector<uint8_t> vdso = Vdso();
  for (size_t at : {size_t{0}, size_t{EI_CLASS}, size_t{EI_DATA}}) {
    std::vector<uint8_t> changed = vdso;
    changed[at] ^= 3;
    EXPECT(ElfImage::FromMemory(changed.data(), changed.size()) == nullptr);
  }
}

TEST("elf: a file cut anywhere is read without going past its end") {
  std::vector<uint8_t> vdso = Vdso();
  REQUIRE(!vdso.empty());
  for (size_t size = 0; size < vdso.size(); size += size < 2048 ? 1 : 37) {
    std::vector<uint8_t> cut(vdso.begin(), vdso.begin() + static_cast<ptrdiff_t>(size));
    cut.shrink_to_fit();  // the sanitizer sees the first byte beyond
    Exercise(cut);
  }
}

TEST("elf: damaged bytes anywhere never lead outside the file or round in circles") {
  std::vector<uint8_t> vdso = Vdso();
  REQUIRE(!vdso.empty());
  std::mt19937 random(4711);
  const uint64_t nasty[] = {0,
                            1,
                            0x7f,
                            0xff,
                            0xffff,
                            0x7fffffff,
                            0xffffffff,
                            ~uint64_t{0},
                            ~uint64_t{0} - 7,
                            vdso.size(),
                            vdso.size() - 1,
                            uint64_t{1} << 63};
  const uint32_t rounds = 4000 * test::FuzzFactor();
  for (uint32_t round = 0; round < rounds; round++) {
    std::vector<uint8_t> bytes = vdso;
    int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; i++) {
      // Mostly in the headers and tables of the first kilobytes.
      size_t at = random() % (random() % 4 ? 1024 : bytes.size() - 8);
      uint64_t value = random() % 2 ? nasty[random() % std::size(nasty)] : random();
      memcpy(&bytes[at], &value, size_t{1} << random() % 4);
    }
    Exercise(bytes);
  }
}

}  // namespace
}  // namespace sigprof
