// Everything the control plane says to a person when it refuses. Ids and codes are stable; the next step is
// the command to type. Names are given as people know them: "contoso", "westus".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane::errors {

// ---- Never valid: INVALID_ARGUMENT ----
absl::Status InvalidName(absl::string_view field, absl::string_view value, absl::string_view form);
absl::Status InvalidId(absl::string_view what, absl::string_view id);
absl::Status InvalidResourceGroup(absl::string_view group);
absl::Status InvalidSubscription(absl::string_view subscription);
absl::Status MissingField(absl::string_view field);
// `nearest` is offered as the correction.
absl::Status UnknownRegion(absl::string_view region, absl::string_view nearest);
absl::Status UnknownSku(absl::string_view sku);
absl::Status InvalidCapacity(absl::string_view sku, uint32_t capacity, absl::string_view allowed);
absl::Status InvalidHub(absl::string_view hub, absl::string_view why);
absl::Status TooManyHubs(size_t count);
absl::Status InvalidTags(absl::string_view why);
// `where` is the path of the profile or endpoint: "traffic_profile.endpoints[2]".
absl::Status InvalidTrafficProfile(absl::string_view where, absl::string_view why);
absl::Status InvalidRequestId();
absl::Status RequestIdReused(absl::string_view request_id);
absl::Status MissingFieldMask();
absl::Status UnknownField(absl::string_view path, absl::string_view allowed);
absl::Status OutputOnlyField(absl::string_view path);
absl::Status ImmutableField(absl::string_view path, absl::string_view object);
// A field that only the primary can set.
absl::Status InheritedField(absl::string_view path, absl::string_view resource, absl::string_view replica);
absl::Status InvalidEtag(absl::string_view etag);
absl::Status InvalidKeyType();
absl::Status InvalidSubscriber(absl::string_view subscriber, absl::string_view why);
// `field` is the path: "network_acls.ip_rules[2].value".
absl::Status InvalidSetting(absl::string_view field, absl::string_view why);
// Children have calls of their own; `call` is one of them.
absl::Status ChildField(absl::string_view field, absl::string_view call);
absl::Status InvalidPageToken();
absl::Status InvalidPageSize(uint32_t size);
absl::Status InvalidDrain();

// ---- NOT_FOUND, ALREADY_EXISTS ----
absl::Status ResourceNotFound(absl::string_view resource);
absl::Status ResourceNotInGroup(absl::string_view resource, absl::string_view group);
absl::Status ReplicaNotFound(absl::string_view resource, absl::string_view replica);
absl::Status ResourceExists(absl::string_view resource);
absl::Status ReplicaExists(absl::string_view resource, absl::string_view replica);
// The primary's instance is called by the resource's id, so no replica may be.
absl::Status ReplicaNamedAsPrimary(absl::string_view resource);
absl::Status HostNameTaken(absl::string_view host_name);
// `kind` as people say it: "shared private link"; the id is made of it: SHARED_PRIVATE_LINK_NOT_FOUND.
absl::Status ChildNotFound(absl::string_view kind, absl::string_view resource, absl::string_view name);
absl::Status ChildExists(absl::string_view kind, absl::string_view resource, absl::string_view name);
absl::Status OperationNotFound(absl::string_view name);

// ---- Change the state first: FAILED_PRECONDITION ----
absl::Status ReplicaLimit(absl::string_view resource, absl::string_view some_replica);
absl::Status PremiumRequired(absl::string_view resource, absl::string_view sku);
absl::Status ReplicaSkuNotPremium(absl::string_view sku);
absl::Status PremiumNeededByReplicas(absl::string_view resource, absl::string_view some_replica);
// `holder` is the instance that is there already.
absl::Status LocationTaken(absl::string_view region, absl::string_view resource, absl::string_view holder);
absl::Status ReplicaRequiredToDisable(absl::string_view resource);
absl::Status LastReplicaOfDisabledPrimary(absl::string_view resource, absl::string_view replica);
// A traffic profile names an instance that the resource does not have.
absl::Status ProfileInstanceUnknown(absl::string_view where, absl::string_view instance,
                                    absl::string_view known);
absl::Status ChildLimit(absl::string_view kind, absl::string_view resource, size_t limit);
// An instance would be enabled though it may not use a link. `status` is Azure's word.
absl::Status LinkNotApproved(absl::string_view resource, absl::string_view replica, absl::string_view link,
                             absl::string_view status);
absl::Status CertificateInUse(absl::string_view resource, absl::string_view certificate,
                              absl::string_view domain);
absl::Status CertificateUnknown(absl::string_view resource, absl::string_view certificate);
// `what` needs it: "the application firewall".
absl::Status PremiumNeededBy(absl::string_view what, absl::string_view resource, absl::string_view sku);
absl::Status OperationFailed(absl::string_view name, absl::string_view why);
absl::Status InstanceStopped(absl::string_view resource, absl::string_view replica);
absl::Status ProvisioningFailed(absl::string_view object, absl::string_view why);
// A subscriber cannot apply the object and keeps the version before.
absl::Status Refused(absl::string_view object, absl::string_view subscriber, absl::string_view why);

// ---- ABORTED ----
absl::Status StaleEtag(absl::string_view object, absl::string_view given, absl::string_view current);
absl::Status BeingDeleted(absl::string_view object);
// `operation` is the one under way: "operations/12", of the method `verb`.
absl::Status OperationInProgress(absl::string_view object, absl::string_view operation,
                                 absl::string_view verb);
absl::Status BeingDrained(absl::string_view resource, absl::string_view replica);
absl::Status SecondStream(absl::string_view subscriber);

// ---- RESOURCE_EXHAUSTED, UNAVAILABLE, DEADLINE_EXCEEDED ----
absl::Status ResourceLimit(size_t limit);
absl::Status SubscriberLimit();
absl::Status SubscriberTooSlow(absl::string_view subscriber, size_t bytes);
absl::Status Overloaded(absl::string_view what, size_t limit);
absl::Status Stopping();
absl::Status NoUniqueHostName(absl::string_view object);
absl::Status NotConverged(absl::string_view object, absl::string_view state,
                          const std::vector<std::string>& missing, uint64_t revision);

// ---- The store ----
absl::Status StoreInUse(absl::string_view path);
absl::Status StoreUnwritable(absl::string_view path, absl::string_view why);
absl::Status StoreFull(absl::string_view path, absl::string_view why);
absl::Status StoreCorrupt(absl::string_view path, absl::string_view why);
absl::Status StoreTooNew(absl::string_view path, uint64_t found, uint64_t known);
absl::Status StoreFailed(absl::string_view path, absl::string_view why);
absl::Status BackupRunning();
absl::Status BackupDamaged(absl::string_view file, absl::string_view why);
// Restoring would lose the changes after the backup's revision.
absl::Status BackupOlder(absl::string_view file, uint64_t revision, uint64_t current);
absl::Status BackupOfAnotherCluster(absl::string_view file, absl::string_view path);

// What provisioning_error says; not a status.
std::string NoAcknowledgement(absl::string_view object, int64_t timeout_ns);
// What a canceled operation says; not a status.
std::string Overtaken(absl::string_view by);

}  // namespace nonet::controlplane::errors
