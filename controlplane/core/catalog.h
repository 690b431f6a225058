// What Azure offers, whatever exists: SKUs and their sizes. Pure and constant.
//
//   *response = SkuChoices(/*replica=*/true);
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

// The sizes of a SKU in units, ascending; empty for a name that is none.
std::vector<uint32_t> SkuCapacities(absl::string_view sku);
// All that a resource, or a replica (Premium only), can be.
resource::v1::ListSkusResponse SkuChoices(bool replica);

}  // namespace nonet::controlplane
