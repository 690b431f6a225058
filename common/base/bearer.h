// The cluster's bearer token (RFC 6750): who may change things. It lies in DIR/token (mode 0600); gRPC and
// Azure Resource Manager REST take the same one. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet {

inline constexpr size_t kTokenBytes = 32;  // Random ones; written as hex.
inline constexpr size_t kTokenTextBytesMax = 4'096;

// UNAUTHENTICATED: TOKEN_MISSING without an Authorization header (empty), TOKEN_REFUSED when it is not
// "Bearer <token>"; both with the next step. Takes the same time wherever the first difference is.
absl::Status CheckBearer(absl::string_view authorization, absl::string_view token);

// The token in a token file's content. INVALID_ARGUMENT when there is none.
absl::StatusOr<std::string> ParseTokenFile(absl::string_view content, absl::string_view path);

}  // namespace nonet
