#include "replica/server/rest_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "replica/codec/client_frame.h"
#include "replica/codec/limits.h"
#include "replica/codec/names.h"
#include "replica/codec/server_frame.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/errors.h"
#include "replica/core/odata_filter.h"

namespace nonet::replica {
namespace {

constexpr absl::string_view kBadRequest = "Error.BadRequest";
constexpr std::array<absl::string_view, 4> kApiVersions = {"2021-10-01", "2022-11-01", "2023-07-01",
                                                           "2024-12-01"};
constexpr size_t kExcludedMax = 1'000;

http::Response BadRequest(absl::string_view message) { return RestError(400, kBadRequest, message); }

// The parameters of a send, or why it is refused.
struct SendQuery {
  std::vector<std::string> excluded;
  uint32_t ttl_ms = 0;
  std::shared_ptr<const ConnectionFilter> filter;
};

std::optional<http::Response> ReadSendFilter(const std::string& text, Target target, SendQuery* out) {
  // To leave it out unseen would send to a connection that the caller may mean to spare.
  if (target == Target::kConnection) {
    return BadRequest("A send to one connection takes no 'filter'; nothing was sent. Leave it out.");
  }
  if (out->filter != nullptr)
    return BadRequest("'filter' may be given once; join the conditions with 'and'.");
  auto filter = ParseFilter(text);
  if (!filter.ok()) return RestFilterError(filter.status());
  out->filter = *std::move(filter);
  return std::nullopt;
}

std::optional<http::Response> ReadSendQuery(const std::vector<std::pair<std::string, std::string>>& query,
                                            Target target, SendQuery* out) {
  for (const auto& [name, value] : query) {
    if (name == "excluded") {
      if (out->excluded.size() >= kExcludedMax) {
        return BadRequest(absl::StrCat("'excluded' may be given at most ", kExcludedMax, " times"));
      }
      out->excluded.push_back(value);
    } else if (name == "filter" && !value.empty()) {
      if (auto refused = ReadSendFilter(value, target, out)) return refused;
    } else if (name == "messageTtlSeconds") {
      uint32_t seconds = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (error != std::errc() || end != value.data() + value.size() || seconds > kTtlSecondsMax) {
        return BadRequest("'messageTtlSeconds' must be a whole number from 0 to 300.");
      }
      out->ttl_ms = seconds * 1000;
    }
  }
  return std::nullopt;
}

std::optional<http::Response> ReadContent(const http::Request& request, Message* message) {
  if (request.chunked) {
    return RestError(411, "Error.LengthRequired",
                     "A Content-Length is required; chunked bodies are not accepted.");
  }
  const std::string* header = request.Header("content-type");
  const std::string content_type = header == nullptr ? "" : *header;
  const std::vector<absl::string_view> parts = absl::StrSplit(content_type, ';');
  const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts[0]));
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    if (!absl::StartsWithIgnoreCase(parameter, "charset=")) continue;
    parameter = parameter.substr(8);
    absl::ConsumePrefix(&parameter, "\"");
    absl::ConsumeSuffix(&parameter, "\"");
    if (!absl::EqualsIgnoreCase(parameter, "utf-8") && !absl::EqualsIgnoreCase(parameter, "us-ascii")) {
      return RestError(415, "Error.UnsupportedMediaType",
                       absl::StrCat("Charset '", parameter, "' is not supported: send UTF-8."));
    }
  }
  if (type == "text/plain") {
    message->data_type = DataType::kText;
    if (!IsUtf8(request.body)) return BadRequest("The body is not valid UTF-8.");
  } else if (type == "application/json") {
    message->data_type = DataType::kJson;
    if (!IsJson(request.body)) return BadRequest("The body is not valid JSON.");
  } else if (type == "application/octet-stream" || type.empty()) {
    message->data_type = DataType::kBinary;
  } else {
    return RestError(415, "Error.UnsupportedMediaType",
                     absl::StrCat("Content type '", type,
                                  "' is not supported: use text/plain, application/json or "
                                  "application/octet-stream."));
  }
  message->data = request.body;
  return std::nullopt;
}

