#include "tools/supervisor/server/ready_files.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"

namespace nonet::supervisor {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr size_t kReadyFileBytesMax = 64 * 1024;
constexpr absl::string_view kSuffix = ".json";

class InotifyReadyFiles final : public ReadyFiles {
 public:
  InotifyReadyFiles(EventLoop& loop, int fd, std::string directory, OnChange on_change)
      : descriptor_(loop.executor(), fd), directory_(std::move(directory)), on_change_(std::move(on_change)) {
    Read();
  }

  std::string PathOf(absl::string_view stem) const override {
    return absl::StrCat(directory_, "/", stem, kSuffix);
  }

  absl::StatusOr<int32_t> ReadPid(absl::string_view stem) const override {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(PathOf(stem), kReadyFileBytesMax));
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("pid") || !json["pid"].is_number_integer()) {
      return absl::InvalidArgumentError(absl::StrCat(PathOf(stem), " is not a ready file"));
    }
    return json["pid"].get<int32_t>();
  }

 private:
  void Read() {
    descriptor_.async_read_some(
        boost::asio::buffer(buffer_),
        [this, alive = std::weak_ptr<int>(alive_)](const boost::system::error_code& error, size_t bytes) {
          if (error || alive.expired()) return;
          Handle(bytes);
          if (!alive.expired()) Read();
        });
  }

  void Handle(size_t bytes) {
    const std::weak_ptr<int> alive = alive_;
    for (size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
      inotify_event event;
      std::memcpy(&event, buffer_ + at, sizeof(event));
      const std::string name = event.len == 0 ? "" : std::string(buffer_ + at + sizeof(event));
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        on_change_("");
      } else if (absl::EndsWith(name, std::string(kSuffix))) {
        on_change_(std::string(absl::StripSuffix(name, kSuffix)));
      }
      if (alive.expired()) return;
    }
  }

  stream_descriptor descriptor_;
  const std::string directory_;
  const OnChange on_change_;
  alignas(inotify_event) char buffer_[16 * 1024];
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReadyFiles>> ReadyFiles::Watch(EventLoop& loop, std::string directory,
                                                              OnChange on_change) {
  const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0 || inotify_add_watch(fd, directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) close(fd);
    return absl::UnavailableError(absl::StrCat("cannot watch ", directory, ": ", why));
  }
  return std::make_unique<InotifyReadyFiles>(loop, fd, std::move(directory), std::move(on_change));
}

}  // namespace nonet::supervisor
