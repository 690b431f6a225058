#include "tools/cli/client/child_client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "nonet/resource/v1/child_resource_service.grpc.pb.h"
#include "tools/cli/client/call.h"

namespace nonet::cli {
namespace {

class GrpcChildClient final : public ChildClient {
  using Service = resource::v1::ChildResourceService;

 public:
  GrpcChildClient(const std::string& address, const std::string& token)
      : peer_(absl::StrCat("the control plane at ", address)),
        channel_(rpc::MakeChannel(address, {.token = token})),
        stub_(channel_) {}

  absl::StatusOr<resource::v1::HubSettings> Put(const resource::v1::CreateOrUpdateHubRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::CreateOrUpdateHub, r, p);
  }
  absl::StatusOr<resource::v1::HubSettings> Get(const resource::v1::GetHubRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetHub, r, p);
  }
  absl::StatusOr<resource::v1::ListHubsResponse> List(const resource::v1::ListHubsRequest& r,
                                                      CallPolicy p) override {
    return Do(&Service::Stub::ListHubs, r, p);
  }
  absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteHubRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::DeleteHub, r, p);
  }
  absl::StatusOr<resource::v1::SharedPrivateLink> Put(
      const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::CreateOrUpdateSharedPrivateLink, r, p);
  }
  absl::StatusOr<resource::v1::SharedPrivateLink> Get(const resource::v1::GetSharedPrivateLinkRequest& r,
                                                      CallPolicy p) override {
    return Do(&Service::Stub::GetSharedPrivateLink, r, p);
  }
  absl::StatusOr<resource::v1::ListSharedPrivateLinksResponse> List(
      const resource::v1::ListSharedPrivateLinksRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::ListSharedPrivateLinks, r, p);
  }
  absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteSharedPrivateLinkRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::DeleteSharedPrivateLink, r, p);
  }
  absl::StatusOr<resource::v1::PrivateEndpointConnection> Put(
      const resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::CreateOrUpdatePrivateEndpointConnection, r, p);
  }
  absl::StatusOr<resource::v1::PrivateEndpointConnection> Get(
      const resource::v1::GetPrivateEndpointConnectionRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetPrivateEndpointConnection, r, p);
  }
  absl::StatusOr<resource::v1::ListPrivateEndpointConnectionsResponse> List(
      const resource::v1::ListPrivateEndpointConnectionsRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::ListPrivateEndpointConnections, r, p);
  }
  absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeletePrivateEndpointConnectionRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::DeletePrivateEndpointConnection, r, p);
  }
  absl::StatusOr<resource::v1::CustomCertificate> Put(
      const resource::v1::CreateOrUpdateCustomCertificateRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::CreateOrUpdateCustomCertificate, r, p);
  }
  absl::StatusOr<resource::v1::CustomCertificate> Get(const resource::v1::GetCustomCertificateRequest& r,
                                                      CallPolicy p) override {
    return Do(&Service::Stub::GetCustomCertificate, r, p);
  }
  absl::StatusOr<resource::v1::ListCustomCertificatesResponse> List(
      const resource::v1::ListCustomCertificatesRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::ListCustomCertificates, r, p);
  }
  absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteCustomCertificateRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::DeleteCustomCertificate, r, p);
  }
  absl::StatusOr<resource::v1::CustomDomain> Put(const resource::v1::CreateOrUpdateCustomDomainRequest& r,
                                                 CallPolicy p) override {
    return Do(&Service::Stub::CreateOrUpdateCustomDomain, r, p);
  }
  absl::StatusOr<resource::v1::CustomDomain> Get(const resource::v1::GetCustomDomainRequest& r,
                                                 CallPolicy p) override {
    return Do(&Service::Stub::GetCustomDomain, r, p);
  }
  absl::StatusOr<resource::v1::ListCustomDomainsResponse> List(
      const resource::v1::ListCustomDomainsRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::ListCustomDomains, r, p);
  }
  absl::StatusOr<resource::v1::Resource> Delete(const resource::v1::DeleteCustomDomainRequest& r,
                                                CallPolicy p) override {
    return Do(&Service::Stub::DeleteCustomDomain, r, p);
  }
  absl::StatusOr<resource::v1::SharedPrivateLinkApproval> Approve(
      const resource::v1::ApproveSharedPrivateLinkRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::ApproveSharedPrivateLink, r, p);
  }
  absl::StatusOr<resource::v1::SharedPrivateLinkApproval> Reject(
      const resource::v1::RejectSharedPrivateLinkRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::RejectSharedPrivateLink, r, p);
  }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                    Response*),
                              const Request& request, const CallPolicy& policy) {
    return Call(*channel_, stub_, method, request, peer_, policy);
  }

  const std::string peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Service::Stub stub_;
};

}  // namespace

std::unique_ptr<ChildClient> ConnectChildren(const std::string& address, const std::string& token) {
  return std::make_unique<GrpcChildClient>(address, token);
}

}  // namespace nonet::cli
