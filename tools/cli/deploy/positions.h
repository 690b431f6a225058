// Where in a text a JSON value stands, for messages. Pure; thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

struct Position {
  int line = 1;    // From 1.
  int column = 1;  // From 1, in bytes.
};

// Of the value at `place`, or of the nearest value around it that the text has. `text` is JSON that parses,
// comments allowed.
Position Locate(absl::string_view text, const Place& place);

// Reads a JSON document with comments, within the limits of size and depth. `what` names it in errors, which
// say line and column.
absl::StatusOr<Json> ParseDocument(absl::string_view text, absl::string_view what);

}  // namespace nonet::cli::deploy
