#include "controlplane/core/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/clock/clock.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane::errors {
namespace {

using absl::StatusCode;
using absl::StrCat;
using absl::string_view;
using Metadata = std::map<std::string, std::string>;

absl::Status Invalid(string_view reason, string_view message, std::string next_step, Metadata metadata) {
  return MakeError(StatusCode::kInvalidArgument, reason, message,
                   {std::move(next_step), std::move(metadata)});
}
absl::Status Precondition(string_view reason, string_view message, std::string next_step, Metadata metadata) {
  return MakeError(StatusCode::kFailedPrecondition, reason, message,
                   {std::move(next_step), std::move(metadata)});
}

// The options that name one instance to the CLI.
std::string ReplicaOptions(string_view resource, string_view replica) {
  return StrCat(" --replica-name ", replica, " --name ", resource);
}

}  // namespace

absl::Status InvalidName(string_view field, string_view value, string_view form) {
  return Invalid("INVALID_NAME", StrCat(field, " \"", value, "\" does not have the form ", form), "",
                 {{"field", std::string(field)}});
}

absl::Status InvalidId(string_view what, string_view id) {
  return Invalid("INVALID_NAME",
                 StrCat("\"", id, "\" is no name for a ", what,
                        ": 3 to 63 letters, digits and hyphens, a letter first, no hyphen last"),
                 StrCat("choose another name, such as ", what == "replica" ? "westus" : "contoso"),
                 {{std::string(what), std::string(id)}});
}

absl::Status InvalidResourceGroup(string_view group) {
  return Invalid("INVALID_RESOURCE_GROUP",
                 StrCat("\"", group, "\" is no name for a resource group: 1 to ", kResourceGroupMax,
                        " letters, digits, underscores, hyphens, periods and parentheses, no period last"),
                 "", {{"resource_group", std::string(group)}});
}

absl::Status InvalidSubscription(string_view subscription) {
  return Invalid("INVALID_SUBSCRIPTION", StrCat("subscription \"", subscription, "\" is not a UUID"),
                 "leave it out, or give one like 00000000-0000-0000-0000-000000000000",
                 {{"subscription", std::string(subscription)}});
}

absl::Status MissingField(string_view field) {
  return Invalid("MISSING_FIELD", StrCat(field, " is required"), "", {{"field", std::string(field)}});
}

absl::Status UnknownRegion(string_view region, string_view nearest) {
  return Invalid("UNKNOWN_REGION", StrCat("there is no region \"", region, "\"; did you mean ", nearest, "?"),
                 StrCat("--location ", nearest),
                 {{"region", std::string(region)}, {"suggestion", std::string(nearest)}});
}

absl::Status UnknownSku(string_view sku) {
  return Invalid("UNKNOWN_SKU",
                 StrCat("there is no SKU \"", sku, "\": Free_F1, Standard_S1, Premium_P1 and Premium_P2 are"),
                 "--sku Premium_P1", {{"sku", std::string(sku)}});
}

absl::Status InvalidCapacity(string_view sku, uint32_t capacity, string_view allowed) {
  return Invalid("INVALID_CAPACITY", StrCat(sku, " has no size of ", capacity, " units; it has ", allowed),
                 "--unit-count with one of these", {{"sku", std::string(sku)}});
}

absl::Status InvalidHub(string_view hub, string_view why) {
  return Invalid("INVALID_HUB", StrCat("hub \"", hub, "\": ", why), "", {{"hub", std::string(hub)}});
}

absl::Status TooManyHubs(size_t count) {
  return Invalid("HUB_LIMIT", StrCat(count, " hubs have settings; at most ", kHubsMax, " can"),
                 "leave out hubs that keep the defaults: a hub needs no settings to be used", {});
}

absl::Status InvalidTags(string_view why) { return Invalid("INVALID_TAGS", why, "", {}); }

absl::Status InvalidTrafficProfile(string_view where, string_view why) {
  return Invalid("INVALID_TRAFFIC_PROFILE", StrCat(where, ": ", why), "", {{"field", std::string(where)}});
}

absl::Status InvalidRequestId() {
  return Invalid("INVALID_REQUEST_ID",
                 StrCat("request_id must be 1 to ", kRequestIdMax, " printable characters without spaces"),
                 "use a new UUID for every change", {});
}

absl::Status RequestIdReused(string_view request_id) {
  return Invalid("REQUEST_ID_REUSED",
                 StrCat("request_id ", request_id, " was used within the last 24 hours for another request"),
                 "use a new UUID for every change; the same one only to repeat the very same request",
                 {{"request_id", std::string(request_id)}});
}

absl::Status MissingFieldMask() {
  return Invalid("MISSING_FIELD_MASK", "update_mask is required: it says which fields change",
                 "name the fields, or give \"*\" for all that can change", {});
}

