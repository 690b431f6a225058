#include "controlplane/server/arm_call.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/api_version.h"
#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

constexpr size_t kHostBytesMax = 255;  // RFC 1035 section 2.3.4; a port fits as well.

// W/"12" and "12" are the same to us: an etag is a revision.
std::string BareEtag(const std::string* header) {
  if (header == nullptr) return {};
  absl::string_view etag = absl::StripAsciiWhitespace(*header);
  if (absl::StartsWith(etag, "W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

absl::Status ReadArmQuery(absl::string_view query, Call& call) {
  const auto pairs = http::ParseQuery(query);
  if (!pairs.ok()) return errors::BadQuery(pairs.status().message());
  for (const auto& [name, value] : *pairs) {
    if (value.size() > kQueryValueBytesMax)
      return errors::BadQuery(absl::StrCat(name.substr(0, 64), " is too long"));
    const std::string key = absl::AsciiStrToLower(name);
    if (key == "api-version") {
      if (!call.api_version.empty()) return errors::BadQuery("api-version is there twice");
      call.api_version = value;
    } else if (key == "$top") {
      if (!absl::SimpleAtoi(value, &call.top) || call.top == 0 || call.top > kPageItemsMax) {
        return errors::BadQuery(absl::StrCat("$top must be a number from 1 to ", kPageItemsMax));
      }
    } else if (key == "$skiptoken") {
      call.skip_token = value;
    }
  }
  return absl::OkStatus();
}

bool IsHostAndPort(absl::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains(".-_:[]", c)) return false;
  }
  return !host.empty() && host.size() <= kHostBytesMax;
}

}  // namespace

absl::StatusOr<Call> ReadCall(const http::Request& request, absl::string_view base_url) {
  Call call;
  call.method = request.method;
  call.url_path = request.path;
  call.base_url = std::string(base_url);
  call.if_match = BareEtag(request.Header("if-match"));
  call.if_none_match = BareEtag(request.Header("if-none-match"));
  ASSIGN_OR_RETURN(call.path, ParseArmPath(request.path));
  RETURN_IF_ERROR(ReadArmQuery(request.query, call));
  RETURN_IF_ERROR(CheckApiVersion(call.api_version, call.path.type));
  // What a POST without parameters carries is none of our business, but it has to be JSON all the same.
  if (!request.body.empty()) {
    ASSIGN_OR_RETURN(Json body, ParseJson(request.body));
    call.body = std::make_shared<const Json>(std::move(body));
  }
  return call;
}

std::string BaseUrl(const http::Request& request, absl::string_view scheme, absl::string_view own_address) {
  const std::string* host = request.Header("host");
  return absl::StrCat(scheme, "://", host != nullptr && IsHostAndPort(*host) ? *host : own_address);
}

absl::Status CheckConditions(const Call& call, bool exists, absl::string_view name) {
  if (!call.if_match.empty() && !exists) return errors::NotThere(name);
  if (call.if_none_match == "*" && exists) return errors::AlreadyThere(name);
  return absl::OkStatus();
}

std::string WantedEtag(const Call& call) { return call.if_match == "*" ? "" : call.if_match; }

absl::Status RequireBody(const Call& call) {
  return call.body == nullptr ? errors::InvalidJson("it is empty") : absl::OkStatus();
}

std::string OperationUrl(const Call& call, const Answer& answer, absl::string_view type) {
  const absl::string_view operation = answer.operation;
  return absl::StrCat(call.base_url, "/subscriptions/", call.path.subscription, "/providers/", kProvider,
                      "/locations/", answer.location, "/", type, "/",
                      operation.substr(operation.find('/') + 1), "?api-version=", call.api_version);
}

}  // namespace nonet::controlplane::arm
