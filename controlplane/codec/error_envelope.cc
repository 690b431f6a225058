#include "controlplane/codec/error_envelope.h"

#include <array>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace nonet::controlplane::arm {
namespace {

struct Mapping {
  absl::string_view reason;
  int http;
  absl::string_view code;
};

// Our ids that Azure has a code for. The rest go by their status code.
constexpr std::array<Mapping, 37> kMappings = {{
    {"RESOURCE_NOT_FOUND", 404, "ResourceNotFound"},
    {"REPLICA_NOT_FOUND", 404, "ResourceNotFound"},
    {"OPERATION_NOT_FOUND", 404, "OperationNotFound"},
    {"NO_SUCH_PATH", 404, "InvalidResourceType"},
    {"METHOD_NOT_ALLOWED", 405, "HttpMethodNotSupported"},
    {"TOKEN_MISSING", 401, "AuthenticationFailed"},
    {"TOKEN_REFUSED", 401, "InvalidAuthenticationToken"},
    {"MISSING_API_VERSION", 400, "MissingApiVersionParameter"},
    {"UNKNOWN_API_VERSION", 400, "NoRegisteredProviderFound"},
    {"LINK_NOT_APPROVED", 409, "SharedPrivateLinkNotApproved"},
    {"INVALID_JSON", 400, "InvalidRequestContent"},
    {"UNKNOWN_PROPERTY", 400, "InvalidRequestContent"},
    {"WRONG_TYPE", 400, "InvalidRequestContent"},
    {"VALUE_NOT_ALLOWED", 400, "InvalidParameter"},
    {"MISSING_PROPERTY", 400, "InvalidRequestContent"},
    {"READ_ONLY_PROPERTY", 400, "PropertyChangeNotAllowed"},
    {"IMMUTABLE_FIELD", 400, "PropertyChangeNotAllowed"},
    {"INVALID_NAME", 400, "InvalidResourceName"},
    {"INVALID_RESOURCE_GROUP", 400, "InvalidResourceGroup"},
    {"INVALID_SUBSCRIPTION", 400, "InvalidSubscriptionId"},
    {"INVALID_HUB", 400, "InvalidHubSettings"},
    {"INVALID_TAGS", 400, "InvalidTag"},
    {"UNKNOWN_REGION", 400, "LocationNotAvailableForResourceType"},
    {"UNKNOWN_SKU", 400, "InvalidSku"},
    {"INVALID_CAPACITY", 400, "InvalidSku"},
    {"REPLICA_SKU_NOT_PREMIUM", 400, "InvalidSku"},
    {"PREMIUM_REQUIRED", 400, "InvalidSku"},
    {"REPLICA_LIMIT", 409, "ReplicaQuotaExceeded"},
    {"RESOURCE_LIMIT", 409, "QuotaExceeded"},
    {"RESOURCE_EXISTS", 409, "ResourceNameConflict"},
    {"OPERATION_IN_PROGRESS", 409, "AnotherOperationInProgress"},
    {"OVERTAKEN", 409, "OperationPreempted"},
    {"PROVISIONING_FAILED", 409, "ProvisioningFailed"},
    {"STALE_ETAG", 412, "PreconditionFailed"},
    {"ALREADY_THERE", 412, "PreconditionFailed"},
    {"NOT_THERE", 412, "PreconditionFailed"},
    {"INHERITED_FIELD", 400, "PropertyNotAllowedOnReplica"},
}};

Mapping ByCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return {"", 400, "BadRequest"};
    case absl::StatusCode::kUnauthenticated:
      return {"", 401, "AuthenticationFailed"};
    case absl::StatusCode::kPermissionDenied:
      return {"", 403, "AuthorizationFailed"};
    case absl::StatusCode::kNotFound:
      return {"", 404, "NotFound"};
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return {"", 409, "Conflict"};
    case absl::StatusCode::kResourceExhausted:
      return {"", 429, "TooManyRequests"};
    case absl::StatusCode::kUnimplemented:
      return {"", 501, "NotImplemented"};
    case absl::StatusCode::kUnavailable:
      return {"", 503, "ServiceUnavailable"};
    case absl::StatusCode::kDeadlineExceeded:
      return {"", 504, "GatewayTimeout"};
    default:
      return {"", 500, "InternalServerError"};
  }
}

Mapping MappingOf(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  for (const Mapping& each : kMappings) {
    if (each.reason == reason) return each;
  }
  // Children: HUB_NOT_FOUND and the like.
  if (absl::EndsWith(reason, "_NOT_FOUND")) return {"", 404, "ResourceNotFound"};
  return ByCode(status.code());
}

}  // namespace

int HttpStatusOf(const absl::Status& status) { return MappingOf(status).http; }

std::string ArmCodeOf(const absl::Status& status) { return std::string(MappingOf(status).code); }

Json ErrorBody(const absl::Status& status) {
  const ErrorDetails details = GetErrorDetails(status);
  const std::string message(status.message());
  Json body = {{"code", ArmCodeOf(status)},
               {"message",
                details.next_step.empty() ? message : absl::StrCat(message, " / try: ", details.next_step)}};
  for (const char* key : {"target", "field"}) {
    const auto found = details.metadata.find(key);
    if (found == details.metadata.end()) continue;
    body["target"] = found->second;
    break;
  }
  body["details"] = Json::array();
  Json info = {{"id", ErrorReason(status)}, {"sentence", message}, {"nextStep", details.next_step}};
  Json& metadata = info["metadata"] = Json::object();
  for (const auto& [key, value] : details.metadata) metadata[key] = value;
  body["additionalInfo"] = Json::array({{{"type", "NonetError"}, {"info", std::move(info)}}});
  return body;
}

Json ErrorEnvelope(const absl::Status& status) { return {{"error", ErrorBody(status)}}; }

}  // namespace nonet::controlplane::arm
