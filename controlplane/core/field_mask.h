// Updates by field mask, strictly checked: every path must be a field that can change. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// `stored` with the masked fields of `given` in their place; "*" stands for all that can change. A masked
// field that is unset in `given` returns to its default. INVALID_ARGUMENT for a missing mask, an unknown,
// output-only, immutable or inherited path, and for a `given` that names another location. The result is not
// validated yet (validate.h).
absl::StatusOr<resource::v1::Resource> ApplyMask(const resource::v1::Resource& stored,
                                                 const resource::v1::Resource& given,
                                                 const google::protobuf::FieldMask& mask);
absl::StatusOr<resource::v1::Replica> ApplyMask(const resource::v1::Replica& stored,
                                                const resource::v1::Replica& given,
                                                const google::protobuf::FieldMask& mask);

// Fields of Resource that are effective on every instance, children included, by name.
std::vector<std::string> InheritedFields();
// Everything inherited that UpdateResource can change, as `given` has it.
void TakeInherited(const resource::v1::Resource& given, resource::v1::Resource& result);

}  // namespace nonet::controlplane
