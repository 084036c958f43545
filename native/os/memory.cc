// SPDX-License-Identifier: MIT
#include "os/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace sigprof {
namespace {

constexpr size_t kPage = 4096;
// Pieces per system call: the kernel copies the vector to its own stack or heap, and takes up to
// IOV_MAX (1024); 64 keep our own stack use at 2 KB, as this runs on JS threads in a GC prologue.
constexpr size_t kGather = 64;

void* AsPointer(Address address) { return reinterpret_cast<void*>(address); }

// True when the call itself was refused (seccomp, missing CAP, CROSS_MEMORY_ATTACH off) rather than
// the address.
bool IsCallRefused(int error) { return error == EPERM || error == ENOSYS || error == EACCES; }

// Leading bytes read by one process_vm_readv; -1 when the call is refused.
ssize_t VmRead(pid_t pid, Address address, void* out, size_t size) {
  iovec local = {out, size};
  iovec remote = {AsPointer(address), size};
  ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  if (got >= 0) return got;
  return IsCallRefused(errno) ? -1 : 0;
}

size_t FileRead(int fd, Address address, void* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got =
        pread(fd, static_cast<char*>(out) + done, size - done, static_cast<off_t>(address + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // EIO: nothing mapped; EINVAL: in the kernel's half of the addresses
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace

ProcessMemory::ProcessMemory(pid_t pid) : pid_(pid) {
  char path[32];
  if (pid == getpid()) {
    strcpy(path, "/proc/self/mem");
  } else {
    snprintf(path, sizeof path, "/proc/%d/mem", static_cast<int>(pid));
  }
  mem_fd_ = open(path, O_RDONLY | O_CLOEXEC);
  // Page 0 is never mapped for us to read, so an allowed call answers EFAULT and a refused one
  // EPERM.
  char probe;
  use_mem_fd_ = VmRead(pid, 0, &probe, 1) < 0;
}

ProcessMemory::~ProcessMemory() {
  if (mem_fd_ >= 0) close(mem_fd_);
}

bool ProcessMemory::usable() const { return !use_mem_fd_ || mem_fd_ >= 0; }

size_t ProcessMemory::Read(Address address, void* out, size_t size) {
  if (address + size < address) size = static_cast<size_t>(0 - address);
  if (!use_mem_fd_) {
    ssize_t got = VmRead(pid_, address, out, size);
    if (got >= 0) {
      size_t done = static_cast<size_t>(got);
      // process_vm_readv(2) promises no split of one element, though Linux does copy up to the bad
      // page. Going on page by page is right under both readings.
      while (done < size) {
        size_t room = kPage - static_cast<size_t>((address + done) % kPage);
        size_t want = std::min(room, size - done);
        if (done == 0 && want == size) break;  // a read inside one page was tried already
        got = VmRead(pid_, address + done, static_cast<char*>(out) + done, want);
        if (got <= 0) break;
        done += static_cast<size_t>(got);
      }
      return done;
    }
  }
  // Also here when a filter was installed after construction.
  return mem_fd_ >= 0 ? FileRead(mem_fd_, address, out, size) : 0;
}

void ProcessMemory::ReadMany(MemoryPiece* pieces, size_t count) {
  iovec local[kGather];
  iovec remote[kGather];
  size_t next = 0;
  while (next < count) {
    size_t batch = std::min(count - next, kGather);
    for (size_t i = 0; i < batch; i++) {
      const MemoryPiece& piece = pieces[next + i];
      local[i] = {piece.out, piece.size};
      remote[i] = {AsPointer(piece.address), piece.size};
    }
    ssize_t got = -1;
    bool refused = use_mem_fd_;
    if (!refused) {
      got = process_vm_readv(pid_, local, batch, remote, batch, 0);
      refused = got < 0 && IsCallRefused(errno);
    }
    if (refused) {
      for (; next < count; next++) {
        MemoryPiece& piece = pieces[next];
        piece.ok = Read(piece.address, piece.out, piece.size) == piece.size;
      }
      return;
    }
    // The kernel goes through the pieces in order and stops at the first bad one: skip that one.
    size_t left = got > 0 ? static_cast<size_t>(got) : 0;
    size_t i = 0;
    for (; i < batch; i++) {
      MemoryPiece& piece = pieces[next + i];
      piece.ok = left >= piece.size;
      if (!piece.ok) {
        i++;
        break;
      }
      left -= piece.size;
    }
    next += i;
  }
}

CachedMemory::~CachedMemory() { delete[] pages_; }

CachedMemory::Page* CachedMemory::Slot(Address base) {
  if (pages_ == nullptr) pages_ = new (std::nothrow) Page[kPages];
  return pages_ == nullptr ? nullptr : &pages_[(base / kPageSize) % kPages];
}

bool CachedMemory::Holds(const Page& page, Address base) const {
  return page.valid == generation_ && page.base == base;
}

const CachedMemory::Page* CachedMemory::Lookup(Address base) {
  Page* page = Slot(base);
  if (page == nullptr || Holds(*page, base)) return page;
  page->size = static_cast<uint32_t>(backing_->Read(base, page->bytes, kPageSize));
  page->base = base;
  page->valid = generation_;
  return page;
}

size_t CachedMemory::Read(Address address, void* out, size_t size) {
  // Long reads (source texts, tables) would only push out what is used again.
  if (size > kMaxCachedRead) return backing_->Read(address, out, size);
  size_t done = 0;
  while (done < size) {
    Address at = address + done;
    size_t offset = static_cast<size_t>(at % kPageSize);
    size_t want = std::min(size - done, kPageSize - offset);
    const Page* page = Lookup(at - offset);
    if (page == nullptr) return backing_->Read(address, out, size);
    size_t have = page->size > offset ? std::min<size_t>(page->size - offset, want) : 0;
    memcpy(static_cast<char*>(out) + done, page->bytes + offset, have);
    done += have;
    if (have < want) break;
  }
  return done;
}

void CachedMemory::ReadMany(MemoryPiece* pieces, size_t count) {
  // First the pages that are missing, many in one call; then every piece from the cache. A slot
  // wanted by two pages is filled for the first; the second is read on its own below.
  for (size_t next = 0; next < count;) {
    MemoryPiece fills[kFillBatch];
    size_t fill_count = 0;
    for (; next < count && fill_count < kFillBatch; next++) {
      Address base = pieces[next].address - pieces[next].address % kPageSize;
      Page* page = Slot(base);
      if (page == nullptr || pieces[next].size > kMaxCachedRead || Holds(*page, base)) continue;
      bool taken = std::any_of(fills, fills + fill_count,
                               [page](const MemoryPiece& fill) { return fill.out == page->bytes; });
      if (taken) continue;
      page->valid = 0;  // until it is filled
      fills[fill_count++] = {base, page->bytes, kPageSize, false};
    }
    backing_->ReadMany(fills, fill_count);
    for (size_t i = 0; i < fill_count; i++) {
      if (!fills[i].ok) continue;
      Page* page = Slot(fills[i].address);
      page->base = fills[i].address;
      page->size = kPageSize;
      page->valid = generation_;
    }
  }
  for (size_t i = 0; i < count; i++) {
    MemoryPiece& piece = pieces[i];
    piece.ok = Read(piece.address, piece.out, piece.size) == piece.size;
  }
}

void CachedMemory::Drop() {
  if (++generation_ != 0) return;
  generation_ = 1;
  for (size_t i = 0; pages_ != nullptr && i < kPages; i++) pages_[i].valid = 0;
}

}  // namespace sigprof
