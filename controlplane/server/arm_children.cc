// arm_handlers.h: what a resource has below it and what is the same about all of it.
#include <nlohmann/json.hpp>
#include <type_traits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/lists.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

using resource::v1::CustomCertificate;
using resource::v1::CustomDomain;
using resource::v1::HubSettings;
using resource::v1::PrivateEndpointConnection;
using resource::v1::Resource;
using resource::v1::SharedPrivateLink;

// What differs: bodies, requests, and whether Azure documents a change as one call or as an operation.
template <typename Child>
struct ChildDoor;

template <>
struct ChildDoor<HubSettings> {
  using Put = resource::v1::CreateOrUpdateHubRequest;
  using Delete = resource::v1::DeleteHubRequest;
  using List = resource::v1::ListHubsRequest;
  static constexpr bool kPutIsOneCall = false;
  static constexpr bool kDeleteIsOneCall = false;
  static HubSettings& Given(Put& r) { return *r.mutable_hub(); }
  static void SetName(HubSettings& child, const std::string& name) { child.set_hub(name); }
  static absl::Status Read(const Call& call, const Json* current, HubSettings& out) {
    return ReadHub(*call.body, current, out);
  }
  static auto Page(const ResourceSet& set, const List& request) {
    return controlplane::ListHubs(set, request);
  }
  template <typename Response>
  static const auto& Items(const Response& response) {
    return response.hubs();
  }
  static Json Show(const HubSettings& child, const Resource& parent) { return HubToJson(child, parent); }
};

template <>
struct ChildDoor<SharedPrivateLink> {
  using Put = resource::v1::CreateOrUpdateSharedPrivateLinkRequest;
  using Delete = resource::v1::DeleteSharedPrivateLinkRequest;
  using List = resource::v1::ListSharedPrivateLinksRequest;
  static constexpr bool kPutIsOneCall = false;
  static constexpr bool kDeleteIsOneCall = false;
  static SharedPrivateLink& Given(Put& r) { return *r.mutable_link(); }
  static void SetName(SharedPrivateLink& child, const std::string& name) { child.set_name(name); }
  static absl::Status Read(const Call& call, const Json* current, SharedPrivateLink& out) {
    return ReadSharedPrivateLink(*call.body, current, out);
  }
  static auto Page(const ResourceSet& set, const List& request) {
    return controlplane::ListSharedPrivateLinks(set, request);
  }
  template <typename Response>
  static const auto& Items(const Response& response) {
    return response.links();
  }
  static Json Show(const SharedPrivateLink& child, const Resource& parent) {
    return SharedPrivateLinkToJson(child, parent);
  }
};

template <>
struct ChildDoor<PrivateEndpointConnection> {
  using Put = resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest;
  using Delete = resource::v1::DeletePrivateEndpointConnectionRequest;
  using List = resource::v1::ListPrivateEndpointConnectionsRequest;
  static constexpr bool kPutIsOneCall = true;
  static constexpr bool kDeleteIsOneCall = false;
  static PrivateEndpointConnection& Given(Put& r) { return *r.mutable_connection(); }
  static void SetName(PrivateEndpointConnection& child, const std::string& name) { child.set_name(name); }
  static absl::Status Read(const Call& call, const Json* current, PrivateEndpointConnection& out) {
    return ReadPrivateEndpointConnection(*call.body, current, out);
  }
  static auto Page(const ResourceSet& set, const List& request) {
    return controlplane::ListPrivateEndpointConnections(set, request);
  }
  template <typename Response>
  static const auto& Items(const Response& response) {
    return response.connections();
  }
  static Json Show(const PrivateEndpointConnection& child, const Resource& parent) {
    return PrivateEndpointConnectionToJson(child, parent);
  }
};

