// Small files, whole: state that must survive a crash is written beside, synced, renamed, and the directory
// synced. Mode 0600 unless given.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet {

// Atomic and durable: after OK the new content survives power loss; otherwise the old one stands.
absl::Status WriteFileAtomic(const std::string& path, absl::string_view content, unsigned mode = 0600);
// NOT_FOUND when there is none. RESOURCE_EXHAUSTED when above `bytes_max`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max = 256 * 1024 * 1024);
// Creates missing parents; mode 0700.
absl::Status MakeDirectories(const std::string& path);
// OK when there was none.
absl::Status RemoveFile(const std::string& path);

}  // namespace nonet
