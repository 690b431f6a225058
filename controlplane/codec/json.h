// JSON documents of the Azure Resource Manager door, read within bounds. Pure; thread-safe.
//
//   ASSIGN_OR_RETURN(const Json body, arm::ParseJson(request.body));
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane::arm {

using Json = nlohmann::ordered_json;  // Properties keep the order they are written in.

inline constexpr size_t kJsonBytesMax = 1024 * 1024;
inline constexpr int kJsonDepthMax = 32;  // Objects and arrays within each other.

// INVALID_ARGUMENT when the text is too long, too deep, no JSON (RFC 8259), or names a property twice.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// One line without spaces. Bytes that are no UTF-8 become U+FFFD.
std::string ToText(const Json& json);

}  // namespace nonet::controlplane::arm
