// What belongs to a resource (hubs, links, certificates, domains), as calls that block. Thread-safe. A fake
// takes its place in tests of commands.
//
//   auto children = ConnectChildren("127.0.0.1:7800");
//   ASSIGN_OR_RETURN(const auto hub, children->Put(request));
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nonet/resource/v1/child_resource_service.pb.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class ChildClient {
 public:
  virtual ~ChildClient() = default;

  virtual absl::StatusOr<resource::v1::HubSettings> Put(const resource::v1::CreateOrUpdateHubRequest&,
                                                        CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::HubSettings> Get(const resource::v1::GetHubRequest&,
                                                        CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListHubsResponse> List(const resource::v1::ListHubsRequest&,
                                                              CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteHubRequest&,
                                                        CallPolicy = {}) = 0;

  virtual absl::StatusOr<resource::v1::SharedPrivateLink> Put(
      const resource::v1::CreateOrUpdateSharedPrivateLinkRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::SharedPrivateLink> Get(
      const resource::v1::GetSharedPrivateLinkRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListSharedPrivateLinksResponse> List(
      const resource::v1::ListSharedPrivateLinksRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteSharedPrivateLinkRequest&,
                                                        CallPolicy = {}) = 0;

  virtual absl::StatusOr<resource::v1::PrivateEndpointConnection> Put(
      const resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::PrivateEndpointConnection> Get(
      const resource::v1::GetPrivateEndpointConnectionRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListPrivateEndpointConnectionsResponse> List(
      const resource::v1::ListPrivateEndpointConnectionsRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Resource> Delete(
      const resource::v1::DeletePrivateEndpointConnectionRequest&, CallPolicy = {}) = 0;

  virtual absl::StatusOr<resource::v1::CustomCertificate> Put(
      const resource::v1::CreateOrUpdateCustomCertificateRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::CustomCertificate> Get(
      const resource::v1::GetCustomCertificateRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListCustomCertificatesResponse> List(
      const resource::v1::ListCustomCertificatesRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteCustomCertificateRequest&,
                                                        CallPolicy = {}) = 0;

  virtual absl::StatusOr<resource::v1::CustomDomain> Put(
      const resource::v1::CreateOrUpdateCustomDomainRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::CustomDomain> Get(const resource::v1::GetCustomDomainRequest&,
                                                         CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListCustomDomainsResponse> List(
      const resource::v1::ListCustomDomainsRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteCustomDomainRequest&,
                                                        CallPolicy = {}) = 0;

  virtual absl::StatusOr<resource::v1::SharedPrivateLinkApproval> Approve(
      const resource::v1::ApproveSharedPrivateLinkRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::SharedPrivateLinkApproval> Reject(
      const resource::v1::RejectSharedPrivateLinkRequest&, CallPolicy = {}) = 0;
};

// Does not connect yet. `address` is "ip:port"; `token` the cluster's bearer token, which changes need.
std::unique_ptr<ChildClient> ConnectChildren(const std::string& address, const std::string& token = {});

}  // namespace nonet::cli
