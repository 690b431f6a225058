// The instances' own doors, found in cluster.json, and whether the instances are linked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/client/inspect_client.h"

namespace nonet::cli {

struct InstanceDoor {
  std::string name;
  std::unique_ptr<InspectClient> client;
};

// Those of one resource, or of all when that is empty. NOT_RUNNING; UNKNOWN_RESOURCE.
absl::StatusOr<std::vector<InstanceDoor>> OpenDoors(const std::string& dir, const std::string& resource);

// What keeps messages from going everywhere; for people. Both empty: nothing does.
struct LinksLook {
  std::string silent;    // "westus does not answer: ...", of the first that does not.
  std::string unlinked;  // "contoso and westus are not linked", of those of one resource that answer.
};
// Asks one door after the other, at most half a second each.
LinksLook LookAtLinks(const std::vector<InstanceDoor>& doors);

}  // namespace nonet::cli
