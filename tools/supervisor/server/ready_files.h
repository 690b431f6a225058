// DIR/run: each process writes its ready file there when it serves; inotify tells at once.
//
//   ASSIGN_OR_RETURN(auto files, ReadyFiles::Watch(loop, dir + "/run", [](const std::string& stem) { ... }));
//
// The loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/loop/event_loop.h"

namespace nonet::supervisor {

class ReadyFiles {
 public:
  // Called with "contoso__westus" when DIR/run/contoso__westus.json is new; with "" when any may be.
  using OnChange = std::function<void(const std::string& stem)>;
  static absl::StatusOr<std::unique_ptr<ReadyFiles>> Watch(EventLoop& loop, std::string directory,
                                                           OnChange on_change);
  virtual ~ReadyFiles() = default;

  virtual std::string PathOf(absl::string_view stem) const = 0;
  // The pid in the file; NOT_FOUND when there is none, INVALID_ARGUMENT when it is not a ready file.
  virtual absl::StatusOr<int32_t> ReadPid(absl::string_view stem) const = 0;
};

}  // namespace nonet::supervisor
