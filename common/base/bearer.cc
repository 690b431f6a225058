#include "common/base/bearer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace nonet {
namespace {

constexpr absl::string_view kScheme = "Bearer ";
constexpr char kNextStep[] =
    "send 'authorization: Bearer TOKEN' with the content of DIR/token (armTokenFile in cluster.json); the "
    "nonet "
    "command reads that file by --dir";

bool SameInConstantTime(absl::string_view given, absl::string_view token) {
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ token[i % token.size()]);
  }
  return difference == 0;
}

}  // namespace

absl::Status CheckBearer(absl::string_view authorization, absl::string_view token) {
  if (authorization.empty()) {
    return MakeError(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                     "this call changes the cluster and needs its bearer token", {.next_step = kNextStep});
  }
  const bool bearer = absl::StartsWithIgnoreCase(authorization, kScheme);
  const absl::string_view given =
      bearer ? absl::StripAsciiWhitespace(authorization.substr(kScheme.size())) : absl::string_view();
  if (token.empty() || !SameInConstantTime(given, token)) {
    return MakeError(absl::StatusCode::kUnauthenticated, "TOKEN_REFUSED",
                     bearer ? "the bearer token is not this cluster's"
                            : "the Authorization header carries no bearer token",
                     {.next_step = kNextStep});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseTokenFile(absl::string_view content, absl::string_view path) {
  const absl::string_view token = absl::StripAsciiWhitespace(content);
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (token.empty() || token.size() > kTokenTextBytesMax || !printable) {
    return MakeError(absl::StatusCode::kInvalidArgument, "BAD_TOKEN_FILE",
                     absl::StrCat(path, " holds no token: one line of printable characters is expected"),
                     {.next_step = "remove it and run nonet down and nonet up, which makes a new one"});
  }
  return std::string(token);
}

}  // namespace nonet
