#include "controlplane/core/field_mask.h"

#include <map>
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
  static const auto& paths = *new Paths{"application_firewall",
                                        "disable_aad_auth",
                                        "disable_local_auth",
                                        "hubs",
                                        "identity",
                                        "live_trace_configuration",
                                        "network_acls",
                                        "public_network_access",
                                        "resource_log_configuration",
                                        "socket_io",
                                        "tls",
                                        "traffic_profile"};
  return paths;
}

// What has calls of its own, and one of them.
const std::map<std::string, std::string>& ChildPaths() {
  static const auto& paths = *new std::map<std::string, std::string>{
      {"custom_certificates", "CreateOrUpdateCustomCertificate"},
      {"custom_domains", "CreateOrUpdateCustomDomain"},
      {"private_endpoint_connections", "CreateOrUpdatePrivateEndpointConnection"},
      {"shared_private_links", "CreateOrUpdateSharedPrivateLink"},
  };
  return paths;
}

constexpr char kApprovals[] = "shared_private_link_approvals";

// Takes over whole fields, set or not.
void CopyFields(const Paths& names, const Resource& from, Resource& to) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  for (const std::string& name : names) fields.push_back(Resource::descriptor()->FindFieldByName(name));
  Resource copy = from;
  to.GetReflection()->SwapFields(&copy, &to, fields);
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
  static const auto& immutable = *new Paths{"name", "location", "resource_group", "subscription", "kind"};
  static const auto& output_only = *new Paths{
      "host_name", "instance",    "provisioning_state", "provisioning_error", "etag",
      "uid",       "create_time", "update_time",        "restart_generation", "sku.tier",
      "drain",     "warnings",    "operation",          "identity.tenant_id", "identity.principal_id"};
  Paths paths;
  for (const std::string& path : mask.paths()) {
    if (immutable.contains(path)) return errors::ImmutableField(path, object);
    if (output_only.contains(path) || output_only.contains(std::string(FirstSegment(path)))) {
      return errors::OutputOnlyField(path);
    }
    const auto child = ChildPaths().find(std::string(FirstSegment(path)));
    if (child != ChildPaths().end()) return errors::ChildField(path, child->second);
    if (FirstSegment(path) == kApprovals) return errors::ChildField(path, "ApproveSharedPrivateLink");
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

std::vector<std::string> InheritedFields() {
  std::vector<std::string> fields(InheritedPaths().begin(), InheritedPaths().end());
  for (const auto& [path, call] : ChildPaths()) fields.push_back(path);
  return fields;
}

void TakeInherited(const Resource& given, Resource& result) { CopyFields(InheritedPaths(), given, result); }

absl::StatusOr<Resource> ApplyMask(const Resource& stored, const Resource& given, const FieldMask& mask) {
  const std::string object = InstanceId(stored.name());
  ASSIGN_OR_RETURN(const Paths paths, CheckMask(mask, ResourcePaths(), object));
  RETURN_IF_ERROR(CheckLocation(stored, given));
  if (!given.resource_group().empty() && given.resource_group() != stored.resource_group()) {
    return errors::ImmutableField("resource_group", object);
  }
  Resource result = stored;
  TakeCommon(paths, given, result);
  Paths inherited;
  for (const std::string& path : paths) {
    if (InheritedPaths().contains(path)) inherited.insert(path);
  }
  if (!inherited.empty()) CopyFields(inherited, given, result);
  return result;
}

absl::StatusOr<Replica> ApplyMask(const Replica& stored, const Replica& given, const FieldMask& mask) {
  const auto name = ParseName(stored.name());
  for (const std::string& path : mask.paths()) {
    const std::string first(FirstSegment(path));
    if (InheritedPaths().contains(first) || ChildPaths().contains(first) || first == "kind") {
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
