#include "controlplane/core/object.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/clock/clock.h"
#include "controlplane/core/child_kinds.h"

namespace nonet::controlplane {

using resource::v1::ProvisioningState;

std::string CanonicalName(absl::string_view name) { return absl::AsciiStrToLower(name); }

std::string ResourceOf(absl::string_view name) {
  const auto parsed = ParseName(name);
  return parsed ? CanonicalName(parsed->resource_id) : std::string();
}

bool InScope(watch::v1::Role role, absl::string_view subscriber, absl::string_view name) {
  switch (role) {
    case watch::v1::ROLE_SUPERVISOR:
      return true;
    case watch::v1::ROLE_DNSRESOLVER: {
      const auto parsed = ParseName(name);
      return parsed && parsed->kind != ParsedName::Kind::kKeys;
    }
    case watch::v1::ROLE_INSTANCE:
      return ResourceOf(subscriber) == ResourceOf(name);
    default:
      return false;
  }
}

void SetRevision(Object& object, uint64_t revision) {
  object.set_revision(revision);
  switch (object.object_case()) {
    case Object::kResource: {
      const std::string etag = absl::StrCat(revision);
      object.mutable_resource()->set_etag(etag);
      // Children that have none are the changed ones.
      ForEachChild(*object.mutable_resource(), [&](auto& child) {
        if (child.etag().empty()) child.set_etag(etag);
      });
      break;
    }
    case Object::kReplica:
      object.mutable_replica()->set_etag(absl::StrCat(revision));
      break;
    case Object::kAccessKeys:
      object.mutable_access_keys()->set_etag(absl::StrCat(revision));
      break;
    default:
      break;
  }
}

Object Deleted(absl::string_view name, uint64_t revision) {
  Object object;
  object.set_name(std::string(name));
  object.set_revision(revision);
  object.set_deleted(true);
  return object;
}

void SetTime(google::protobuf::Timestamp& timestamp, int64_t wall_ns) {
  timestamp.set_seconds(wall_ns / kNanosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(wall_ns % kNanosPerSecond));
}

bool HasInstance(const Object& object) { return object.has_resource() || object.has_replica(); }

ProvisioningState StateOf(const Object& object) {
  if (object.has_resource()) return object.resource().provisioning_state();
  if (object.has_replica()) return object.replica().provisioning_state();
  return resource::v1::PROVISIONING_STATE_SUCCEEDED;
}

void SetState(Object& object, ProvisioningState state, absl::string_view error) {
  NONET_CHECK(HasInstance(object));
  if (object.has_resource()) {
    object.mutable_resource()->set_provisioning_state(state);
    object.mutable_resource()->set_provisioning_error(std::string(error));
  } else {
    object.mutable_replica()->set_provisioning_state(state);
    object.mutable_replica()->set_provisioning_error(std::string(error));
  }
}

const resource::v1::Instance& InstanceOf(const Object& object) {
  NONET_CHECK(HasInstance(object));
  return object.has_resource() ? object.resource().instance() : object.replica().instance();
}

resource::v1::Instance& MutableInstanceOf(Object& object) {
  NONET_CHECK(HasInstance(object));
  return object.has_resource() ? *object.mutable_resource()->mutable_instance()
                               : *object.mutable_replica()->mutable_instance();
}

uint64_t GenerationOf(const Object& object) {
  NONET_CHECK(HasInstance(object));
  return object.has_resource() ? object.resource().restart_generation()
                               : object.replica().restart_generation();
}

void ClearAnswer(Object& object) {
  if (object.has_resource()) {
    object.mutable_resource()->clear_warnings();
    object.mutable_resource()->clear_operation();
  } else if (object.has_replica()) {
    object.mutable_replica()->clear_warnings();
    object.mutable_replica()->clear_operation();
  } else if (object.has_access_keys()) {
    object.mutable_access_keys()->clear_operation();
  }
}

void SetAnswer(Object& object, absl::string_view operation,
               const std::vector<resource::v1::Warning>& warnings) {
  if (object.has_resource()) {
    object.mutable_resource()->set_operation(std::string(operation));
    for (const auto& warning : warnings) *object.mutable_resource()->add_warnings() = warning;
  } else if (object.has_replica()) {
    object.mutable_replica()->set_operation(std::string(operation));
    for (const auto& warning : warnings) *object.mutable_replica()->add_warnings() = warning;
  } else if (object.has_access_keys()) {
    object.mutable_access_keys()->set_operation(std::string(operation));
  }
}

bool IsDraining(const Object& object) {
  return object.has_replica() && object.replica().has_drain() &&
         StateOf(object) == resource::v1::PROVISIONING_STATE_UPDATING;
}

bool IsStopped(const Object& object) {
  return object.has_resource()  ? object.resource().resource_stopped()
         : object.has_replica() ? object.replica().resource_stopped()
                                : false;
}

bool IsFinal(ProvisioningState state) {
  return state == resource::v1::PROVISIONING_STATE_SUCCEEDED ||
         state == resource::v1::PROVISIONING_STATE_FAILED ||
         state == resource::v1::PROVISIONING_STATE_CANCELED;
}

namespace {

// False: they differ.
template <typename Instance>
bool AlikeAtFirst(const Instance& a, const Instance& b) {
  if (a.region_endpoint_enabled() != b.region_endpoint_enabled()) return false;
  if (a.resource_stopped() != b.resource_stopped()) return false;
  return std::all_of(a.tags().begin(), a.tags().end(), [&](const auto& tag) {
    const auto other = b.tags().find(tag.first);
    return other != b.tags().end() && other->second == tag.second;
  });
}

}  // namespace

bool Same(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b) {
  return a.ByteSizeLong() == b.ByteSizeLong() && Serialize(a) == Serialize(b);
}

bool Same(const resource::v1::Resource& a, const resource::v1::Resource& b) {
  return AlikeAtFirst(a, b) && Same(static_cast<const google::protobuf::MessageLite&>(a), b);
}

bool Same(const resource::v1::Replica& a, const resource::v1::Replica& b) {
  return AlikeAtFirst(a, b) && Same(static_cast<const google::protobuf::MessageLite&>(a), b);
}

std::string Serialize(const google::protobuf::MessageLite& message) {
  std::string bytes(message.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  NONET_CHECK(!coded.HadError());
  return bytes;
}

}  // namespace nonet::controlplane
