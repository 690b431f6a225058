#include "controlplane/core/lists.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/catalog.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/links.h"
#include "controlplane/core/paging.h"
#include "controlplane/core/validate.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.

// Whose children are asked for, and as which instance sees them.
struct Holder {
  const Resource* resource = nullptr;
  const Approvals* approvals = nullptr;
  std::string name;  // The instance's, canonical.
};

absl::StatusOr<Holder> FindHolder(const ResourceSet& set, absl::string_view parent, absl::string_view group) {
  const auto parsed = ParseName(parent);
  if (parsed && parsed->kind == ParsedName::Kind::kReplica) {
    ASSIGN_OR_RETURN(const Object* replica, set.GetReplica(parent, group));
    ASSIGN_OR_RETURN(const Object* primary, set.GetResource(ResourceName(parsed->resource_id), group));
    return Holder{&primary->resource(), &ApprovalsOf(replica->replica()), CanonicalName(parent)};
  }
  ASSIGN_OR_RETURN(const Object* primary, set.GetResource(parent, group));
  return Holder{&primary->resource(), &ApprovalsOf(primary->resource()), CanonicalName(parent)};
}

template <typename Child>
Child View(const Child& child, const Approvals&) {
  return child;
}
SharedPrivateLink View(const SharedPrivateLink& link, const Approvals& approvals) {
  return LinkView(link, approvals);
}

template <typename Child, typename Request>
absl::StatusOr<Child> GetChild(const ResourceSet& set, const Request& request) {
  ASSIGN_OR_RETURN(const Holder holder, FindHolder(set, request.parent(), request.resource_group()));
  const Child* child = FindChild<Child>(*holder.resource, request.name());
  if (child == nullptr) {
    return errors::ChildNotFound(ChildKind<Child>::kLabel, InstanceId(holder.resource->name()),
                                 request.name());
  }
  return View(*child, *holder.approvals);
}

// Fills `out`, by name, and answers the token of the next page. Stored children are in the order that they
// were given in where UpdateResource replaced them all, so they are sorted here.
template <typename Child, typename Request, typename Out>
absl::StatusOr<std::string> ListChildren(const ResourceSet& set, const Request& request, Out& out) {
  using Kind = ChildKind<Child>;
  ASSIGN_OR_RETURN(const Holder holder, FindHolder(set, request.parent(), request.resource_group()));
  ASSIGN_OR_RETURN(Page page, Page::Begin(absl::StrCat(Kind::kCollection, " ", holder.name),
                                          request.page_size(), request.page_token()));
  std::map<std::string, const Child*> sorted;
  for (const Child& child : Kind::All(*holder.resource)) sorted[CanonicalName(Kind::NameOf(child))] = &child;
  for (auto it = sorted.upper_bound(page.after()); it != sorted.end(); ++it) {
    Child view = View(*it->second, *holder.approvals);
    if (!page.Take(it->first, view.ByteSizeLong())) break;
    *out.Add() = std::move(view);
  }
  return page.NextToken();
}

}  // namespace

absl::StatusOr<ListResourcesResponse> ListResources(const ResourceSet& set,
                                                    const ListResourcesRequest& request) {
  const std::string list = absl::StrCat("resources ", CanonicalName(request.resource_group()));
  ASSIGN_OR_RETURN(Page page, Page::Begin(list, request.page_size(), request.page_token()));
  ListResourcesResponse response;
  for (auto it = set.objects().upper_bound(page.after()); it != set.objects().end(); ++it) {
    if (!it->second->has_resource()) continue;
    const Resource& resource = it->second->resource();
    if (!request.resource_group().empty() &&
        !absl::EqualsIgnoreCase(resource.resource_group(), request.resource_group())) {
      continue;
    }
    if (!page.Take(it->first, resource.ByteSizeLong())) break;
    *response.add_resources() = resource;
  }
  response.set_next_page_token(page.NextToken());
  return response;
}

absl::StatusOr<ListReplicasResponse> ListReplicas(const ResourceSet& set,
                                                  const ListReplicasRequest& request) {
  ASSIGN_OR_RETURN(const Object* parent, set.GetResource(request.parent(), request.resource_group()));
  ASSIGN_OR_RETURN(Page page, Page::Begin(absl::StrCat("replicas ", CanonicalName(parent->name())),
                                          request.page_size(), request.page_token()));
  ListReplicasResponse response;
  for (const Object* replica : set.ListReplicas(parent->name())) {
    const std::string key = CanonicalName(replica->name());
    if (key <= page.after()) continue;
    if (!page.Take(key, replica->replica().ByteSizeLong())) break;
    *response.add_replicas() = replica->replica();
  }
  response.set_next_page_token(page.NextToken());
  return response;
}

