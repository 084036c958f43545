// SPDX-License-Identifier: MIT
#include "os/memory.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "test_runner.h"

namespace sigprof {
namespace {

constexpr size_t kPage = 4096;

// Two pages of bytes i % 251, then one that can't be read.
struct Pages {
  Pages() {
    bytes = static_cast<unsigned char*>(
        mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t i = 0; i < 2 * kPage; i++) bytes[i] = static_cast<unsigned char>(i % 251);
    munmap(bytes + 2 * kPage, kPage);
  }
  ~Pages() { munmap(bytes, 2 * kPage); }
  Address at(size_t offset) const { return reinterpret_cast<Address>(bytes) + offset; }
  unsigned char* bytes;
};

// Counts what reaches the memory behind a cache.
class CountingMemory : public Memory {
 public:
  size_t Read(Address address, void* out, size_t size) override {
    reads++;
    return memory.Read(address, out, size);
  }
  void ReadMany(MemoryPiece* pieces, size_t count) override {
    if (count > 0) gathers++;
    memory.ReadMany(pieces, count);
  }
  ProcessMemory memory{getpid()};
  int reads = 0;
  int gathers = 0;
};

// Denies process_vm_readv to this process from now on.
bool DenyVmRead() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool ReadsTheStart(ProcessMemory* memory, const Pages& pages) {
  unsigned char out[100];
  MemoryPiece pieces[2] = {{pages.at(0), out, 50, false}, {pages.at(2 * kPage), out, 50, true}};
  if (memory->Read(pages.at(0), out, 100) != 100 || memcmp(out, pages.bytes, 100) != 0)
    return false;
  if (memory->Read(pages.at(2 * kPage - 10), out, 100) != 10) return false;
  memory->ReadMany(pieces, 2);
  return pieces[0].ok && !pieces[1].ok && memory->usable();
}

TEST("memory: a read across an unmapped page ends at that page") {
  Pages pages;
  ProcessMemory memory(getpid());
  std::vector<unsigned char> out(3 * kPage);
  EXPECT_EQ(memory.Read(pages.at(100), out.data(), 3 * kPage), 2 * kPage - 100);
  EXPECT(memcmp(out.data(), pages.bytes + 100, 2 * kPage - 100) == 0);
  EXPECT_EQ(memory.Read(pages.at(2 * kPage - 1), out.data(), 2), 1u);
  EXPECT_EQ(memory.Read(pages.at(2 * kPage), out.data(), 1), 0u);
}

TEST("memory: wild addresses read nothing") {
  ProcessMemory memory(getpid());
  char out[64];
  for (Address address : {Address{0}, Address{8}, Address{0x8000000000000000}, ~Address{0},
                          ~Address{0} - 30, Address{0xffff800000000000}}) {
    EXPECT_EQ(memory.Read(address, out, sizeof out), 0u);
  }
}

TEST("memory: a gather read marks just the bad pieces, over many pieces") {
  Pages pages;
  ProcessMemory memory(getpid());
  constexpr size_t kCount = 500;
  std::vector<uint64_t> out(kCount);
  std::vector<MemoryPiece> pieces;
  for (size_t i = 0; i < kCount; i++) {
    bool bad = i % 7 == 3 || i == kCount - 1;
    pieces.push_back({bad ? pages.at(2 * kPage) + i : pages.at(i * 8), &out[i], 8, bad});
  }
  memory.ReadMany(pieces.data(), kCount);
  for (size_t i = 0; i < kCount; i++) {
    bool bad = i % 7 == 3 || i == kCount - 1;
    EXPECT_EQ(pieces[i].ok, !bad);
    if (!bad) EXPECT(memcmp(&out[i], pages.bytes + i * 8, 8) == 0);
  }
}

TEST("memory: another process is read, and a gone one is not") {
  Pages pages;
  pid_t child = fork();
  if (child == 0) {
    pages.bytes[0] = 99;  // in the child's copy only
    pause();
    _exit(0);
  }
  ProcessMemory memory(child);
  unsigned char byte = 0;
  for (int i = 0; i < 1000 && byte != 99; i++) {
    EXPECT(memory.Load(pages.at(0), &byte));
    usleep(1000);
  }
  EXPECT_EQ(byte, 99);
  EXPECT_EQ(pages.bytes[0], 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT(!memory.Load(pages.at(0), &byte));
}

TEST("memory: /proc/self/mem serves where process_vm_readv is denied, before or after opening") {
  pid_t child = fork();
  if (child == 0) {
    Pages pages;
    ProcessMemory early(getpid());
    if (!DenyVmRead()) _exit(2);
    ProcessMemory late(getpid());
    _exit(ReadsTheStart(&early, pages) && ReadsTheStart(&late, pages) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST("memory: the cache reads a page once, until it is dropped") {
  Pages pages;
  CountingMemory backing;
  CachedMemory cache(&backing);
  uint64_t word = 0;
  for (size_t i = 0; i < 100; i++) EXPECT(cache.Load(pages.at(i * 8), &word));
  EXPECT_EQ(backing.reads, 1);
  pages.bytes[0] = 77;
  unsigned char byte = 0;
  EXPECT(cache.Load(pages.at(0), &byte));
  EXPECT_EQ(byte, 0);
  cache.Drop();
  EXPECT(cache.Load(pages.at(0), &byte));
  EXPECT_EQ(byte, 77);
  EXPECT_EQ(backing.reads, 2);
}

TEST("memory: the cache keeps the ends of what can be read") {
  Pages pages;
  CountingMemory backing;
  CachedMemory cache(&backing);
  std::vector<unsigned char> out(8 * kPage);
  EXPECT_EQ(cache.Read(pages.at(kPage - 5), out.data(), 10), 10u);
  EXPECT(memcmp(out.data(), pages.bytes + kPage - 5, 10) == 0);
  EXPECT_EQ(cache.Read(pages.at(2 * kPage - 5), out.data(), 10), 5u);
  EXPECT_EQ(cache.Read(pages.at(0), out.data(), 8 * kPage), 2 * kPage);
  EXPECT_EQ(cache.Read(pages.at(2 * kPage), out.data(), 1), 0u);
}

TEST("memory: a cached gather read fills its pages in one call, also where two share a slot") {
  std::vector<unsigned char> arena(130 * kPage);
  for (size_t i = 0; i < arena.size(); i++) arena[i] = static_cast<unsigned char>(i / kPage);
  CountingMemory backing;
  CachedMemory cache(&backing);
  unsigned char out[20] = {};
  MemoryPiece pieces[20];
  auto base = reinterpret_cast<Address>(arena.data());
  for (size_t i = 0; i < 20; i++) pieces[i] = {base + i * kPage, &out[i], 1, false};
  cache.ReadMany(pieces, 20);
  for (size_t i = 0; i < 20; i++) EXPECT(pieces[i].ok && out[i] == i);
  EXPECT_EQ(backing.gathers, 1);
  EXPECT_EQ(backing.reads, 0);
  for (size_t i = 0; i < 20; i++) pieces[i] = {base + (i % 2) * 64 * kPage + i, &out[i], 1, false};
  cache.ReadMany(pieces, 20);
  for (size_t i = 0; i < 20; i++) EXPECT(pieces[i].ok && out[i] == (i % 2) * 64);
}

}  // namespace
}  // namespace sigprof
