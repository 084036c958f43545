// SPDX-License-Identifier: MIT
// Reading memory that may not be there. Every read of the V8 heap goes through a Memory, in-process
// and from outside alike, so that a wrong pointer costs a failed read and never a fault.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace sigprof {

using Address = uint64_t;

// One piece of a gather read.
struct MemoryPiece {
  Address address;
  void* out;
  uint32_t size;
  bool ok;  // set by ReadMany: all `size` bytes were read
};

// Not thread-safe unless an implementation says so. Not for the signal handler.
class Memory {
 public:
  virtual ~Memory() = default;

  // Copies up to `size` bytes from `address` to `out`; returns how many leading bytes were read.
  // A short count means that the first unreadable page was reached; 0 that nothing is readable.
  virtual size_t Read(Address address, void* out, size_t size) = 0;

  // Reads all pieces in as few system calls as the kernel allows.
  virtual void ReadMany(MemoryPiece* pieces, size_t count) = 0;

  // True when all of T was read.
  template <typename T>
  bool Load(Address address, T* out) {
    return Read(address, out, sizeof(T)) == sizeof(T);
  }
};

// Memory of a process by process_vm_readv, and by pread on /proc/PID/mem where a seccomp filter
// denies that call. For the own process the descriptor is opened at construction, because after a
// setuid an undumpable process can't open it any more (but may go on using it).
// Thread-safe: holds no state that a read changes.
class ProcessMemory final : public Memory {
 public:
  explicit ProcessMemory(pid_t pid);
  ~ProcessMemory() override;
  ProcessMemory(const ProcessMemory&) = delete;
  ProcessMemory& operator=(const ProcessMemory&) = delete;

  size_t Read(Address address, void* out, size_t size) override;
  void ReadMany(MemoryPiece* pieces, size_t count) override;

  // False when neither way works; then every read returns 0.
  bool usable() const;

 private:
  pid_t pid_;
  int mem_fd_ = -1;
  bool use_mem_fd_ = false;
};

// A 4 KB page cache in front of another Memory: neighbouring fields cost one system call. Holds at
// most kPages pages and must be dropped whenever the memory behind it may have changed.
class CachedMemory final : public Memory {
 public:
  // `backing` outlives the cache.
  explicit CachedMemory(Memory* backing) : backing_(backing) {}
  ~CachedMemory() override;
  CachedMemory(const CachedMemory&) = delete;
  CachedMemory& operator=(const CachedMemory&) = delete;

  size_t Read(Address address, void* out, size_t size) override;
  void ReadMany(MemoryPiece* pieces, size_t count) override;
  void Drop();

 private:
  static constexpr size_t kPageSize = 4096;
  static constexpr size_t kPages = 64;  // direct-mapped
  static constexpr size_t kMaxCachedRead = 4 * kPageSize;
  static constexpr size_t kFillBatch = 32;
  struct Page {
    Address base = 0;
    uint32_t valid = 0;  // generation in which it was filled; 0 = never
    uint32_t size = 0;   // leading bytes that could be read
    unsigned char bytes[kPageSize];
  };
  Page* Slot(Address base);
  bool Holds(const Page& page, Address base) const;
  const Page* Lookup(Address base);

  Memory* backing_;
  uint32_t generation_ = 1;
  Page* pages_ = nullptr;  // kPages of them, allocated at first use
};

}  // namespace sigprof
