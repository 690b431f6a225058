#include "controlplane/core/catalog.h"

#include <string>

#include "absl/strings/match.h"

namespace nonet::controlplane {

std::vector<uint32_t> SkuCapacities(absl::string_view sku) {
  if (sku == "Free_F1") return {1};
  const bool large = sku == "Premium_P2";
  if (!large && sku != "Standard_S1" && sku != "Premium_P1") return {};
  std::vector<uint32_t> units;
  for (uint32_t n = 1; !large && n < 10; ++n) units.push_back(n);
  for (uint32_t n = 10; n <= 100; n += 10) units.push_back(large ? 10 * n : n);
  return units;
}

resource::v1::ListSkusResponse SkuChoices(bool replica) {
  resource::v1::ListSkusResponse response;
  for (const absl::string_view name : {"Free_F1", "Standard_S1", "Premium_P1", "Premium_P2"}) {
    const bool premium = absl::StartsWith(name, "Premium_");
    if (replica && !premium) continue;
    auto& choice = *response.add_skus();
    choice.mutable_sku()->set_name(std::string(name));
    choice.mutable_sku()->set_tier(std::string(name.substr(0, name.find('_'))));
    for (const uint32_t units : SkuCapacities(name)) choice.add_allowed_values(units);
    choice.mutable_sku()->set_capacity(choice.allowed_values(0));
    choice.set_scale_type(premium ? "Automatic" : name == "Free_F1" ? "None" : "Manual");
  }
  return response;
}

}  // namespace nonet::controlplane
