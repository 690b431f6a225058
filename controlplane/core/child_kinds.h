// The kinds of children that live inside a resource, and what is the same about them all: where they are
// kept, what they are called, which request speaks of them. Children are kept by name, compared without case.
// Pure.
//
//   const SharedPrivateLink* link = FindChild<SharedPrivateLink>(resource, "web");
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"
#include "nonet/resource/v1/child_resource_service.pb.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

template <typename Child>
struct ChildKind;

template <>
struct ChildKind<resource::v1::HubSettings> {
  static constexpr absl::string_view kLabel = "hub";        // For people, and for error ids.
  static constexpr absl::string_view kCollection = "hubs";  // Azure's, of the REST path.
  static constexpr size_t kMax = kHubsMax;
  static auto& All(resource::v1::Resource& r) { return *r.mutable_hubs(); }
  static const auto& All(const resource::v1::Resource& r) { return r.hubs(); }
  static const std::string& NameOf(const resource::v1::HubSettings& c) { return c.hub(); }
  static const auto& Given(const resource::v1::CreateOrUpdateHubRequest& r) { return r.hub(); }
};

template <>
struct ChildKind<resource::v1::SharedPrivateLink> {
  static constexpr absl::string_view kLabel = "shared private link";
  static constexpr absl::string_view kCollection = "sharedPrivateLinkResources";
  static constexpr size_t kMax = kChildrenMax;
  static auto& All(resource::v1::Resource& r) { return *r.mutable_shared_private_links(); }
  static const auto& All(const resource::v1::Resource& r) { return r.shared_private_links(); }
  static const std::string& NameOf(const resource::v1::SharedPrivateLink& c) { return c.name(); }
  static const auto& Given(const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& r) { return r.link(); }
};

template <>
struct ChildKind<resource::v1::PrivateEndpointConnection> {
  static constexpr absl::string_view kLabel = "private endpoint connection";
  static constexpr absl::string_view kCollection = "privateEndpointConnections";
  static constexpr size_t kMax = kChildrenMax;
  static auto& All(resource::v1::Resource& r) { return *r.mutable_private_endpoint_connections(); }
  static const auto& All(const resource::v1::Resource& r) { return r.private_endpoint_connections(); }
  static const std::string& NameOf(const resource::v1::PrivateEndpointConnection& c) { return c.name(); }
  static const auto& Given(const resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest& r) {
    return r.connection();
  }
};

template <>
struct ChildKind<resource::v1::CustomCertificate> {
  static constexpr absl::string_view kLabel = "custom certificate";
  static constexpr absl::string_view kCollection = "customCertificates";
  static constexpr size_t kMax = kChildrenMax;
  static auto& All(resource::v1::Resource& r) { return *r.mutable_custom_certificates(); }
  static const auto& All(const resource::v1::Resource& r) { return r.custom_certificates(); }
  static const std::string& NameOf(const resource::v1::CustomCertificate& c) { return c.name(); }
  static const auto& Given(const resource::v1::CreateOrUpdateCustomCertificateRequest& r) {
    return r.certificate();
  }
};

template <>
struct ChildKind<resource::v1::CustomDomain> {
  static constexpr absl::string_view kLabel = "custom domain";
  static constexpr absl::string_view kCollection = "customDomains";
  static constexpr size_t kMax = kChildrenMax;
  static auto& All(resource::v1::Resource& r) { return *r.mutable_custom_domains(); }
  static const auto& All(const resource::v1::Resource& r) { return r.custom_domains(); }
  static const std::string& NameOf(const resource::v1::CustomDomain& c) { return c.name(); }
  static const auto& Given(const resource::v1::CreateOrUpdateCustomDomainRequest& r) { return r.domain(); }
};

// nullptr when there is none of that name.
template <typename Child>
const Child* FindChild(const resource::v1::Resource& resource, absl::string_view name) {
  const std::string canonical = CanonicalName(name);
  for (const Child& child : ChildKind<Child>::All(resource)) {
    if (CanonicalName(ChildKind<Child>::NameOf(child)) == canonical) return &child;
  }
  return nullptr;
}

// In the place of the one of that name, or where the order by name wants it.
template <typename Child>
void PutChild(resource::v1::Resource& resource, const Child& child) {
  const auto key = [](const Child& c) { return CanonicalName(ChildKind<Child>::NameOf(c)); };
  auto& all = ChildKind<Child>::All(resource);
  for (Child& existing : all) {
    if (key(existing) == key(child)) {
      existing = child;
      return;
    }
  }
  *all.Add() = child;
  for (int i = all.size() - 1; i > 0 && key(all.Get(i)) < key(all.Get(i - 1)); --i)
    all.SwapElements(i, i - 1);
}

template <typename Child>
void EraseChild(resource::v1::Resource& resource, absl::string_view name) {
  const std::string canonical = CanonicalName(name);
  auto& all = ChildKind<Child>::All(resource);
  all.erase(
      std::remove_if(all.begin(), all.end(),
                     [&](const Child& c) { return CanonicalName(ChildKind<Child>::NameOf(c)) == canonical; }),
      all.end());
}

// Whether two children differ in more than their etags.
template <typename Child>
bool SameChild(Child a, Child b) {
  a.clear_etag();
  b.clear_etag();
  return Serialize(a) == Serialize(b);
}

// Calls visit(child) for every child of every kind of a Resource, const or not.
template <typename AnyResource, typename Visitor>
void ForEachChild(AnyResource& resource, Visitor visit) {
  using namespace resource::v1;
  for (auto& child : ChildKind<HubSettings>::All(resource)) visit(child);
  for (auto& child : ChildKind<SharedPrivateLink>::All(resource)) visit(child);
  for (auto& child : ChildKind<PrivateEndpointConnection>::All(resource)) visit(child);
  for (auto& child : ChildKind<CustomCertificate>::All(resource)) visit(child);
  for (auto& child : ChildKind<CustomDomain>::All(resource)) visit(child);
}

}  // namespace nonet::controlplane
