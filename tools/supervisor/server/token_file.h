// DIR/token: the cluster's bearer token (common/base/bearer.h), mode 0600. Made at the first start; survives
// down and up.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::supervisor {

std::string TokenFile(absl::string_view dir);

struct Token {
  std::string text;
  bool new_one = false;  // Not in the file yet.
};
// The one in the file, or a new one. INVALID_ARGUMENT when the file holds none.
absl::StatusOr<Token> LoadToken(const std::string& dir);
// Writes a new one down.
absl::Status KeepToken(const std::string& dir, const Token& token);

}  // namespace nonet::supervisor
