// backup, restore: the control plane's state as one file, and back.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "tools/cli/client/backup_client.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/launch.h"
#include "tools/cli/machine/processes.h"

namespace nonet::cli {
namespace {

absl::Status CannotWrite(const std::string& path) {
  return errors::Local("CANNOT_WRITE", absl::StrCat("cannot write ", path, ": ", std::strerror(errno)),
                       "nonet backup with a file in a directory that can be written");
}

// Beside the file until it is whole; then in its place, synced.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".partial") {}
  ~NewFile() {
    if (fd_ >= 0) close(fd_);
    if (!kept_) unlink(temporary_.c_str());
  }
  absl::Status Open() {
    fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd_ < 0 ? CannotWrite(temporary_) : absl::OkStatus();
  }
  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) return CannotWrite(temporary_);
      if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }
  absl::Status Keep() {
    if (fsync(fd_) != 0) return CannotWrite(temporary_);
    if (rename(temporary_.c_str(), path_.c_str()) != 0) return CannotWrite(path_);
    kept_ = true;
    const std::string parent = std::filesystem::absolute(path_).parent_path().string();
    const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return synced ? absl::OkStatus() : CannotWrite(parent);
  }

 private:
  const std::string path_;
  const std::string temporary_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace

absl::StatusOr<int> Run(const Context& context, const BackupOptions& options) {
  ASSIGN_OR_RETURN(const Addresses addresses, FindAddresses(context.dir));
  const absl::StatusOr<std::string> token = ReadFile(context.dir + "/token");
  NewFile file(options.file);
  RETURN_IF_ERROR(file.Open());
  ASSIGN_OR_RETURN(
      const backup::v1::BackupManifest manifest,
      TakeBackup(addresses.control, token.ok() ? std::string(absl::StripSuffix(*token, "\n")) : "",
                 [&](absl::string_view bytes) { return file.Write(bytes); }));
  RETURN_IF_ERROR(file.Keep());
  Say(context, absl::StrCat("wrote revision ", manifest.revision(), " to ", options.file,
                            "; it holds keys, so keep it as you keep them"));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const RestoreOptions& options) {
  if (!FindProcesses("/proc", context.dir).empty()) {
    return errors::Local("STILL_RUNNING", absl::StrCat("the cluster in ", context.dir, " is running"),
                         WithDir("nonet down", context.dir));
  }
  std::vector<std::string> arguments{absl::StrCat("--dir=", context.dir),
                                     absl::StrCat("--restore=", options.file)};
  if (options.force) arguments.push_back("--force");
  ASSIGN_OR_RETURN(const int code, RunToEnd(SiblingProgram("nonet-controlplane"), arguments));
  if (code == kExitDone) Say(context, absl::StrCat("start it: ", WithDir("nonet up", context.dir)));
  return code;
}

}  // namespace nonet::cli