absl::Status UnknownField(string_view path, string_view allowed) {
  return Invalid("INVALID_FIELD_MASK",
                 StrCat("update_mask: \"", path, "\" is not a field that can change; these are: ", allowed),
                 "", {{"field", std::string(path)}});
}

absl::Status OutputOnlyField(string_view path) {
  return Invalid("OUTPUT_ONLY_FIELD", StrCat("update_mask: \"", path, "\" is output only: it reports a fact"),
                 "leave it out of update_mask", {{"field", std::string(path)}});
}

absl::Status ImmutableField(string_view path, string_view object) {
  return Invalid("IMMUTABLE_FIELD", StrCat(path, " of ", object, " cannot change after creation"),
                 path == "location" ? "create a replica in the other region, then delete this one" : "",
                 {{"field", std::string(path)}, {"object", std::string(object)}});
}

absl::Status InheritedField(string_view path, string_view resource, string_view replica) {
  return Invalid(
      "INHERITED_FIELD",
      StrCat(path, " is inherited: replica ", replica, " takes it from the primary, ", resource),
      StrCat("nonet resource update --name ", resource),
      {{"field", std::string(path)}, {"primary", std::string(resource)}, {"replica", std::string(replica)}});
}

absl::Status InvalidEtag(string_view etag) {
  return Invalid("INVALID_ETAG", StrCat("etag \"", etag, "\" is not one that was ever given out"),
                 "leave it empty, or use the etag of the last read", {});
}

absl::Status InvalidKeyType() {
  return Invalid("INVALID_KEY_TYPE", "key_type is required: primary, secondary or salt",
                 "nonet key regenerate --key-type primary", {});
}

absl::Status InvalidSubscriber(string_view subscriber, string_view why) {
  return Invalid("INVALID_SUBSCRIBER", StrCat("subscriber \"", subscriber, "\": ", why), "",
                 {{"subscriber", std::string(subscriber)}});
}

absl::Status ResourceNotFound(string_view resource) {
  return MakeError(StatusCode::kNotFound, "RESOURCE_NOT_FOUND", StrCat("there is no resource ", resource),
                   {"nonet resource list", {{"resource", std::string(resource)}}});
}

absl::Status ResourceNotInGroup(string_view resource, string_view group) {
  return MakeError(
      StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
      StrCat("there is no resource ", resource, " in group ", group),
      {"nonet resource list", {{"resource", std::string(resource)}, {"resource_group", std::string(group)}}});
}

absl::Status ReplicaNotFound(string_view resource, string_view replica) {
  return MakeError(StatusCode::kNotFound, "REPLICA_NOT_FOUND", StrCat(resource, " has no replica ", replica),
                   {StrCat("nonet replica list --name ", resource),
                    {{"resource", std::string(resource)}, {"replica", std::string(replica)}}});
}

absl::Status ResourceExists(string_view resource) {
  return MakeError(StatusCode::kAlreadyExists, "RESOURCE_EXISTS",
                   StrCat("there is a resource ", resource, " already"),
                   {StrCat("nonet resource show --name ", resource), {{"resource", std::string(resource)}}});
}

absl::Status ReplicaExists(string_view resource, string_view replica) {
  return MakeError(StatusCode::kAlreadyExists, "REPLICA_EXISTS",
                   StrCat(resource, " has a replica ", replica, " already"),
                   {StrCat("nonet replica show", ReplicaOptions(resource, replica)),
                    {{"resource", std::string(resource)}, {"replica", std::string(replica)}}});
}

absl::Status ReplicaNamedAsPrimary(string_view resource) {
  return MakeError(StatusCode::kInvalidArgument, "INVALID_NAME",
                   StrCat("a replica of ", resource, " cannot be called ", resource,
                          " too: that is its primary's instance"),
                   {"choose another name, such as the region's", {{"resource", std::string(resource)}}});
}

absl::Status HostNameTaken(string_view host_name) {
  return MakeError(StatusCode::kAlreadyExists, "HOST_NAME_TAKEN",
                   StrCat("the host name ", host_name, " belongs to an instance of another resource"),
                   {"choose another name", {{"host_name", std::string(host_name)}}});
}

absl::Status ReplicaLimit(string_view resource, string_view some_replica) {
  return Precondition(
      "REPLICA_LIMIT",
      StrCat(resource, " already has ", kReplicasMax, " replicas, the most a resource can have"),
      StrCat("nonet replica delete", ReplicaOptions(resource, some_replica)),
      {{"resource", std::string(resource)}});
}

absl::Status PremiumRequired(string_view resource, string_view sku) {
  return Precondition("PREMIUM_REQUIRED", StrCat("replicas need a Premium SKU, and ", resource, " is ", sku),
                      StrCat("nonet resource update --name ", resource, " --sku Premium_P1"),
                      {{"resource", std::string(resource)}, {"sku", std::string(sku)}});
}

