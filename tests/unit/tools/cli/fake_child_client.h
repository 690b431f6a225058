// Children of resources for tests of commands: hubs and links in maps, every request noted, failing on
// demand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/cli/client/child_client.h"

namespace nonet::cli {

class FakeChildClient final : public ChildClient {
  template <typename T>
  using Or = absl::StatusOr<T>;
  using Resource = resource::v1::Resource;

 public:
  std::map<std::string, resource::v1::HubSettings> hubs;         // "resources/contoso/chat"
  std::map<std::string, resource::v1::SharedPrivateLink> links;  // "resources/contoso/replicas/westus/web"
  std::vector<std::string> calls;  // "put chat", "approve web at resources/contoso"
  absl::Status put_status;
  resource::v1::CreateOrUpdateHubRequest last_hub;
  resource::v1::CreateOrUpdateSharedPrivateLinkRequest last_link;

  Or<resource::v1::HubSettings> Put(const resource::v1::CreateOrUpdateHubRequest& r, CallPolicy) override {
    calls.push_back(absl::StrCat(r.validate_only() ? "check " : "put ", r.hub().hub()));
    last_hub = r;
    if (!put_status.ok()) return put_status;
    resource::v1::HubSettings hub = r.hub();
    hub.set_etag("60");
    if (!r.validate_only()) hubs[absl::StrCat(r.parent(), "/", hub.hub())] = hub;
    return hub;
  }
  Or<resource::v1::HubSettings> Get(const resource::v1::GetHubRequest& r, CallPolicy) override {
    return Found(hubs, r);
  }
  // One a page.
  Or<resource::v1::ListHubsResponse> List(const resource::v1::ListHubsRequest& r, CallPolicy) override {
    resource::v1::ListHubsResponse response;
    auto at = r.page_token().empty() ? hubs.begin() : hubs.find(r.page_token());
    if (at == hubs.end()) return response;
    *response.add_hubs() = at->second;
    if (++at != hubs.end()) response.set_next_page_token(at->first);
    return response;
  }
  Or<Resource> Delete(const resource::v1::DeleteHubRequest& r, CallPolicy) override {
    calls.push_back(absl::StrCat(r.validate_only() ? "check delete " : "delete ", r.name()));
    Resource resource;
    resource.set_name(r.parent());
    resource.set_etag("61");
    return resource;
  }
  Or<resource::v1::SharedPrivateLink> Put(const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& r,
                                          CallPolicy) override {
    last_link = r;
    resource::v1::SharedPrivateLink link = r.link();
    link.set_etag("62");
    auto& warning = *link.add_warnings();
    warning.set_message("not approved at westus");
    warning.set_next_step("nonet private-link approve web --replica-name westus");
    return link;
  }
  Or<resource::v1::SharedPrivateLink> Get(const resource::v1::GetSharedPrivateLinkRequest& r,
                                          CallPolicy) override {
    return Found(links, r);
  }
  Or<resource::v1::ListSharedPrivateLinksResponse> List(const resource::v1::ListSharedPrivateLinksRequest& r,
                                                        CallPolicy) override {
    resource::v1::ListSharedPrivateLinksResponse response;
    for (const auto& [name, link] : links) {
      if (name == absl::StrCat(r.parent(), "/", link.name())) *response.add_links() = link;
    }
    return response;
  }
  Or<Resource> Delete(const resource::v1::DeleteSharedPrivateLinkRequest&, CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::SharedPrivateLinkApproval> Approve(const resource::v1::ApproveSharedPrivateLinkRequest& r,
                                                      CallPolicy) override {
    return Decide("Approved", r);
  }
  Or<resource::v1::SharedPrivateLinkApproval> Reject(const resource::v1::RejectSharedPrivateLinkRequest& r,
                                                     CallPolicy) override {
    return Decide("Rejected", r);
  }

  using PutConnection = resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest;
  Or<resource::v1::PrivateEndpointConnection> Put(const PutConnection&, CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::PrivateEndpointConnection> Get(const resource::v1::GetPrivateEndpointConnectionRequest&,
                                                  CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::ListPrivateEndpointConnectionsResponse> List(
      const resource::v1::ListPrivateEndpointConnectionsRequest&, CallPolicy) override {
    return Absent();
  }
  Or<Resource> Delete(const resource::v1::DeletePrivateEndpointConnectionRequest&, CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::CustomCertificate> Put(const resource::v1::CreateOrUpdateCustomCertificateRequest&,
                                          CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::CustomCertificate> Get(const resource::v1::GetCustomCertificateRequest&,
                                          CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::ListCustomCertificatesResponse> List(const resource::v1::ListCustomCertificatesRequest&,
                                                        CallPolicy) override {
    return Absent();
  }
  Or<Resource> Delete(const resource::v1::DeleteCustomCertificateRequest&, CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::CustomDomain> Put(const resource::v1::CreateOrUpdateCustomDomainRequest&,
                                     CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::CustomDomain> Get(const resource::v1::GetCustomDomainRequest&, CallPolicy) override {
    return Absent();
  }
  Or<resource::v1::ListCustomDomainsResponse> List(const resource::v1::ListCustomDomainsRequest&,
                                                   CallPolicy) override {
    return Absent();
  }
  Or<Resource> Delete(const resource::v1::DeleteCustomDomainRequest&, CallPolicy) override {
    return Absent();
  }

 private:
  template <typename Map, typename Request>
  static Or<typename Map::mapped_type> Found(const Map& map, const Request& r) {
    const auto found = map.find(absl::StrCat(r.parent(), "/", r.name()));
    if (found == map.end()) return absl::NotFoundError(r.name());
    return found->second;
  }
  template <typename Request>
  Or<resource::v1::SharedPrivateLinkApproval> Decide(const char* status, const Request& r) {
    calls.push_back(absl::StrCat(status, " ", r.link(), " at ", r.instance()));
    resource::v1::SharedPrivateLinkApproval approval;
    approval.set_status(status);
    approval.set_message(r.message());
    approval.set_etag("63");
    return approval;
  }
  static absl::Status Absent() { return absl::NotFoundError("not in this fake"); }
};

}  // namespace nonet::cli