template <>
struct ChildDoor<CustomCertificate> {
  using Put = resource::v1::CreateOrUpdateCustomCertificateRequest;
  using Delete = resource::v1::DeleteCustomCertificateRequest;
  using List = resource::v1::ListCustomCertificatesRequest;
  static constexpr bool kPutIsOneCall = false;
  static constexpr bool kDeleteIsOneCall = true;
  static CustomCertificate& Given(Put& r) { return *r.mutable_certificate(); }
  static void SetName(CustomCertificate& child, const std::string& name) { child.set_name(name); }
  static absl::Status Read(const Call& call, const Json* current, CustomCertificate& out) {
    return ReadCustomCertificate(*call.body, current, out);
  }
  static auto Page(const ResourceSet& set, const List& request) {
    return controlplane::ListCustomCertificates(set, request);
  }
  template <typename Response>
  static const auto& Items(const Response& response) {
    return response.certificates();
  }
  static Json Show(const CustomCertificate& child, const Resource& parent) {
    return CustomCertificateToJson(child, parent);
  }
};

template <>
struct ChildDoor<CustomDomain> {
  using Put = resource::v1::CreateOrUpdateCustomDomainRequest;
  using Delete = resource::v1::DeleteCustomDomainRequest;
  using List = resource::v1::ListCustomDomainsRequest;
  static constexpr bool kPutIsOneCall = false;
  static constexpr bool kDeleteIsOneCall = false;
  static CustomDomain& Given(Put& r) { return *r.mutable_domain(); }
  static void SetName(CustomDomain& child, const std::string& name) { child.set_name(name); }
  static absl::Status Read(const Call& call, const Json* current, CustomDomain& out) {
    return ReadCustomDomain(*call.body, current, call.path.resource(), out);
  }
  static auto Page(const ResourceSet& set, const List& request) {
    return controlplane::ListCustomDomains(set, request);
  }
  template <typename Response>
  static const auto& Items(const Response& response) {
    return response.domains();
  }
  static Json Show(const CustomDomain& child, const Resource& parent) {
    return CustomDomainToJson(child, parent);
  }
};

template <typename Child>
absl::Status NoSuchChild(absl::string_view resource, absl::string_view name) {
  return controlplane::errors::ChildNotFound(ChildKind<Child>::kLabel, resource, name);
}

template <typename Child>
absl::StatusOr<Answer> ListChildren(const ControlPlane& plane, const Call& call, const Resource& parent) {
  typename ChildDoor<Child>::List request;
  request.set_parent(parent.name());
  request.set_resource_group(call.path.group);
  request.set_page_size(call.top);
  request.set_page_token(call.skip_token);
  ASSIGN_OR_RETURN(const auto page, ChildDoor<Child>::Page(plane.resources(), request));
  Json values = Json::array();
  for (const Child& child : ChildDoor<Child>::Items(page))
    values.push_back(ChildDoor<Child>::Show(child, parent));
  return ListAnswer(call, std::move(values), page.next_page_token());
}

template <typename Child>
absl::StatusOr<Answer> PutChildOf(Engine::Turn& turn, const Call& call, const Resource& parent) {
  RETURN_IF_ERROR(RequireBody(call));
  const Child* stored = FindChild<Child>(parent, call.path.child());
  RETURN_IF_ERROR(CheckConditions(call, stored != nullptr, call.path.child()));
  const Json current = stored == nullptr ? Json() : ChildDoor<Child>::Show(*stored, parent);
  const bool exists = stored != nullptr;
  typename ChildDoor<Child>::Put request;
  Child& child = ChildDoor<Child>::Given(request);
  RETURN_IF_ERROR(ChildDoor<Child>::Read(call, exists ? &current : nullptr, child));
  ChildDoor<Child>::SetName(child, call.path.child());
  child.set_etag(WantedEtag(call));
  // Azure makes connections on the network's side; a body that names the private endpoint stands in for that.
  if constexpr (std::is_same_v<Child, PrivateEndpointConnection>) {
    request.set_must_exist(child.private_endpoint_id().empty());
  }
  request.set_parent(parent.name());
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  const Resource& holder = answer.resource();
  const Child* now = FindChild<Child>(holder, call.path.child());
  if (now == nullptr) return NoSuchChild<Child>(call.path.resource(), call.path.child());
  const Json body = ChildDoor<Child>::Show(*now, holder);
  if (!ChildDoor<Child>::kPutIsOneCall) {
    return Changed(exists ? 200 : 201, body, holder.operation(), holder.location());
  }
  Answer done = Found(body);
  done.wait_for = holder.operation();
  return done;
}