absl::Status ReplicaSkuNotPremium(string_view sku) {
  return Invalid("PREMIUM_REQUIRED", StrCat("a replica must be Premium, not ", sku), "--sku Premium_P1",
                 {{"sku", std::string(sku)}});
}

absl::Status PremiumNeededByReplicas(string_view resource, string_view some_replica) {
  return Precondition("PREMIUM_REQUIRED", StrCat(resource, " cannot leave Premium while it has replicas"),
                      StrCat("nonet replica delete", ReplicaOptions(resource, some_replica)),
                      {{"resource", std::string(resource)}});
}

absl::Status LocationTaken(string_view region, string_view resource, string_view holder) {
  return Precondition(
      "LOCATION_TAKEN",
      StrCat(resource, " is in ", region, " already: ", holder == resource ? "the primary" : holder),
      "choose a region where the resource is not yet",
      {{"region", std::string(region)}, {"holder", std::string(holder)}});
}

absl::Status ReplicaRequiredToDisable(string_view resource) {
  return Precondition(
      "REPLICA_REQUIRED",
      StrCat("the primary's region endpoint can be disabled only while ", resource,
             " has a replica: nothing would be left in DNS"),
      StrCat("nonet replica add --name ", resource, " --replica-name westus --location westus"),
      {{"resource", std::string(resource)}});
}

absl::Status LastReplicaOfDisabledPrimary(string_view resource, string_view replica) {
  return Precondition("REPLICA_REQUIRED",
                      StrCat(replica, " is the last replica of ", resource,
                             ", whose primary is disabled: nothing would be left in DNS"),
                      StrCat("nonet resource enable --name ", resource),
                      {{"resource", std::string(resource)}, {"replica", std::string(replica)}});
}

absl::Status ProfileInstanceUnknown(string_view where, string_view instance, string_view known) {
  return Precondition(
      "PROFILE_INSTANCE_UNKNOWN",
      StrCat(where, " names the instance \"", instance, "\", which the resource does not have"),
      StrCat("name one of ", known), {{"instance", std::string(instance)}});
}

absl::Status InstanceStopped(string_view resource, string_view replica) {
  const bool primary = replica.empty();
  return Precondition("INSTANCE_STOPPED",
                      StrCat(primary ? resource : replica, " is stopped: there is nothing to restart"),
                      primary ? StrCat("nonet resource start --name ", resource)
                              : StrCat("nonet replica start", ReplicaOptions(resource, replica)),
                      {{"resource", std::string(resource)}});
}

absl::Status ProvisioningFailed(string_view object, string_view why) {
  return Precondition("PROVISIONING_FAILED", StrCat(object, " is in state Failed: ", why), "nonet logs",
                      {{"object", std::string(object)}});
}

absl::Status Refused(string_view object, string_view subscriber, string_view why) {
  return Precondition(
      "CONFIGURATION_REFUSED",
      StrCat(subscriber, " refuses the new configuration of ", object, " and keeps the one before: ", why),
      "change it back, or to something that every instance accepts",
      {{"object", std::string(object)}, {"subscriber", std::string(subscriber)}});
}

absl::Status StaleEtag(string_view object, string_view given, string_view current) {
  return MakeError(StatusCode::kAborted, "STALE_ETAG",
                   StrCat(object, " has changed since it was read: its etag is ", current, ", not ", given),
                   {"read it again, then repeat the change", {{"etag", std::string(current)}}});
}

absl::Status BeingDeleted(string_view object) {
  return MakeError(StatusCode::kAborted, "OPERATION_IN_PROGRESS", StrCat(object, " is being deleted"),
                   {"wait until it is gone, then repeat", {{"object", std::string(object)}}});
}

absl::Status SecondStream(string_view subscriber) {
  return MakeError(StatusCode::kAborted, "SECOND_STREAM",
                   StrCat(subscriber, " has opened another stream; this one ends"),
                   {"", {{"subscriber", std::string(subscriber)}}});
}

absl::Status ResourceLimit(size_t limit) {
  return MakeError(StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                   StrCat("there are ", limit, " resources already, the most a control plane holds"),
                   {"nonet resource delete --name NAME", {}});
}

absl::Status SubscriberLimit() {
  return MakeError(StatusCode::kResourceExhausted, "SUBSCRIBER_LIMIT",
                   StrCat("there are ", kSubscribersMax, " subscribers already"), {"", {}});
}

absl::Status SubscriberTooSlow(string_view subscriber, size_t bytes) {
  return MakeError(StatusCode::kResourceExhausted, "SUBSCRIBER_TOO_SLOW",
                   StrCat(subscriber, " does not read its changes: ", bytes, " bytes are waiting"),
                   {"reconnect: a snapshot follows", {{"subscriber", std::string(subscriber)}}});
}

