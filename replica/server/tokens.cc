#include "replica/server/tokens.h"

#include <jwt.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/clock/clock.h"
#include "common/http/server.h"
#include "replica/codec/limits.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

using Json = nlohmann::json;

constexpr size_t kTokenBytesMax = 16 * 1024;

struct JwtFree {
  void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
struct CFree {
  void operator()(char* text) const { std::free(text); }
};

// The payload when the signature is right; nullopt otherwise. libjwt compares signatures in constant time.
std::optional<std::string> Decode(const std::string& token, const std::string& key) {
  if (key.empty()) return std::nullopt;
  jwt_t* raw = nullptr;
  if (jwt_decode(&raw, token.c_str(), reinterpret_cast<const unsigned char*>(key.data()),
                 static_cast<int>(key.size())) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<jwt_t, JwtFree> jwt(raw);
  if (jwt_get_alg(jwt.get()) != JWT_ALG_HS256) return std::nullopt;
  const std::unique_ptr<char, CFree> json(jwt_get_grants_json(jwt.get(), nullptr));
  if (json == nullptr) return std::nullopt;
  return std::string(json.get());
}

absl::StatusOr<int64_t> UnixSeconds(const Json& value, absl::string_view name) {
  if (!value.is_number()) return errors::TokenMalformed(absl::StrCat(name, " is not a number"));
  const double seconds = value.get<double>();
  if (seconds < 0 || seconds > 1e12) return errors::TokenMalformed(absl::StrCat(name, " is out of range"));
  return static_cast<int64_t>(seconds);
}

absl::Status CheckTimes(const Json& claims, int64_t wall_ns) {
  const int64_t now_s = wall_ns / kNanosPerSecond;
  if (!claims.contains("exp")) return errors::TokenMalformed("it has no exp");
  ASSIGN_OR_RETURN(const int64_t exp, UnixSeconds(claims["exp"], "exp"));
  if (now_s >= exp + kTokenSkewS) return errors::TokenExpired(exp);
  if (claims.contains("nbf")) {
    ASSIGN_OR_RETURN(const int64_t nbf, UnixSeconds(claims["nbf"], "nbf"));
    if (now_s + kTokenSkewS < nbf) return errors::TokenNotYetValid();
  }
  return absl::OkStatus();
}

// A string, or an array of strings; nothing when absent.
absl::StatusOr<std::vector<std::string>> Strings(const Json& claims, const char* name) {
  std::vector<std::string> out;
  const auto it = claims.find(name);
  if (it == claims.end() || it->is_null()) return out;
  if (it->is_string()) {
    out.push_back(it->get<std::string>());
    return out;
  }
  if (!it->is_array() || !std::all_of(it->begin(), it->end(), [](const Json& e) { return e.is_string(); })) {
    return errors::TokenMalformed(absl::StrCat(name, " is neither a string nor an array of strings"));
  }
  for (const Json& element : *it) out.push_back(element.get<std::string>());
  return out;
}

bool SameText(absl::string_view a, absl::string_view b) {
  if (absl::EqualsIgnoreCase(a, b)) return true;
  const auto decoded_a = http::PercentDecode(a);
  const auto decoded_b = http::PercentDecode(b);
  return decoded_a.ok() && decoded_b.ok() && absl::EqualsIgnoreCase(*decoded_a, *decoded_b);
}

absl::string_view WithoutTrailingSlash(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

// "/client/?hub=chat" stands for "/client/hubs/chat".
bool IsClientPathWithHub(absl::string_view path, absl::string_view query, absl::string_view wanted) {
  if (!absl::EqualsIgnoreCase(WithoutTrailingSlash(path), "/client")) return false;
  const auto pairs = http::ParseQuery(query);
  if (!pairs.ok()) return false;
  return std::any_of(pairs->begin(), pairs->end(), [&](const auto& pair) {
    return absl::EqualsIgnoreCase(pair.first, "hub") &&
           SameText(absl::StrCat("/client/hubs/", pair.second), wanted);
  });
}

}  // namespace

std::string HostWithoutPort(absl::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon != absl::string_view::npos && authority.find(']', colon) == absl::string_view::npos) {
    authority = authority.substr(0, colon);
  }
  return absl::AsciiStrToLower(authority);
}

bool AudienceMatches(absl::string_view aud, const Audience& audience) {
  const size_t scheme_end = aud.find("://");
  if (scheme_end == absl::string_view::npos) return false;
  const std::string scheme = absl::AsciiStrToLower(aud.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss") return false;
  absl::string_view rest = aud.substr(scheme_end + 3);
  const size_t path_at = std::min(rest.find_first_of("/?"), rest.size());
  const std::string host = HostWithoutPort(rest.substr(0, path_at));
  const bool known = std::any_of(audience.hosts.begin(), audience.hosts.end(), [&](const std::string& h) {
    return !h.empty() && absl::EqualsIgnoreCase(h, host);
  });
  if (!known) return false;
  rest = rest.substr(path_at);
  const size_t query_at = std::min(rest.find('?'), rest.size());
  const absl::string_view path = rest.substr(0, query_at);
  const absl::string_view query = query_at < rest.size() ? rest.substr(query_at + 1) : absl::string_view();
  if (IsClientPathWithHub(path, query, audience.path)) return true;
  return SameText(WithoutTrailingSlash(path), WithoutTrailingSlash(audience.path)) &&
         (query.empty() || SameText(query, audience.query));
}

absl::StatusOr<TokenClaims> VerifyToken(absl::string_view token, const TokenKeys& keys,
                                        const Audience& audience, int64_t wall_ns) {
  if (token.empty()) return errors::TokenMissing();
  if (token.size() > kTokenBytesMax) return errors::TokenMalformed("it is longer than 16 KiB");
  if (std::count(token.begin(), token.end(), '.') != 2 || token.find('\0') != absl::string_view::npos) {
    return errors::TokenMalformed("it does not have three parts");
  }
  const std::string text(token);
  std::optional<std::string> payload = Decode(text, keys.primary);
  if (!payload) payload = Decode(text, keys.secondary);
  if (!payload) return errors::TokenSignature();
  const Json claims = Json::parse(*payload, nullptr, false);
  if (!claims.is_object()) return errors::TokenMalformed("its payload is not a JSON object");
  RETURN_IF_ERROR(CheckTimes(claims, wall_ns));
  ASSIGN_OR_RETURN(const std::vector<std::string> audiences, Strings(claims, "aud"));
  const bool for_us = std::any_of(audiences.begin(), audiences.end(),
                                  [&](const std::string& aud) { return AudienceMatches(aud, audience); });
  if (!for_us) return errors::TokenAudience(audience.path);
  TokenClaims out;
  if (const auto sub = claims.find("sub"); sub != claims.end() && !sub->is_null()) {
    if (!sub->is_string()) return errors::TokenMalformed("sub is not a string");
    out.user_id = sub->get<std::string>();
    if (out.user_id.size() > kIdBytesMax) return errors::TokenMalformed("sub is longer than 1024 bytes");
  }
  ASSIGN_OR_RETURN(out.roles, Strings(claims, "role"));
  ASSIGN_OR_RETURN(out.groups, Strings(claims, "webpubsub.group"));
  return out;
}

}  // namespace nonet::replica
