// What Azure Resource Manager's bodies say, as messages of ours. Shapes and spellings are judged here, with
// the place of the mistake; whether the values make sense is the core's business, and its errors are the ones
// seen.
//
//   Resource resource;
//   ASSIGN_OR_RETURN(const Read read, ReadResource(body, nullptr, resource));
//
// Pure; thread-safe. Null counts as absent. `current`, here and below, is what writer.h shows of the stored
// object, nullptr when there is none: read-only properties may be sent only as they stand there.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/codec/json.h"
#include "nonet/resource/v1/resource.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane::arm {

struct Read {
  // For an update by PUT: everything that the body stands for, so also what it leaves out and that becomes
  // the default. An absent SKU or application firewall stays as it is.
  std::vector<std::string> mask;
  // Of a replica: properties that only a resource can have, by the names of our fields.
  std::vector<std::string> inherited;
};

// Sets all of `out` but its name, group and subscription.
absl::StatusOr<Read> ReadResource(const Json& body, const Json* current, resource::v1::Resource& out);
absl::StatusOr<Read> ReadReplica(const Json& body, const Json* current, resource::v1::Replica& out);

// The body of PATCH put onto what is stored (RFC 7396), to be read as a PUT.
Json MergePatch(const Json& current, const Json& patch);

// Children. Each sets all of `out` but its name.
absl::Status ReadHub(const Json& body, const Json* current, resource::v1::HubSettings& out);
absl::Status ReadSharedPrivateLink(const Json& body, const Json* current,
                                   resource::v1::SharedPrivateLink& out);
// Without a private endpoint it is about the one that stands.
absl::Status ReadPrivateEndpointConnection(const Json& body, const Json* current,
                                           resource::v1::PrivateEndpointConnection& out);
absl::Status ReadCustomCertificate(const Json& body, const Json* current,
                                   resource::v1::CustomCertificate& out);
// `resource_id`: whose certificate it must be.
absl::Status ReadCustomDomain(const Json& body, const Json* current, absl::string_view resource_id,
                              resource::v1::CustomDomain& out);

absl::StatusOr<resource::v1::KeyType> ReadKeyType(const Json& body);
absl::StatusOr<resource::v1::CheckNameAvailabilityRequest> ReadNameQuestion(const Json& body);

// "East US" -> "eastus"
std::string NormalizeLocation(absl::string_view location);

}  // namespace nonet::controlplane::arm
