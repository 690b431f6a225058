// One supervisor a directory: a lock on DIR/supervisor/lock that the kernel releases with the process.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace nonet::supervisor {

class DirectoryLock {
 public:
  // FAILED_PRECONDITION when another process holds it. The directory DIR/supervisor is made if needed.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(const std::string& dir);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace nonet::supervisor
