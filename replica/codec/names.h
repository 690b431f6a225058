// Rules for the names of hubs, groups, users and connections, and for metadata. Pure.
// Source: Azure Web PubSub REST reference (patterns) and the client specification.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "replica/codec/payload.h"

namespace nonet::replica {

// 1 to 128 characters: a letter, then letters, digits and _ ` , . [ ].
bool IsValidHub(absl::string_view hub);
// Hubs are compared without case; the canonical form is lower case.
std::string CanonicalHub(absl::string_view hub);
// 1 to 1,024 characters, not all white space.
bool IsValidGroup(absl::string_view group);
// User and connection ids: at least one character.
bool IsValidId(absl::string_view id);
// Keys are HTTP tokens of at most 256 bytes, values at most 1,024 bytes, all of it at most 8 KiB.
bool IsValidMetadata(const Metadata& metadata);

// The instance tag at the end of a connection id: "x7f...k.1a2b3c4d" -> "1a2b3c4d"; empty when there is none.
absl::string_view InstanceTag(absl::string_view connection_id);

}  // namespace nonet::replica
