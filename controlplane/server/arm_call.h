// One call of the Azure Resource Manager door, read from HTTP, and what is answered to it. No sockets, no
// threads: the server (arm_server.h) turns requests into calls and answers into responses.
//
//   ASSIGN_OR_RETURN(const Call call, ReadCall(request, "http://127.0.0.1:7801"));
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/server.h"
#include "controlplane/codec/arm_path.h"
#include "controlplane/codec/json.h"

namespace nonet::controlplane::arm {

inline constexpr uint32_t kPageItemsMax = 1000;      // Of one page of a list; $top may ask for fewer.
inline constexpr size_t kQueryValueBytesMax = 4096;  // Of one parameter.

struct Call {
  std::string method;  // "PUT"
  ArmPath path;
  std::string url_path;              // As sent, without the query: for links to the next page.
  std::shared_ptr<const Json> body;  // nullptr when there is none. Shared: a call is copied into its work.
  std::string api_version;
  uint32_t top = 0;        // $top; 0 when not given.
  std::string skip_token;  // $skipToken
  // An etag without quotes, "*", or empty.
  std::string if_match;
  std::string if_none_match;
  std::string base_url;  // As the caller knows us: "http://127.0.0.1:7801".
};

struct Answer {
  int status = 200;
  std::string body = {};       // JSON; nothing when empty.
  std::string etag = {};       // Of the object in the body.
  std::string operation = {};  // "operations/12": what is under way, for the two headers. Empty: nothing.
  std::string location = {};   // The region that is in the URLs of the operation.
  // Answer no earlier than this operation has ended everywhere; an error if it cannot.
  std::string wait_for = {};
  // A poll found it running: hold it for a moment, look again, then answer as it stands.
  std::string hold_for = {};
};

// Errors of the codec: what is wrong with path, query, api-version or body.
absl::StatusOr<Call> ReadCall(const http::Request& request, absl::string_view base_url);
// What our URLs to this caller begin with: his Host header, where it is a host and nothing else.
std::string BaseUrl(const http::Request& request, absl::string_view scheme, absl::string_view own_address);

// If-Match and If-None-Match against whether the object exists. Etags themselves are the core's business.
absl::Status CheckConditions(const Call& call, bool exists, absl::string_view name);
// The etag that the core has to compare with; empty for none.
std::string WantedEtag(const Call& call);
absl::Status RequireBody(const Call& call);

// URLs of an operation, with an api-version.
std::string OperationUrl(const Call& call, const Answer& answer, absl::string_view type);

}  // namespace nonet::controlplane::arm
