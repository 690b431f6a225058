// What each change of a resource's children would do; see resource_set.h. A child's etag is cleared when it
// changes: SetRevision stamps the new one.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/links.h"
#include "controlplane/core/resource_set.h"
#include "controlplane/core/update_steps.h"
#include "controlplane/core/validate.h"
#include "controlplane/core/validate_settings.h"

namespace nonet::controlplane {

using namespace resource::v1;  // The whole file is about these.

namespace {

// "0" asks that there be none yet.
template <typename Child>
absl::Status CheckChildEtag(const std::string& id, absl::string_view name, absl::string_view etag,
                            const Child* existing) {
  const absl::string_view kind = ChildKind<Child>::kLabel;
  if (etag.empty()) return absl::OkStatus();
  uint64_t current = 0;
  if (existing != nullptr && !absl::SimpleAtoi(existing->etag(), &current)) return errors::InvalidEtag(etag);
  if (etag == "0" && existing != nullptr) return errors::ChildExists(kind, id, name);
  if (etag != "0" && existing == nullptr) return errors::ChildNotFound(kind, id, name);
  return CheckEtag(absl::StrCat(kind, " ", name), etag, current);
}

// What only the server says.
template <typename Child>
void ClearFacts(Child& child) {
  child.clear_etag();
  child.clear_operation();
  if constexpr (std::is_same_v<Child, SharedPrivateLink>) {
    child.clear_uid();
    child.clear_status();
    child.clear_status_message();
    child.clear_warnings();
  }
}

// The host name that Azure gives the target of a link, by its sub-resource; empty where that is not known.
std::string TargetFqdn(const SharedPrivateLink& link) {
  const std::string& id = link.private_link_resource_id();
  const std::string name = CanonicalName(absl::string_view(id).substr(id.rfind('/') + 1));
  const std::string group = CanonicalName(link.group_id());
  if (name.empty()) return "";
  if (group == "sites") return absl::StrCat(name, ".azurewebsites.net");
  if (group == "vault") return absl::StrCat(name, ".vault.azure.net");
  return "";
}

bool SameTarget(const SharedPrivateLink& a, const SharedPrivateLink& b) {
  return CanonicalName(a.private_link_resource_id()) == CanonicalName(b.private_link_resource_id()) &&
         CanonicalName(a.group_id()) == CanonicalName(b.group_id());
}

// What depends on the rest of the resource.
absl::Status Complete(const Resource&, const HubSettings*, const Randoms&, HubSettings&) {
  return absl::OkStatus();
}
absl::Status Complete(const Resource&, const SharedPrivateLink* existing, const Randoms& randoms,
                      SharedPrivateLink& link) {
  if (link.fqdns().empty()) {
    if (const std::string fqdn = TargetFqdn(link); !fqdn.empty()) link.add_fqdns(fqdn);
  }
  link.set_uid(existing != nullptr && SameTarget(*existing, link) ? existing->uid() : randoms.uid);
  return absl::OkStatus();
}
absl::Status Complete(const Resource&, const PrivateEndpointConnection*, const Randoms&,
                      PrivateEndpointConnection&) {
  return absl::OkStatus();
}
absl::Status Complete(const Resource&, const CustomCertificate*, const Randoms&, CustomCertificate&) {
  return absl::OkStatus();
}
absl::Status Complete(const Resource& resource, const CustomDomain*, const Randoms&, CustomDomain& domain) {
  const std::string id = InstanceId(resource.name());
  if (FindChild<CustomCertificate>(resource, domain.custom_certificate()) == nullptr) {
    return errors::CertificateUnknown(id, domain.custom_certificate());
  }
  for (const CustomDomain& other : resource.custom_domains()) {
    if (CanonicalName(other.name()) != CanonicalName(domain.name()) &&
        absl::EqualsIgnoreCase(other.domain_name(), domain.domain_name())) {
      return errors::InvalidSetting("domain.domain_name",
                                    absl::StrCat(domain.domain_name(), " belongs to ", other.name()));
    }
  }
  return absl::OkStatus();
}

// Whether the resource can do without the child.
template <typename Child>
absl::Status CheckErase(const Resource& resource, const Child& child) {
  if constexpr (std::is_same_v<Child, CustomCertificate>) {
    for (const CustomDomain& domain : resource.custom_domains()) {
      if (absl::EqualsIgnoreCase(domain.custom_certificate(), child.name())) {
        return errors::CertificateInUse(InstanceId(resource.name()), child.name(), domain.name());
      }
    }
  }
  return absl::OkStatus();
}

int Listeners(const Resource& resource) {
  int count = 0;
  for (const HubSettings& hub : resource.hubs()) count += hub.event_listeners_size();
  return count;
}

Warning Unapproved(absl::string_view resource, absl::string_view replica, absl::string_view link,
                   absl::string_view status) {
  const absl::Status error = errors::LinkNotApproved(resource, replica, link, status);
  Warning warning;
  warning.set_reason("LINK_NOT_APPROVED");
  warning.set_message(std::string(error.message()));
  warning.set_next_step(
      absl::StrCat("nonet private-link approve ", link, " --replica-name ", replica, " --name ", resource));
  return warning;
}

}  // namespace

absl::StatusOr<const Object*> ResourceSet::HolderOfChildren(absl::string_view parent, absl::string_view group,
                                                            absl::string_view collection) const {
  const auto parsed = ParseName(parent);
  if (parsed && parsed->kind == ParsedName::Kind::kReplica) {
    RETURN_IF_ERROR(GetReplica(parent, group).status());
    return errors::InheritedField(collection, parsed->resource_id, parsed->replica_id);
  }
  ASSIGN_OR_RETURN(const Object* object, GetResource(parent, group));
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(InstanceId(parent));
  return object;
}

template <typename Child, typename Request>
absl::StatusOr<ResourceSet::Plan> ResourceSet::Put(const Request& request, const Randoms& randoms) const {
  using Kind = ChildKind<Child>;
  ASSIGN_OR_RETURN(const Object* object,
                   HolderOfChildren(request.parent(), request.resource_group(), Kind::kCollection));
  const Resource& resource = object->resource();
  const std::string id = InstanceId(object->name());
  Child child = Kind::Given(request);
  const std::string etag = child.etag();
  ClearFacts(child);
  RETURN_IF_ERROR(NormalizeChild(child));
  const Child* existing = FindChild<Child>(resource, Kind::NameOf(child));
  RETURN_IF_ERROR(CheckChildEtag(id, Kind::NameOf(child), etag, existing));
  if constexpr (std::is_same_v<Child, PrivateEndpointConnection>) {
    if (existing == nullptr && request.must_exist()) {
      return errors::ChildNotFound(Kind::kLabel, id, child.name());
    }
  }
  if (existing == nullptr && static_cast<size_t>(Kind::All(resource).size()) >= Kind::kMax) {
    return errors::ChildLimit(Kind::kLabel, id, Kind::kMax);
  }
  RETURN_IF_ERROR(Complete(resource, existing, randoms, child));
  Plan plan;
  plan.child = absl::StrCat(Kind::kCollection, "/", Kind::NameOf(child));
  if constexpr (std::is_same_v<Child, SharedPrivateLink>) WarnOfEnabledReplicas(resource, child, plan);
  if (existing != nullptr && SameChild(*existing, child)) {
    plan.unchanged = object;
    return plan;
  }
  plan.changed.push_back(*object);
  Resource& next = *plan.changed.front().mutable_resource();
  PutChild(next, child);
  RETURN_IF_ERROR(CheckPremiumSettings(next));
  if (Listeners(next) > kEventListenersMax) {
    return errors::InvalidHub(Kind::NameOf(child), absl::StrCat("at most ", kEventListenersMax,
                                                                " event listeners are possible over all "
                                                                "hubs of a resource"));
  }
  return plan;
}

template <typename Child, typename Request>
absl::StatusOr<ResourceSet::Plan> ResourceSet::Erase(const Request& request) const {
  using Kind = ChildKind<Child>;
  ASSIGN_OR_RETURN(const Object* object,
                   HolderOfChildren(request.parent(), request.resource_group(), Kind::kCollection));
  const std::string id = InstanceId(object->name());
  const Child* existing = FindChild<Child>(object->resource(), request.name());
  if (existing == nullptr) return errors::ChildNotFound(Kind::kLabel, id, request.name());
  RETURN_IF_ERROR(CheckChildEtag(id, request.name(), request.etag(), existing));
  RETURN_IF_ERROR(CheckErase(object->resource(), *existing));
  Plan plan;
  plan.child = absl::StrCat(Kind::kCollection, "/", Kind::NameOf(*existing));
  plan.changed.push_back(*object);
  EraseChild<Child>(*plan.changed.front().mutable_resource(), request.name());
  return plan;
}

// A replica that is in DNS and may not use the link serves clients whose events cannot be handled there.
void ResourceSet::WarnOfEnabledReplicas(const Resource& primary, const SharedPrivateLink& link,
                                        Plan& plan) const {
  for (const Object* replica : StayingReplicas(primary.name())) {
    const absl::string_view status = LinkStatus(ApprovalsOf(replica->replica()), link);
    if (!replica->replica().region_endpoint_enabled() || status == "Approved") continue;
    plan.warnings.push_back(
        Unapproved(InstanceId(primary.name()), InstanceId(replica->name()), link.name(), status));
  }
}

absl::Status ResourceSet::CheckLinks(const Replica& replica, bool force, Plan& plan) const {
  const auto parsed = ParseName(replica.name());
  const Object* parent = Find(ResourceName(parsed->resource_id));
  for (const SharedPrivateLink& link : parent->resource().shared_private_links()) {
    const absl::string_view status = LinkStatus(ApprovalsOf(replica), link);
    if (status == "Approved") continue;
    if (!force) return errors::LinkNotApproved(parsed->resource_id, parsed->replica_id, link.name(), status);
    plan.warnings.push_back(Unapproved(parsed->resource_id, parsed->replica_id, link.name(), status));
  }
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<ResourceSet::Plan> ResourceSet::Decide(const Request& request, Now now,
                                                      absl::string_view status) const {
  const auto parsed = ParseName(request.instance());
  if (!parsed || parsed->kind == ParsedName::Kind::kKeys) {
    return errors::InvalidName("instance", request.instance(), "resources/{resource}[/replicas/{replica}]");
  }
  ASSIGN_OR_RETURN(const Object* parent,
                   GetResource(ResourceName(parsed->resource_id), request.resource_group()));
  const Object* object = parent;
  if (parsed->kind == ParsedName::Kind::kReplica) {
    ASSIGN_OR_RETURN(object, GetReplica(request.instance(), request.resource_group()));
  }
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) {
    return errors::BeingDeleted(InstanceId(object->name()));
  }
  RETURN_IF_ERROR(ValidateMessage("message", request.message()));
  const SharedPrivateLink* link = FindChild<SharedPrivateLink>(parent->resource(), request.link());
  if (link == nullptr) {
    return errors::ChildNotFound(ChildKind<SharedPrivateLink>::kLabel, InstanceId(parent->name()),
                                 request.link());
  }
  Plan plan;
  plan.child = absl::StrCat(ChildKind<SharedPrivateLink>::kCollection, "/", link->name());
  const Approvals& approvals =
      object->has_resource() ? ApprovalsOf(object->resource()) : ApprovalsOf(object->replica());
  const SharedPrivateLinkApproval* before = FindApproval(approvals, *link);
  if (before != nullptr && before->status() == status && before->message() == request.message()) {
    plan.unchanged = object;
    return plan;
  }
  SharedPrivateLinkApproval approval;
  approval.set_link(link->name());
  approval.set_link_uid(link->uid());
  approval.set_status(std::string(status));
  approval.set_message(request.message());
  SetTime(*approval.mutable_update_time(), now.wall_ns);
  plan.changed.push_back(*object);
  Object& next = plan.changed.front();
  SetApproval(parent->resource(), approval,
              object->has_resource() ? *next.mutable_resource()->mutable_shared_private_link_approvals()
                                     : *next.mutable_replica()->mutable_shared_private_link_approvals());
  return plan;
}

// A replica's own request for approval: the same link, Pending again.
absl::StatusOr<ResourceSet::Plan> ResourceSet::AskAgain(const CreateOrUpdateSharedPrivateLinkRequest& request,
                                                        Now now) const {
  const auto parsed = ParseName(request.parent());
  ASSIGN_OR_RETURN(const Object* replica, GetReplica(request.parent(), request.resource_group()));
  const Object* parent = Find(ResourceName(parsed->resource_id));
  SharedPrivateLink given = request.link();
  ClearFacts(given);
  RETURN_IF_ERROR(NormalizeChild(given));
  const SharedPrivateLink* link = FindChild<SharedPrivateLink>(parent->resource(), given.name());
  if (link == nullptr || !SameTarget(*link, given)) {
    return errors::InheritedField("shared_private_links", InstanceId(parent->name()),
                                  InstanceId(replica->name()));
  }
  const absl::string_view status = LinkStatus(ApprovalsOf(replica->replica()), *link);
  if (status == "Pending" || status == "Approved") return Plan{{}, replica};
  RejectSharedPrivateLinkRequest pending;
  pending.set_instance(replica->name());
  pending.set_link(link->name());
  return Decide(pending, now, "Pending");
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateOrUpdateHubRequest& request, Now,
                                                    const Randoms& randoms) const {
  if (!request.has_hub()) return errors::MissingField("hub");
  return Put<HubSettings>(request, randoms);
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteHubRequest& request, Now,
                                                    const Randoms&) const {
  return Erase<HubSettings>(request);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateOrUpdateSharedPrivateLinkRequest& request,
                                                    Now now, const Randoms& randoms) const {
  if (!request.has_link()) return errors::MissingField("link");
  const auto parsed = ParseName(request.parent());
  if (parsed && parsed->kind == ParsedName::Kind::kReplica) return AskAgain(request, now);
  return Put<SharedPrivateLink>(request, randoms);
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteSharedPrivateLinkRequest& request, Now,
                                                    const Randoms&) const {
  return Erase<SharedPrivateLink>(request);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(
    const CreateOrUpdatePrivateEndpointConnectionRequest& request, Now, const Randoms& randoms) const {
  if (!request.has_connection()) return errors::MissingField("connection");
  return Put<PrivateEndpointConnection>(request, randoms);
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeletePrivateEndpointConnectionRequest& request,
                                                    Now, const Randoms&) const {
  return Erase<PrivateEndpointConnection>(request);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateOrUpdateCustomCertificateRequest& request,
                                                    Now, const Randoms& randoms) const {
  if (!request.has_certificate()) return errors::MissingField("certificate");
  return Put<CustomCertificate>(request, randoms);
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteCustomCertificateRequest& request, Now,
                                                    const Randoms&) const {
  return Erase<CustomCertificate>(request);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateOrUpdateCustomDomainRequest& request, Now,
                                                    const Randoms& randoms) const {
  if (!request.has_domain()) return errors::MissingField("domain");
  return Put<CustomDomain>(request, randoms);
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteCustomDomainRequest& request, Now,
                                                    const Randoms&) const {
  return Erase<CustomDomain>(request);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const ApproveSharedPrivateLinkRequest& request, Now now,
                                                    const Randoms&) const {
  return Decide(request, now, "Approved");
}
absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const RejectSharedPrivateLinkRequest& request, Now now,
                                                    const Randoms&) const {
  return Decide(request, now, "Rejected");
}

}  // namespace nonet::controlplane
