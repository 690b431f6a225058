#include "common/process/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace nonet {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

std::string Parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("write", path);
    content.remove_prefix(static_cast<size_t>(n));
  }
  if (fsync(fd) != 0) return Failed("sync", path);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open directory", path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  if (fsync(fd) != 0) return Failed("sync directory", path);
  return absl::OkStatus();
}

// Unique among the writers of one file, in this and in other processes.
std::string TemporaryName(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  return absl::StrCat(path, ".tmp.", getpid(), "-", ++counter);
}

}  // namespace

absl::Status WriteFileAtomic(const std::string& path, absl::string_view content, unsigned mode) {
  const std::string temporary = TemporaryName(path);
  unlink(temporary.c_str());  // Left by a process that died with our pid.
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return Failed("create", temporary);
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  {
    const absl::Cleanup close_fd = [fd] { close(fd); };
    if (fchmod(fd, mode) != 0) return Failed("set the mode of", temporary);  // Whatever the umask.
    RETURN_IF_ERROR(WriteAll(fd, content, temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return Failed("replace", path);
  std::move(remove).Cancel();
  return SyncDirectory(Parent(path));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info {};
  if (fstat(fd, &info) != 0) return Failed("read", path);
  if (S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is a directory"));
  std::string content;
  // One byte more than the file says: its end is seen without growing the string.
  content.resize(std::min<size_t>(static_cast<size_t>(info.st_size), bytes_max) + 1);
  size_t have = 0;
  while (true) {
    if (have > bytes_max) {
      return absl::ResourceExhaustedError(absl::StrCat(path, " has more than ", bytes_max, " bytes"));
    }
    if (have == content.size()) content.resize(std::min(content.size() * 2, bytes_max + 1));
    const ssize_t n = read(fd, content.data() + have, content.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("read", path);
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  content.resize(have);
  return content;
}

absl::Status MakeDirectories(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the empty path names no directory");
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    struct stat info {};
    if (mkdir(part.c_str(), 0700) != 0 &&
        (errno != EEXIST || stat(part.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
      if (errno == EEXIST) errno = ENOTDIR;
      return Failed("create directory", part);
    }
    if (end == std::string::npos) return absl::OkStatus();
  }
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed("remove", path);
  return absl::OkStatus();
}

}  // namespace nonet
