// Values of a template's parameters: from files, from the command line, and what the template rules about
// them. Pure; thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// What was given, later ones over earlier ones. Names as they were written.
struct GivenParameters {
  std::map<std::string, Json> values;        // From files.
  std::map<std::string, std::string> words;  // NAME=VALUE: read when the type is known; over `values`.
};

// A parameter file ({"$schema", "contentVersion", "parameters": {NAME: {"value": ...}}}), or only what is
// under "parameters". `what` names it in errors.
absl::Status AddParameterFile(absl::string_view text, absl::string_view what, GivenParameters& given);

// The given values by the names that `declared` (a template's "parameters") has, each read as its type says.
// Names are compared without case. PARAMETER_INVALID for one that the template does not have.
absl::StatusOr<std::map<std::string, Json>> ReadGiven(const Json& declared, const GivenParameters& given);

// Whether the value is one that the declaration allows: type, allowedValues, minValue, maxValue, minLength,
// maxLength.
absl::Status CheckParameter(absl::string_view name, const Json& declaration, const Json& value);

// secureString and secureObject: never shown.
bool IsSecure(const Json& declaration);

}  // namespace nonet::cli::deploy
