// What the Azure Resource Manager door says about a request that it cannot read. Whatever is readable is
// judged by the core, with the core's errors. `path` is a property as ARM writes it: "properties.tls".
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane::arm::errors {

// ---- INVALID_ARGUMENT ----
absl::Status InvalidJson(absl::string_view why);
// `known`: what the object may have.
absl::Status UnknownProperty(absl::string_view path, absl::string_view known);
// `expected`: "a string", `found`: "a number".
absl::Status WrongType(absl::string_view path, absl::string_view expected, absl::string_view found);
absl::Status NotAllowed(absl::string_view path, absl::string_view value, absl::string_view allowed);
absl::Status MissingProperty(absl::string_view path);
absl::Status ReadOnlyProperty(absl::string_view path, absl::string_view current);
absl::Status TooManyItems(absl::string_view path, size_t count, size_t max);
absl::Status MissingApiVersion(const std::vector<std::string>& supported);
absl::Status UnknownApiVersion(absl::string_view version, absl::string_view type,
                               const std::vector<std::string>& supported);
absl::Status BadQuery(absl::string_view why);

// ---- NOT_FOUND, UNIMPLEMENTED, UNAUTHENTICATED, ABORTED ----
absl::Status NoSuchPath(absl::string_view path);
absl::Status MethodNotAllowed(absl::string_view method, absl::string_view path, absl::string_view allowed);
absl::Status NoToken();
absl::Status AlreadyThere(absl::string_view name);
absl::Status NotThere(absl::string_view name);

}  // namespace nonet::controlplane::arm::errors
