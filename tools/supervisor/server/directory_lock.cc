#include "tools/supervisor/server/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "tools/supervisor/core/errors.h"

namespace nonet::supervisor {

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(const std::string& dir) {
  RETURN_IF_ERROR(MakeDirectories(dir + "/supervisor"));
  const std::string path = dir + "/supervisor/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char pid[32];
    const ssize_t length = pread(fd, pid, sizeof(pid), 0);
    close(fd);
    return AlreadyRunning(dir, absl::StripAsciiWhitespace(absl::string_view(pid, length > 0 ? length : 0)));
  }
  // For the message of the one that comes second; the lock itself is what counts.
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    const std::string why = std::strerror(errno);
    close(fd);
    return absl::UnavailableError(absl::StrCat(path, ": ", why));
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(fd));
}

DirectoryLock::~DirectoryLock() { close(fd_); }

}  // namespace nonet::supervisor
