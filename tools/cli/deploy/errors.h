// What can be wrong with a template, a parameter or an expression. Pure. All end with exit code 2.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace nonet::cli::deploy {

// A place in a JSON document: "/resources/0/name".
using Place = nlohmann::ordered_json::json_pointer;

// "resources[0].name"; "the template" for the document itself.
std::string PlaceText(const Place& place);

namespace errors {

// The file is no JSON, too big or too deep. `what` is "the template" or the name of a parameter file.
absl::Status NotJson(absl::string_view what, absl::string_view why);
// A section, a key or a value that a template cannot have there.
absl::Status InvalidTemplate(const Place& place, absl::string_view message, absl::string_view next_step = {});
// Azure has it, Nonet's templates do not: `what` is "copy of a property", "a linked template".
absl::Status NotSupported(const Place& place, absl::string_view what, absl::string_view next_step);
// An expression cannot be read or evaluated. `character` counts from 1 in the string, brackets included;
// 0 when the place is not known yet: At() adds it.
absl::Status BadExpression(size_t character, absl::string_view message, absl::string_view next_step = {});
absl::Status UnknownFunction(size_t character, absl::string_view name,
                             const std::vector<std::string>& functions);
// A dependency or a variable that leads back to itself: "a -> b -> a".
absl::Status Cycle(absl::string_view what, const std::vector<std::string>& way);
absl::Status BadParameter(absl::string_view name, absl::string_view message,
                          absl::string_view next_step = {});
// What reference() is about is not deployed yet: --what-if leaves such an expression as it is.
absl::Status NotDeployedYet(absl::string_view id);
bool IsNotDeployedYet(const absl::Status& status);

// The same error, saying where in the document. An error that has a place already stays as it is.
absl::Status At(absl::Status status, const Place& place);

// An error of the control plane about one resource: the same id, code and next step, with its name and place.
absl::Status About(const absl::Status& status, absl::string_view name, const Place& place);

// The same error beginning with "FILE:LINE:COLUMN: " when it has a place in `text`.
absl::Status InFile(const absl::Status& status, absl::string_view file, absl::string_view text);

}  // namespace errors
}  // namespace nonet::cli::deploy
