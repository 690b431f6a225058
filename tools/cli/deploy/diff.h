// What differs between what is and what would be, for --what-if. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

struct Difference {
  std::string
      path;     // "properties.regionEndpointEnabled", "tags.team", "properties.eventHandlers[0].urlTemplate"
  Json before;  // Absent (discarded) where it is added ...
  Json after;   // ... or taken away.
  bool added = false;
  bool removed = false;
};

// In the order of the documents; members that only `before` has last. At most kDifferencesShownMax.
std::vector<Difference> Compare(const Json& before, const Json& after);

// A copy without what the service alone decides: ids, states, times, etags, addresses.
Json WithoutFacts(Json document);

// Every text that contains one of the secrets replaced by stars.
Json WithoutSecrets(const Json& value, const std::vector<std::string>& secrets);

}  // namespace nonet::cli::deploy
