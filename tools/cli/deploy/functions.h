// The functions of templates that depend on nothing but their arguments. Pure; thread-safe. Names are
// compared without case, as in Azure.
//
//   Call("toLower", {"EASTUS"})  ->  "eastus"
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// Whether Call knows it.
bool IsPlainFunction(absl::string_view name);

// In the order of the alphabet, spelt as Azure spells them.
std::vector<std::string> PlainFunctions();

// Errors are BadExpression with character 0: the caller knows where.
absl::StatusOr<Json> Call(absl::string_view name, const std::vector<Json>& arguments);

// "text", "number", "boolean", "array", "object", "null": for messages.
std::string KindOf(const Json& value);

}  // namespace nonet::cli::deploy
