// Access tokens of clients and of REST callers: JWTs signed with HS256 by either access key. Pure but for
// libjwt; any thread. Source: Azure Web PubSub, "Azure Web PubSub client access URL" and REST authentication.
//
//   ASSIGN_OR_RETURN(TokenClaims claims, VerifyToken(token, keys, audience, wall_ns));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::replica {

// How far the signer's clock may be off.
inline constexpr int64_t kTokenSkewS = 300;

// The key strings themselves are the HMAC keys: never base64-decoded.
struct TokenKeys {
  std::string primary;
  std::string secondary;
};

// What `aud` must name: any scheme, one of the hosts with any port, and the path.
struct Audience {
  std::vector<std::string> hosts;  // Without port.
  std::string path;                // "/client/hubs/chat", "/api/hubs/chat/:send"; as it came, encoded or not.
  std::string query;               // Of the request; an audience may carry it or leave it out.
};

struct TokenClaims {
  std::string user_id;  // `sub`; empty when absent.
  std::vector<std::string> roles;
  std::vector<std::string> groups;
};

// UNAUTHENTICATED (see errors.h) when the token is not for this.
absl::StatusOr<TokenClaims> VerifyToken(absl::string_view token, const TokenKeys& keys,
                                        const Audience& audience, int64_t wall_ns);

// Exposed for tests: whether one `aud` value names the audience.
bool AudienceMatches(absl::string_view aud, const Audience& audience);

// "contoso.webpubsub.azure.com:8080" -> the host, lower case.
std::string HostWithoutPort(absl::string_view authority);

}  // namespace nonet::replica
