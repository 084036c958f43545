// SPDX-License-Identifier: MIT
#include "sampler/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/clocks.h"

namespace sigprof {
namespace {

constexpr int kCreateFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

const char* Remedy(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some space or choose another folder";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a folder this user may write to";
    case ENOENT:
    case ENOTDIR:
      return "create the folder first";
    case EFBIG:
      return "raise the file size limit (`ulimit -f`)";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (`ulimit -n`)";
    case EEXIST:
      return "choose another name or remove the old file";
    default:
      return "choose another folder";
  }
}

Status Refusal(const char* what, const std::string& path, int error) {
  return Status("ERR_SIGPROF_OUTPUT",
                std::string(what) + ' ' + path + ": " + strerror(error) + "; " + Remedy(error));
}

std::string RandomSuffix() {
  uint64_t value = 0;
  if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value)) value = MonotonicNs();
  char text[20];
  snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// Never over an existing file. 0 or an errno.
int RenameNoReplace(int directory, const char* from, const char* to) {
  if (syscall(SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // File systems without that flag: a second name, then the first goes.
  if (linkat(directory, from, directory, to, 0) != 0) return errno;
  unlinkat(directory, from, 0);
  return 0;
}

}  // namespace

Status OutputFile::CreateIn(int directory_fd, const std::string& directory,
                            const std::string& name) {
  directory_fd_ = directory_fd;
  directory_ = directory;
  name_ = name;
  temporary_ = '.' + name + '.' + RandomSuffix();
  fd_ = openat(directory_fd, temporary_.c_str(), kCreateFlags, 0600);
  size_ = 0;
  return fd_ >= 0 ? Status() : Refusal("Cannot create a recording in", directory, errno);
}

Status OutputFile::CreateAt(const std::string& path) {
  directory_fd_ = AT_FDCWD;
  directory_.clear();
  name_ = path;
  temporary_.clear();
  fd_ = open(path.c_str(), kCreateFlags, 0600);
  size_ = 0;
  return fd_ >= 0 ? Status() : Refusal("Cannot create", path, errno);
}

Status OutputFile::Append(const std::vector<uint8_t>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(fd_, bytes.data() + done, bytes.size() - done);
    if (count > 0) {
      done += static_cast<size_t>(count);
      continue;
    }
    const int error = count < 0 ? errno : EIO;
    if (error == EINTR) continue;
    // Back to the last whole batch. If even that fails, readers drop the torn chunk.
    if (ftruncate(fd_, static_cast<off_t>(size_)) == 0) {
      lseek(fd_, static_cast<off_t>(size_), SEEK_SET);
    }
    return Refusal("Cannot write to", directory_.empty() ? name_ : directory_ + '/' + name_, error);
  }
  size_ += bytes.size();
  return Status();
}

Status OutputFile::Commit(std::string* path) {
  // Before the name: a file of that name is whole even after a crash of the machine.
  const int sync_error = fsync(fd_) == 0 || errno == EINVAL ? 0 : errno;
  const std::string prefix = directory_.empty() ? "" : directory_ + '/';
  int rename_error = 0;
  if (!temporary_.empty()) {
    rename_error = RenameNoReplace(directory_fd_, temporary_.c_str(), name_.c_str());
  }
  *path = prefix + (rename_error != 0 ? temporary_ : name_);
  Close();
  if (rename_error != 0)
    return Refusal("Cannot rename the recording to", prefix + name_, rename_error);
  if (sync_error != 0) return Refusal("Cannot write to", *path, sync_error);
  return Status();
}

void OutputFile::Discard() {
  if (fd_ < 0) return;
  unlinkat(directory_fd_, temporary_.empty() ? name_.c_str() : temporary_.c_str(), 0);
  Close();
}

void OutputFile::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace sigprof