std::optional<http::Response> ReadMetadata(const http::Request& request, Message* message) {
  constexpr absl::string_view kPrefix = "x-webpubsub-metadata-";
  for (const auto& [name, value] : request.headers) {
    absl::string_view key = name;
    if (!absl::ConsumePrefix(&key, kPrefix)) continue;
    const absl::string_view last =
        absl::StripAsciiWhitespace(absl::string_view(value).substr(value.rfind(',') + 1));
    auto& metadata = message->metadata;
    const auto same =
        std::find_if(metadata.begin(), metadata.end(), [&](const auto& e) { return e.first == key; });
    if (same != metadata.end()) {
      same->second = std::string(last);
    } else {
      metadata.emplace_back(key, last);
    }
  }
  if (!IsValidMetadata(message->metadata) || !std::all_of(message->metadata.begin(), message->metadata.end(),
                                                          [](const auto& e) { return IsUtf8(e.second); })) {
    return BadRequest("Metadata keys are limited to 256 bytes, values to 1024, all of it to 8 KiB.");
  }
  return std::nullopt;
}

// The target named by the path below /api/hubs/{hub}, decoded after splitting. nullopt: not a send.
std::optional<std::pair<Target, std::string>> SendTarget(const std::vector<std::string>& rest) {
  if (rest.size() == 1 && rest[0] == ":send") return {{Target::kAll, ""}};
  if (rest.size() != 3 || rest[2] != ":send") return std::nullopt;
  if (rest[0] == "groups") return {{Target::kGroup, rest[1]}};
  if (rest[0] == "users") return {{Target::kUser, rest[1]}};
  if (rest[0] == "connections") return {{Target::kConnection, rest[1]}};
  return std::nullopt;
}

RestDecision Health(const http::Request& request, const RestContext& context) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = RestError(405, "MethodNotAllowed", "/api/health answers GET and HEAD.");
    response.headers.emplace_back("allow", "GET, HEAD");
    return response;
  }
  if (!context.unhealthy.empty()) return RestError(503, "ServiceUnavailable", context.unhealthy);
  return http::Response{};
}

std::optional<http::Response> CheckVersion(const std::vector<std::pair<std::string, std::string>>& query) {
  for (const auto& [name, value] : query) {
    if (name != "api-version") continue;
    if (std::find(kApiVersions.begin(), kApiVersions.end(), value) == kApiVersions.end()) {
      return RestError(400, "Error.UnsupportedApiVersion",
                       absl::StrCat("api-version '", value, "' is not supported: use 2024-12-01."));
    }
  }
  return std::nullopt;
}

std::optional<http::Response> Authorize(const http::Request& request, const RestContext& context) {
  const InstanceConfig& config = context.config;
  if (!config.complete) return RestError(errors::NoConfiguration());
  if (config.disable_local_auth) return RestError(errors::LocalAuthDisabled());
  Audience audience;
  const std::string* host = request.Header("host");
  audience.hosts = {config.resource_host, config.instance_host,
                    host == nullptr ? "" : HostWithoutPort(*host)};
  audience.path = request.path;
  audience.query = request.query;
  const auto claims = VerifyToken(TokenOf(request, ""), config.keys, audience, context.wall_ns);
  if (!claims.ok()) return RestError(claims.status());
  return std::nullopt;
}

RestDecision Send(const http::Request& request, const std::string& hub, Target target, std::string name,
                  const std::vector<std::pair<std::string, std::string>>& query) {
  if (request.method != "POST") {
    http::Response response = RestError(405, "MethodNotAllowed", "A send is a POST.");
    response.headers.emplace_back("allow", "POST");
    return response;
  }
  Message message;
  message.hub = CanonicalHub(hub);
  message.target = target;
  const bool valid =
      target == Target::kAll || (target == Target::kGroup ? IsValidGroup(name) : IsValidId(name));
  if (!valid || !IsUtf8(name)) {
    return BadRequest(target == Target::kGroup
                          ? "The group name must be 1 to 1024 characters, not all white space."
                          : "The id must be 1 to 1024 bytes.");
  }
  message.target_name = std::move(name);
  SendQuery send;
  if (auto refused = ReadSendQuery(query, target, &send)) return *std::move(refused);
  if (auto refused = ReadContent(request, &message)) return *std::move(refused);
  if (auto refused = ReadMetadata(request, &message)) return *std::move(refused);
  message.excluded_connections = std::move(send.excluded);
  message.ttl_ms = send.ttl_ms;
  message.filter = std::move(send.filter);
  return message;
}

}  // namespace

