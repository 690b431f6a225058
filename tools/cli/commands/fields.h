// From options to what a Create or Update request carries. Pure; thread-safe.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/field_mask.pb.h"
#include "nonet/resource/v1/resource.pb.h"
#include "tools/cli/args/options.h"

namespace nonet::cli {

// Whether an update changes a part of a field (one tag, one hub) and so has to start from the current object.
bool NeedsCurrent(const ObjectOptions& options);

// Writes what the options say into `object` and the paths it touches into `mask`, each once.
// --set names follow the proto or Azure: disable_local_auth, disableLocalAuth, properties.disableLocalAuth.
absl::Status ApplyFields(const ObjectOptions& options, resource::v1::Resource& object,
                         google::protobuf::FieldMask& mask);
// A replica has no inherited fields: setting one only names it in the mask, for the server to refuse by name.
absl::Status ApplyFields(const ObjectOptions& options, resource::v1::Replica& object,
                         google::protobuf::FieldMask& mask);

}  // namespace nonet::cli
