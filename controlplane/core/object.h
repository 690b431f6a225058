// An object of the model as the control plane holds, logs and sends it: a watch Event, which is one whole
// resource, replica or set of keys with its name and the revision that made it so. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/names.h"
#include "controlplane/codec/state_name.h"
#include "nonet/resource/v1/resource.pb.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet::controlplane {

using Object = watch::v1::Event;
// One version of an object, never changed once it is shared: the model, the change log, the store's batch and
// every stream hold the same one, on whatever thread they are.
using SharedObject = std::shared_ptr<const Object>;

// The two times a decision takes. Steady time measures, wall time stamps.
struct Now {
  int64_t steady_ns = 0;
  int64_t wall_ns = 0;
};

// What one revision changed, in the order sent: whole objects, or that they are gone.
struct LogEntry {
  uint64_t revision = 0;
  std::vector<SharedObject> events;
  int64_t wall_ns = 0;  // When it was sealed; 0 where that is not known any more.
};

// Names are compared without case; this is the form they are compared in.
std::string CanonicalName(absl::string_view name);
// The resource an object's name is about, in canonical form ("contoso"); empty for a name of no known form.
std::string ResourceOf(absl::string_view name);
// Whether the object at `name` belongs in the stream of such a subscriber (watch.proto, Role).
bool InScope(watch::v1::Role role, absl::string_view subscriber, absl::string_view name);

// Stamps the revision into the event and into the object's etag.
void SetRevision(Object& object, uint64_t revision);
Object Deleted(absl::string_view name, uint64_t revision);

void SetTime(google::protobuf::Timestamp& timestamp, int64_t wall_ns);

// The fields that a resource and a replica have in common. `object` holds one of the two; keys have none.
bool HasInstance(const Object& object);
resource::v1::ProvisioningState StateOf(const Object& object);
void SetState(Object& object, resource::v1::ProvisioningState state, absl::string_view error = {});
const resource::v1::Instance& InstanceOf(const Object& object);
resource::v1::Instance& MutableInstanceOf(Object& object);
uint64_t GenerationOf(const Object& object);
bool IsStopped(const Object& object);
// A replica that waits for its clients to leave before it is deleted.
bool IsDraining(const Object& object);

// What is in answers only and never kept: the operation's name and warnings.
void SetAnswer(Object& object, absl::string_view operation,
               const std::vector<resource::v1::Warning>& warnings);
void ClearAnswer(Object& object);

// Whether nothing is under way in this state.
bool IsFinal(resource::v1::ProvisioningState state);

// Bytes that are the same for equal messages, whatever the order of their maps in memory.
std::string Serialize(const google::protobuf::MessageLite& message);
// Whether two messages of one type are equal.
bool Same(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b);
// The same, but what changes most is compared first.
bool Same(const resource::v1::Resource& a, const resource::v1::Resource& b);
bool Same(const resource::v1::Replica& a, const resource::v1::Replica& b);

}  // namespace nonet::controlplane