RestDecision DecideRest(const http::Request& request, const RestContext& context) {
  if (absl::EqualsIgnoreCase(request.path, "/api/health")) return Health(request, context);
  std::vector<std::string> segments;
  for (const absl::string_view part : absl::StrSplit(absl::StripPrefix(request.path, "/"), '/')) {
    auto decoded = http::PercentDecode(part);
    if (!decoded.ok()) return BadRequest("The path has a bad percent escape.");
    segments.push_back(*std::move(decoded));
  }
  if (segments.size() < 4 || segments[0] != "api" || segments[1] != "hubs") {
    return RestError(404, "NotFound", absl::StrCat("There is nothing at ", request.path, "."));
  }
  const std::string hub = segments[2];
  const std::vector<std::string> rest(segments.begin() + 3, segments.end());
  const auto target = SendTarget(rest);
  if (auto refused = Authorize(request, context)) return *std::move(refused);
  const auto query = http::ParseQuery(request.query);
  if (!query.ok()) return BadRequest("The query has a bad percent escape.");
  if (auto refused = CheckVersion(*query)) return *std::move(refused);
  if (!IsValidHub(hub)) {
    return BadRequest(
        "The hub name must be a letter, then letters, digits and _`,.[], 128 characters at most.");
  }
  if (!target) {
    if (auto question = DecideQuestion(request, hub, rest, *query)) {
      return std::visit([](auto& decision) -> RestDecision { return std::move(decision); }, *question);
    }
    if (rest.size() == 1 && rest[0] == ":generateToken") {
      return RestError(501, "NotImplemented",
                       "Tokens are not made by this version of Nonet; nothing was done. Sign them with the "
                       "access key.");
    }
    return RestError(404, "NotFound", absl::StrCat("There is nothing at ", request.path, "."));
  }
  return Send(request, hub, target->first, target->second, *query);
}

http::Response RestError(int status, absl::string_view code, absl::string_view message) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = "{\"code\":";
  AppendJsonString(code, &response.body);
  response.body.append(",\"message\":");
  // The message may quote what the caller sent.
  AppendJsonString(IsUtf8(message) ? message : absl::string_view("The request is invalid."), &response.body);
  response.body.push_back('}');
  response.headers.emplace_back("x-ms-error-code", std::string(code));
  return response;
}

http::Response RestError(const absl::Status& status) {
  std::string message(status.message());
  if (const std::string next = GetErrorDetails(status).next_step; !next.empty()) {
    absl::StrAppend(&message, "; ", next);
  }
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    http::Response response = RestError(401, "Unauthorized", message);
    response.headers.emplace_back("www-authenticate", "Bearer");
    return response;
  }
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    http::Response response = RestError(429, "TooManyRequests", message);
    response.headers.emplace_back("retry-after", "1");
    return response;
  }
  if (status.code() == absl::StatusCode::kUnavailable) return RestError(503, "ServiceUnavailable", message);
  return RestError(400, kBadRequest, message);
}

http::Response RestFilterError(const absl::Status& status) {
  const ErrorDetails error = GetErrorDetails(status);
  http::Response response = RestError(400, kBadRequest, status.message());
  std::string where = absl::StrCat("At character ", error.metadata.at("position"));
  const std::string& token = error.metadata.at("token");
  if (!token.empty()) absl::StrAppend(&where, ", ", token);
  absl::StrAppend(&where, error.next_step.empty() ? "" : ": ", error.next_step);
  response.body.pop_back();
  absl::StrAppend(&response.body, R"(,"target":"Request","details":[{"code":)");
  AppendJsonString(ErrorReason(status), &response.body);
  response.body.append(R"(,"message":)");
  AppendJsonString(where, &response.body);
  response.body.append(R"(,"target":"filter"}]})");
  return response;
}

http::Response RestAccepted(absl::string_view message_id) {
  http::Response response;
  response.status = 202;
  response.headers.emplace_back("x-nonet-message-id", std::string(message_id));
  return response;
}

void AddCommonHeaders(absl::string_view client_request_id, http::Response* response) {
  if (!client_request_id.empty()) {
    response->headers.emplace_back("x-ms-client-request-id", std::string(client_request_id));
  }
  response->headers.emplace_back("api-supported-versions", "2021-10-01, 2022-11-01, 2023-07-01, 2024-12-01");
}

std::string TokenOf(const http::Request& request, absl::string_view query_token) {
  if (!query_token.empty()) return std::string(query_token);
  const std::string* header = request.Header("authorization");
  if (header == nullptr || !absl::StartsWithIgnoreCase(*header, "bearer ")) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(*header).substr(7)));
}

}  // namespace nonet::replica
