#include "replica/server/upgrade_decision.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "replica/codec/limits.h"
#include "replica/codec/names.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/errors.h"
#include "replica/server/rest_api.h"

namespace nonet::replica {
namespace {

struct Subprotocol {
  absl::string_view name;
  bool reliable;
  Encoding encoding;
};
constexpr Subprotocol kSubprotocols[] = {
    {"json.webpubsub.azure.v1", false, Encoding::kJson},
    {"json.reliable.webpubsub.azure.v1", true, Encoding::kJson},
    {"protobuf.webpubsub.azure.v1", false, Encoding::kProtobuf},
    {"protobuf.reliable.webpubsub.azure.v1", true, Encoding::kProtobuf},
};
constexpr absl::string_view kClientPath = "/client/hubs/";

using Query = std::vector<std::pair<std::string, std::string>>;

// The last value of a parameter; empty when absent.
absl::string_view Find(const Query& query, absl::string_view name) {
  absl::string_view found;
  for (const auto& [key, value] : query) {
    if (key == name) found = value;
  }
  return found;
}

// The first offered protocol that we speak, or nullptr.
const Subprotocol* ChooseSubprotocol(const http::Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (name != "sec-websocket-protocol") continue;
    for (const absl::string_view offered : absl::StrSplit(value, ',')) {
      for (const Subprotocol& ours : kSubprotocols) {
        if (absl::StripAsciiWhitespace(offered) == ours.name) return &ours;
      }
    }
  }
  return nullptr;
}

// nullopt: the path is not a client's.
std::optional<std::string> HubOf(const http::Request& request, const Query& query) {
  if (absl::StartsWithIgnoreCase(request.path, kClientPath)) {
    absl::string_view rest = absl::string_view(request.path).substr(kClientPath.size());
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    if (rest.find('/') != absl::string_view::npos) return std::nullopt;
    const auto hub = http::PercentDecode(rest);
    return hub.ok() ? *hub : std::string();
  }
  const std::string path = absl::AsciiStrToLower(request.path);
  if (path == "/client" || path == "/client/") return std::string(Find(query, "hub"));
  return std::nullopt;
}

absl::StatusOr<TokenClaims> Authenticate(const http::Request& request, const Query& query,
                                         const std::string& hub, const InstanceConfig& config,
                                         int64_t wall_ns) {
  const std::string token = TokenOf(request, Find(query, "access_token"));
  if (token.empty()) {
    if (config.Hub(hub).anonymous_allowed) return TokenClaims{};
    return errors::TokenMissing();
  }
  if (config.disable_local_auth) return errors::LocalAuthDisabled();
  Audience audience;
  const std::string* host = request.Header("host");
  audience.hosts = {config.resource_host, config.instance_host,
                    host == nullptr ? "" : HostWithoutPort(*host)};
  audience.path = absl::StrCat(kClientPath, hub);
  audience.query = request.query;
  return VerifyToken(token, config.keys, audience, wall_ns);
}

}  // namespace

UpgradeDecision DecideUpgrade(const http::Request& request, const InstanceConfig& config, int64_t wall_ns) {
  const auto query = http::ParseQuery(request.query);
  if (!query.ok()) return RestError(400, "Error.BadRequest", "The query has a bad percent escape.");
  const auto hub_name = HubOf(request, *query);
  if (!hub_name) {
    return RestError(
        404, "NotFound",
        absl::StrCat("There is no WebSocket at ", request.path, "; clients use /client/hubs/<hub>."));
  }
  if (!IsValidHub(*hub_name)) return RestError(400, "Error.BadRequest", "The hub name is invalid.");
  const Subprotocol* subprotocol = ChooseSubprotocol(request);
  // Without looking at the access token: the SDK keeps the first one, which may have expired.
  if (!Find(*query, "awps_connection_id").empty()) {
    if (subprotocol == nullptr) return RefuseRecovery{};
    return RefuseRecovery{std::string(subprotocol->name), subprotocol->encoding};
  }
  if (!config.complete) return RestError(errors::NoConfiguration());

  AcceptClient accept;
  accept.hub = CanonicalHub(*hub_name);
  auto claims = Authenticate(request, *query, accept.hub, config, wall_ns);
  if (!claims.ok()) return RestError(claims.status());
  for (const std::string& role : claims->roles) {
    if (const absl::Status status = accept.permissions.AddRole(role); !status.ok()) return RestError(status);
  }
  if (claims->groups.size() > kRolesMax) {
    return RestError(400, "Error.BadRequest", "The token carries more than 1024 groups.");
  }
  for (const std::string& group : claims->groups) {
    if (!IsValidGroup(group))
      return RestError(400, "Error.BadRequest", "The token carries an invalid group name.");
  }
  if (subprotocol == nullptr) {
    return RestError(
        400, "Error.UnsupportedSubprotocol",
        absl::StrCat("This version of Nonet supports the subprotocols ",
                     absl::StrJoin(kSubprotocols, ", ",
                                   [](std::string* out, const Subprotocol& p) {
                                     out->append(p.name.data(), p.name.size());
                                   }),
                     "; simple WebSocket clients and MQTT are not supported. Offer one of them in "
                     "Sec-WebSocket-Protocol."));
  }
  accept.subprotocol = std::string(subprotocol->name);
  accept.reliable = subprotocol->reliable;
  accept.encoding = subprotocol->encoding;
  accept.user_id = std::move(claims->user_id);
  accept.groups = std::move(claims->groups);
  return accept;
}

}  // namespace nonet::replica