template <typename Child>
absl::StatusOr<Answer> DeleteChildOf(Engine::Turn& turn, const Call& call, const Resource& parent) {
  if (FindChild<Child>(parent, call.path.child()) == nullptr) return Answer{.status = 204};
  typename ChildDoor<Child>::Delete request;
  request.set_parent(parent.name());
  request.set_name(call.path.child());
  request.set_etag(WantedEtag(call));
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  const Resource& holder = answer.resource();
  if (ChildDoor<Child>::kDeleteIsOneCall) return Answer{.status = 200, .wait_for = holder.operation()};
  return Answer{.status = 202, .operation = holder.operation(), .location = holder.location()};
}

template <typename Child>
absl::StatusOr<Answer> HandleKind(Engine::Turn& turn, const Call& call, const Resource& parent) {
  if (!call.path.is_object) {
    return call.method == "GET" ? ListChildren<Child>(turn.plane, call, parent) : NotAllowed(call, "GET");
  }
  if (call.method == "PUT") return PutChildOf<Child>(turn, call, parent);
  if (call.method == "DELETE") return DeleteChildOf<Child>(turn, call, parent);
  if (call.method != "GET") return NotAllowed(call, "GET, PUT, DELETE");
  const Child* child = FindChild<Child>(parent, call.path.child());
  if (child == nullptr) return NoSuchChild<Child>(call.path.resource(), call.path.child());
  return Found(ChildDoor<Child>::Show(*child, parent));
}

template <typename Child>
bool ShowIfOf(absl::string_view collection, const std::string& name, const Resource& parent, Json& out) {
  if (collection != ChildKind<Child>::kCollection) return false;
  if (const Child* child = FindChild<Child>(parent, name)) out = ChildDoor<Child>::Show(*child, parent);
  return true;
}

}  // namespace

absl::StatusOr<Answer> HandleChildren(Engine::Turn& turn, const Call& call) {
  const auto found = FindResource(turn.plane, call.path);
  // Whose parent is gone is gone as well.
  if (absl::IsNotFound(found.status()) && call.method == "DELETE" && call.path.is_object) {
    return Answer{.status = 204};
  }
  RETURN_IF_ERROR(found.status());
  const Resource& parent = **found;
  const absl::string_view kind = absl::string_view(call.path.type).substr(sizeof("webPubSub/") - 1);
  if (kind == "hubs") return HandleKind<HubSettings>(turn, call, parent);
  if (kind == "sharedPrivateLinkResources") return HandleKind<SharedPrivateLink>(turn, call, parent);
  if (kind == "privateEndpointConnections") return HandleKind<PrivateEndpointConnection>(turn, call, parent);
  if (kind == "customCertificates") return HandleKind<CustomCertificate>(turn, call, parent);
  return HandleKind<CustomDomain>(turn, call, parent);
}

Json ShowChild(const resource::v1::Resource& parent, absl::string_view child) {
  Json json;
  const size_t slash = child.find('/');
  if (slash == absl::string_view::npos) return json;
  const absl::string_view kind = child.substr(0, slash);
  const std::string name(child.substr(slash + 1));
  (void)(ShowIfOf<HubSettings>(kind, name, parent, json) ||
         ShowIfOf<SharedPrivateLink>(kind, name, parent, json) ||
         ShowIfOf<PrivateEndpointConnection>(kind, name, parent, json) ||
         ShowIfOf<CustomCertificate>(kind, name, parent, json) ||
         ShowIfOf<CustomDomain>(kind, name, parent, json));
  return json;
}

}  // namespace nonet::controlplane::arm
