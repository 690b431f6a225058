// What a deployment would do or did, resource by resource, and how that is shown: Azure's what-if document,
// its deployment document, lines for people. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/deploy/diff.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// In the words of Azure's what-if.
enum class ChangeType { kCreate, kModify, kNoChange, kIgnore };

struct Change {
  ChangeType type = ChangeType::kNoChange;
  std::string id;    // ARM's.
  std::string name;  // "contoso/westus"
  Json before;       // Absent (null) for kCreate ...
  Json after;        // ... and for kIgnore.
  std::vector<Difference> delta;
  // Whether the control plane has checked it. What depends on something that is not there yet is checked when
  // that is.
  bool checked = true;
};

// {"status": "Succeeded", "changes": [{resourceId, changeType, before, after, delta}]}; -o name: the ids that
// would change.
View WhatIf(const std::vector<Change>& changes, const Style& style);

struct DeploymentOutcome {
  std::string id, name;         // The deployment's.
  std::vector<Change> changes;  // In the order they were made.
  Json outputs;                 // {NAME: {type, value}}
};
// {id, name, type, properties: {provisioningState, mode, outputs, outputResources}}
View DeploymentView(const DeploymentOutcome& outcome);

}  // namespace nonet::cli::deploy
