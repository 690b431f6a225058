// What every server of the benchmark is configured with: one name in nine regions.
#pragma once

#include <array>

#include "absl/strings/string_view.h"

namespace nonet::bench {

inline constexpr char kContoso[] = "contoso";
// The first is the primary's; clients whom no prefix matches are taken to be there.
inline constexpr std::array<absl::string_view, 9> kContosoRegions = {
    "eastus",    "westus",        "westeurope", "southeastasia", "brazilsouth",
    "japaneast", "australiaeast", "uksouth",    "centralindia"};

}  // namespace nonet::bench
