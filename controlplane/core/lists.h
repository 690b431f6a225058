// Every read that lists, by page, and the small questions that ARM asks about what exists. Pure.
//
//   auto response = ListResources(plane.resources(), request);
#pragma once

#include "absl/status/statusor.h"
#include "controlplane/core/resource_set.h"

namespace nonet::controlplane {

absl::StatusOr<resource::v1::ListResourcesResponse> ListResources(
    const ResourceSet& set, const resource::v1::ListResourcesRequest& request);
absl::StatusOr<resource::v1::ListReplicasResponse> ListReplicas(
    const ResourceSet& set, const resource::v1::ListReplicasRequest& request);

absl::StatusOr<resource::v1::ListHubsResponse> ListHubs(const ResourceSet& set,
                                                        const resource::v1::ListHubsRequest& request);
absl::StatusOr<resource::v1::ListSharedPrivateLinksResponse> ListSharedPrivateLinks(
    const ResourceSet& set, const resource::v1::ListSharedPrivateLinksRequest& request);
absl::StatusOr<resource::v1::ListPrivateEndpointConnectionsResponse> ListPrivateEndpointConnections(
    const ResourceSet& set, const resource::v1::ListPrivateEndpointConnectionsRequest& request);
absl::StatusOr<resource::v1::ListCustomCertificatesResponse> ListCustomCertificates(
    const ResourceSet& set, const resource::v1::ListCustomCertificatesRequest& request);
absl::StatusOr<resource::v1::ListCustomDomainsResponse> ListCustomDomains(
    const ResourceSet& set, const resource::v1::ListCustomDomainsRequest& request);

// NOT_FOUND names the kind. Links are as the instance `parent` sees them; all else is inherited, so that a
// replica's name answers what the resource has.
absl::StatusOr<resource::v1::HubSettings> GetHub(const ResourceSet& set,
                                                 const resource::v1::GetHubRequest& request);
absl::StatusOr<resource::v1::SharedPrivateLink> GetSharedPrivateLink(
    const ResourceSet& set, const resource::v1::GetSharedPrivateLinkRequest& request);
absl::StatusOr<resource::v1::PrivateEndpointConnection> GetPrivateEndpointConnection(
    const ResourceSet& set, const resource::v1::GetPrivateEndpointConnectionRequest& request);
absl::StatusOr<resource::v1::CustomCertificate> GetCustomCertificate(
    const ResourceSet& set, const resource::v1::GetCustomCertificateRequest& request);
absl::StatusOr<resource::v1::CustomDomain> GetCustomDomain(
    const ResourceSet& set, const resource::v1::GetCustomDomainRequest& request);

absl::StatusOr<resource::v1::CheckNameAvailabilityResponse> CheckNameAvailability(
    const ResourceSet& set, const resource::v1::CheckNameAvailabilityRequest& request);
absl::StatusOr<resource::v1::ListSkusResponse> ListSkus(const ResourceSet& set,
                                                        const resource::v1::ListSkusRequest& request);
absl::StatusOr<resource::v1::ListUsagesResponse> ListUsages(const ResourceSet& set,
                                                            const resource::v1::ListUsagesRequest& request);

}  // namespace nonet::controlplane