absl::Status Overloaded(string_view what, size_t limit) {
  return MakeError(StatusCode::kResourceExhausted, "OVERLOADED",
                   StrCat(limit, " ", what, " are waiting already"), {"retry with backoff", {}});
}

absl::Status Stopping() {
  return MakeError(StatusCode::kUnavailable, "STOPPING", "the control plane is stopping",
                   {"retry when it is back: nonet status", {}});
}

absl::Status NoUniqueHostName(string_view object) {
  return MakeError(StatusCode::kUnavailable, "NO_UNIQUE_HOST_NAME",
                   StrCat("no unused host name was drawn for ", object), {"repeat the command", {}});
}

absl::Status NotConverged(string_view object, string_view state, const std::vector<std::string>& missing,
                          uint64_t revision) {
  std::string message = StrCat("timed out waiting for ", object);
  if (!state.empty()) absl::StrAppend(&message, " (", state, ")");
  if (!missing.empty()) {
    absl::StrAppend(&message, ": revision ", revision, " is not acknowledged by ",
                    absl::StrJoin(missing, ", "));
  }
  return MakeError(StatusCode::kDeadlineExceeded, "NOT_CONVERGED", message,
                   {"nonet status", {{"missing", absl::StrJoin(missing, ",")}}});
}

absl::Status StoreInUse(string_view path) {
  return MakeError(
      StatusCode::kFailedPrecondition, "STORE_IN_USE",
      StrCat("another process has the store ", path, " open"),
      {"stop the other control plane, or give this one its own --dir", {{"path", std::string(path)}}});
}

absl::Status StoreUnwritable(string_view path, string_view why) {
  return MakeError(StatusCode::kPermissionDenied, "STORE_UNWRITABLE",
                   StrCat("cannot write the store ", path, ": ", why),
                   {"make the directory writable, or give another --dir", {{"path", std::string(path)}}});
}

absl::Status StoreFull(string_view path, string_view why) {
  return MakeError(
      StatusCode::kResourceExhausted, "STORE_FULL",
      StrCat("no space is left for the store ", path, ": ", why),
      {"free some space, then start it again: nothing acknowledged is lost", {{"path", std::string(path)}}});
}

absl::Status StoreCorrupt(string_view path, string_view why) {
  return MakeError(StatusCode::kDataLoss, "STORE_CORRUPT", StrCat("the store ", path, " is damaged: ", why),
                   {"put a backup in its place, or start over: nonet reset", {{"path", std::string(path)}}});
}

absl::Status StoreTooNew(string_view path, uint64_t found, uint64_t known) {
  return MakeError(
      StatusCode::kFailedPrecondition, "STORE_TOO_NEW",
      StrCat("the store ", path, " has schema ", found, "; this version of Nonet knows up to ", known),
      {"run the newer version that wrote it, or give another --dir", {{"path", std::string(path)}}});
}

absl::Status StoreFailed(string_view path, string_view why) {
  return MakeError(StatusCode::kInternal, "STORE_FAILED", StrCat("the store ", path, " failed: ", why),
                   {"look at the disk: space, health, permissions", {{"path", std::string(path)}}});
}

std::string Overtaken(string_view by) { return StrCat("overtaken by ", by); }

absl::Status BackupRunning() {
  return MakeError(StatusCode::kAborted, "BACKUP_RUNNING", "another backup is being taken",
                   {"wait until it is done", {}});
}

absl::Status BackupDamaged(string_view file, string_view why) {
  return MakeError(StatusCode::kDataLoss, "BACKUP_DAMAGED",
                   StrCat(file, " is no whole backup: ", why, "; nothing was changed"),
                   {"restore another one: nonet restore FILE", {{"file", std::string(file)}}});
}

absl::Status BackupOlder(string_view file, uint64_t revision, uint64_t current) {
  return MakeError(StatusCode::kFailedPrecondition, "BACKUP_OLDER",
                   StrCat(file, " ends at revision ", revision, "; the cluster is at ", current,
                          ", and what came after would be lost"),
                   {"to lose it: nonet restore --force FILE", {{"file", std::string(file)}}});
}

absl::Status BackupOfAnotherCluster(string_view file, string_view path) {
  return MakeError(StatusCode::kFailedPrecondition, "BACKUP_OF_ANOTHER_CLUSTER",
                   StrCat(file, " is of another cluster than the store ", path, ", which would be lost"),
                   {"to lose it: nonet restore --force FILE", {{"file", std::string(file)}}});
}

std::string NoAcknowledgement(string_view object, int64_t timeout_ns) {
  return StrCat("the instance of ", object, " did not report that it serves within ",
                timeout_ns / kNanosPerSecond, " s; see: nonet logs");
}

}  // namespace nonet::controlplane::errors
