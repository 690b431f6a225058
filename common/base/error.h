// The shape of every user-visible failure: an absl::Status with a stable id, a sentence, the next step, and
// metadata for machines. A room keeps its failures as named functions in one errors.h built on MakeError:
//
//   absl::Status ReplicaLimit(absl::string_view resource) {
//     return MakeError(absl::StatusCode::kFailedPrecondition, "REPLICA_LIMIT",
//                      absl::StrCat(resource, " already has 8 replicas"),
//                      {.next_step = "nonet replica delete ...", .metadata = {{"resource", ...}}});
//   }
//
// INVALID_ARGUMENT: never valid. FAILED_PRECONDITION: fix the state first. ABORTED: stale etag or
// concurrent operation. UNAVAILABLE: retry with backoff. UNIMPLEMENTED: not emulated.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet {

struct ErrorDetails {
  std::string next_step = {};                        // What to try; may be empty.
  std::map<std::string, std::string> metadata = {};  // What it is about.
};

// `reason` is upper snake case and never changes once released.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       ErrorDetails details = {});

// The id given to MakeError, or empty.
std::string ErrorReason(const absl::Status& status);
// The details given to MakeError, or empty ones.
ErrorDetails GetErrorDetails(const absl::Status& status);

// How a person reads it, one line: "error[REPLICA_LIMIT]: contoso already has 8 replicas / try: nonet ...".
// The code's name stands for a missing id.
std::string FormatError(const absl::Status& status);

}  // namespace nonet