absl::StatusOr<ListHubsResponse> ListHubs(const ResourceSet& set, const ListHubsRequest& request) {
  ListHubsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   ListChildren<HubSettings>(set, request, *response.mutable_hubs()));
  return response;
}
absl::StatusOr<ListSharedPrivateLinksResponse> ListSharedPrivateLinks(
    const ResourceSet& set, const ListSharedPrivateLinksRequest& request) {
  ListSharedPrivateLinksResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   ListChildren<SharedPrivateLink>(set, request, *response.mutable_links()));
  return response;
}
absl::StatusOr<ListPrivateEndpointConnectionsResponse> ListPrivateEndpointConnections(
    const ResourceSet& set, const ListPrivateEndpointConnectionsRequest& request) {
  ListPrivateEndpointConnectionsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   ListChildren<PrivateEndpointConnection>(set, request, *response.mutable_connections()));
  return response;
}
absl::StatusOr<ListCustomCertificatesResponse> ListCustomCertificates(
    const ResourceSet& set, const ListCustomCertificatesRequest& request) {
  ListCustomCertificatesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   ListChildren<CustomCertificate>(set, request, *response.mutable_certificates()));
  return response;
}
absl::StatusOr<ListCustomDomainsResponse> ListCustomDomains(const ResourceSet& set,
                                                            const ListCustomDomainsRequest& request) {
  ListCustomDomainsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   ListChildren<CustomDomain>(set, request, *response.mutable_domains()));
  return response;
}

absl::StatusOr<HubSettings> GetHub(const ResourceSet& set, const GetHubRequest& request) {
  return GetChild<HubSettings>(set, request);
}
absl::StatusOr<SharedPrivateLink> GetSharedPrivateLink(const ResourceSet& set,
                                                       const GetSharedPrivateLinkRequest& request) {
  return GetChild<SharedPrivateLink>(set, request);
}
absl::StatusOr<PrivateEndpointConnection> GetPrivateEndpointConnection(
    const ResourceSet& set, const GetPrivateEndpointConnectionRequest& request) {
  return GetChild<PrivateEndpointConnection>(set, request);
}
absl::StatusOr<CustomCertificate> GetCustomCertificate(const ResourceSet& set,
                                                       const GetCustomCertificateRequest& request) {
  return GetChild<CustomCertificate>(set, request);
}
absl::StatusOr<CustomDomain> GetCustomDomain(const ResourceSet& set, const GetCustomDomainRequest& request) {
  return GetChild<CustomDomain>(set, request);
}

absl::StatusOr<CheckNameAvailabilityResponse> CheckNameAvailability(
    const ResourceSet& set, const CheckNameAvailabilityRequest& request) {
  constexpr absl::string_view kType = "Microsoft.SignalRService/WebPubSub";
  if (!absl::EqualsIgnoreCase(request.type(), kType)) {
    return errors::InvalidSetting("type", absl::StrCat("\"", request.type(), "\" is not ", kType));
  }
  CheckNameAvailabilityResponse response;
  const auto answer = [&](absl::string_view reason, const absl::Status& status) {
    response.set_reason(std::string(reason));
    response.set_message(std::string(status.message()));
    return response;
  };
  if (const absl::Status valid = ValidateId("resource", request.name()); !valid.ok()) {
    return answer("Invalid", valid);
  }
  if (set.Find(ResourceName(request.name())) != nullptr) {
    return answer("AlreadyExists", errors::ResourceExists(request.name()));
  }
  const std::string host_name = absl::StrCat(absl::AsciiStrToLower(request.name()), ".", set.zone());
  if (set.IsHostNameUsed(host_name)) return answer("AlreadyExists", errors::HostNameTaken(host_name));
  response.set_name_available(true);
  return response;
}

absl::StatusOr<ListSkusResponse> ListSkus(const ResourceSet& set, const ListSkusRequest& request) {
  const auto parsed = ParseName(request.name());
  const bool replica = parsed && parsed->kind == ParsedName::Kind::kReplica;
  const auto found = replica ? set.GetReplica(request.name(), request.resource_group())
                             : set.GetResource(request.name(), request.resource_group());
  RETURN_IF_ERROR(found.status());
  return SkuChoices(replica);
}

absl::StatusOr<ListUsagesResponse> ListUsages(const ResourceSet& set, const ListUsagesRequest& request) {
  RETURN_IF_ERROR(ValidateRegion(request.location()));
  uint64_t resources = 0;
  uint64_t free = 0;
  uint64_t replicas = 0;
  for (const auto& [key, object] : set.objects()) {
    if (object->has_replica()) replicas += object->replica().location() == request.location();
    if (!object->has_resource() || object->resource().location() != request.location()) continue;
    ++resources;
    free += object->resource().sku().name() == "Free_F1";
  }
  ListUsagesResponse response;
  const auto add = [&](absl::string_view name, absl::string_view display, uint64_t value, uint64_t limit) {
    auto& usage = *response.add_usages();
    usage.set_name(std::string(name));
    usage.set_display_name(std::string(display));
    usage.set_current_value(value);
    usage.set_limit(limit);
    usage.set_unit("Count");
  };
  add("WebPubSub", "Web PubSub resources", resources, kResourcesMax);
  add("FreeTierInstances", "Free tier resources", free, kResourcesMax);
  add("Replicas", "Replicas", replicas, kResourcesMax);  // One a region of each resource.
  return response;
}

}  // namespace nonet::controlplane
