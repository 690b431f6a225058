// What a template deploys, and in which order: names and conditions evaluated, loops unrolled, dependencies
// resolved. Pure; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/deploy/arm_ids.h"
#include "tools/cli/deploy/evaluator.h"
#include "tools/cli/deploy/template.h"

namespace nonet::cli::deploy {

struct PlannedResource {
  const WrittenResource* written = nullptr;
  std::optional<Loop> loop;  // Its turn, where it is copied.
  Kind kind = Kind::kResource;
  std::string name;           // "contoso/westus"
  std::string id;             // ARM's.
  bool existing = false;      // Only referred to.
  bool condition = true;      // False: not deployed.
  std::vector<size_t> after;  // Indices of those that have to be deployed before.
};

struct Plan {
  std::vector<PlannedResource> resources;  // As written.
  std::vector<size_t> order;               // To be deployed: indices without `existing` and false conditions.
};

// TEMPLATE_CYCLE names a circle of dependencies. Sets the evaluator's names.
absl::StatusOr<Plan> MakePlan(const Template& written, Evaluator& evaluator);

}  // namespace nonet::cli::deploy
