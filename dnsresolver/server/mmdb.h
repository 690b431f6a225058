// A MaxMind City database as prefixes of regions: every network goes to the Azure region nearest to its
// coordinates by great circle; neighbours of one region are merged. The database is the operator's; none is
// shipped.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dnsresolver/core/prefix_table.h"

namespace nonet::dns {

#ifdef NONET_MAXMIND
inline constexpr bool kHasMaxMind = true;
#else
inline constexpr bool kHasMaxMind = false;
#endif

// Networks without coordinates are left out. UNIMPLEMENTED without libmaxminddb at build time.
absl::StatusOr<std::vector<PrefixTable::Entry>> ReadMaxMind(const std::string& path);

}  // namespace nonet::dns
