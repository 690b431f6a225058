#include "controlplane/core/field_mask.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"

namespace nonet::controlplane {
namespace {

using google::protobuf::FieldMask;
using resource::v1::Replica;
using resource::v1::Resource;
using Paths = std::set<std::string>;

const Paths& ReplicaPaths() {
  static const auto& paths =
      *new Paths{"sku", "sku.name", "sku.capacity", "tags", "region_endpoint_enabled", "resource_stopped"};
  return paths;
}

const Paths& InheritedPaths() {
  static const auto& paths = *new Paths{"disable_local_auth", "hubs", "traffic_profile"};
  return paths;
}

const Paths& ResourcePaths() {
  static const auto& paths = *[] {
    auto* all = new Paths(ReplicaPaths());
    all->insert(InheritedPaths().begin(), InheritedPaths().end());
    return all;
  }();
  return paths;
}

absl::string_view FirstSegment(absl::string_view path) { return path.substr(0, path.find('.')); }

// Which paths to take over. `object` is the name as people know it.
absl::StatusOr<Paths> CheckMask(const FieldMask& mask, const Paths& allowed, const std::string& object) {
  if (mask.paths().empty()) return errors::MissingFieldMask();
  if (mask.paths_size() == 1 && mask.paths(0) == "*") return allowed;
  static const auto& immutable = *new Paths{"name", "location", "resource_group", "subscription"};
  static const auto& output_only =
      *new Paths{"host_name", "instance",    "provisioning_state", "provisioning_error", "etag",
                 "uid",       "create_time", "update_time",        "restart_generation", "sku.tier"};
  Paths paths;
  for (const std::string& path : mask.paths()) {
    if (immutable.contains(path)) return errors::ImmutableField(path, object);
    if (output_only.contains(path) || output_only.contains(std::string(FirstSegment(path)))) {
      return errors::OutputOnlyField(path);
    }
    if (!allowed.contains(path)) return errors::UnknownField(path, absl::StrJoin(allowed, ", "));
    paths.insert(path);
  }
  return paths;
}

template <typename Message>
void TakeCommon(const Paths& paths, const Message& given, Message& result) {
  if (paths.contains("sku")) {
    *result.mutable_sku() = given.sku();
  } else {
    if (paths.contains("sku.name")) result.mutable_sku()->set_name(given.sku().name());
    if (paths.contains("sku.capacity")) result.mutable_sku()->set_capacity(given.sku().capacity());
  }
  if (paths.contains("tags")) *result.mutable_tags() = given.tags();
  if (paths.contains("region_endpoint_enabled")) {
    result.set_region_endpoint_enabled(!given.has_region_endpoint_enabled() ||
                                       given.region_endpoint_enabled());
  }
  if (paths.contains("resource_stopped")) result.set_resource_stopped(given.resource_stopped());
}

// Azure's clients always send the location along: the same one is fine, another one is refused.
template <typename Message>
absl::Status CheckLocation(const Message& stored, const Message& given) {
  if (given.location().empty() || given.location() == stored.location()) return absl::OkStatus();
  return errors::ImmutableField("location", InstanceId(stored.name()));
}

}  // namespace

absl::StatusOr<Resource> ApplyMask(const Resource& stored, const Resource& given, const FieldMask& mask) {
  const std::string object = InstanceId(stored.name());
  ASSIGN_OR_RETURN(const Paths paths, CheckMask(mask, ResourcePaths(), object));
  RETURN_IF_ERROR(CheckLocation(stored, given));
  if (!given.resource_group().empty() && given.resource_group() != stored.resource_group()) {
    return errors::ImmutableField("resource_group", object);
  }
  Resource result = stored;
  TakeCommon(paths, given, result);
  if (paths.contains("disable_local_auth")) result.set_disable_local_auth(given.disable_local_auth());
  if (paths.contains("hubs")) *result.mutable_hubs() = given.hubs();
  if (paths.contains("traffic_profile")) {
    result.clear_traffic_profile();
    if (given.has_traffic_profile()) *result.mutable_traffic_profile() = given.traffic_profile();
  }
  return result;
}

absl::StatusOr<Replica> ApplyMask(const Replica& stored, const Replica& given, const FieldMask& mask) {
  const auto name = ParseName(stored.name());
  for (const std::string& path : mask.paths()) {
    if (InheritedPaths().contains(std::string(FirstSegment(path)))) {
      return errors::InheritedField(path, name->resource_id, name->replica_id);
    }
  }
  ASSIGN_OR_RETURN(const Paths paths, CheckMask(mask, ReplicaPaths(), name->replica_id));
  RETURN_IF_ERROR(CheckLocation(stored, given));
  Replica result = stored;
  TakeCommon(paths, given, result);
  return result;
}

}  // namespace nonet::controlplane
