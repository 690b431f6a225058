// What `nonet wait --for=` can wait for. Pure; thread-safe.
//
//   ready | converged | linked | replica/NAME=STATE | endpoint/NAME=STATUS | answer/REGION=NAME |
//   process/NAME=STATE
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::cli {

struct Condition {
  enum class Kind { kReady, kConverged, kLinked, kReplica, kEndpoint, kAnswer, kProcess };
  Kind kind = Kind::kReady;
  std::string subject;  // NAME, or the region of an answer.
  std::string value;    // In the spelling of the output: "Succeeded", "Online", "ready", "deleted".
  std::string text;     // As it was typed.
};

// A usage error says what is accepted, or the nearest word.
absl::StatusOr<Condition> ParseCondition(absl::string_view text);

}  // namespace nonet::cli
