#include "tools/supervisor/core/addresses.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/regions/regions.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {

absl::StatusOr<std::string> AddressPool::Take(absl::string_view region, int64_t wall_ns) {
  const Region* found = FindRegion(region);
  if (found == nullptr) return UnknownRegion(region);
  for (int host = 1; host <= kAddressHostMax; ++host) {
    if (host == kAddressHostReserved) continue;
    std::string address = absl::StrCat(net_, ".", found->number, ".", host);
    if (taken_.contains(address) || Quarantined(address, wall_ns)) continue;
    released_.erase(address);
    taken_.insert(address);
    return address;
  }
  return NoFreeAddress(region);
}

void AddressPool::Release(const std::string& address, int64_t wall_ns) {
  if (taken_.erase(address) != 0) released_[address] = wall_ns;
}

bool AddressPool::Quarantined(const std::string& address, int64_t wall_ns) const {
  const auto it = released_.find(address);
  // A release in the future means that the wall clock was set back: then nothing is known, so wait anew.
  return it != released_.end() && wall_ns < it->second + kAddressQuarantineNs;
}

int64_t AddressPool::NextFreeWallNs() const {
  int64_t next = 0;
  for (const auto& [address, since] : released_) {
    const int64_t free = since + kAddressQuarantineNs;
    if (next == 0 || free < next) next = free;
  }
  return next;
}

std::vector<State::ReleasedAddress> AddressPool::released(int64_t wall_ns) const {
  std::vector<State::ReleasedAddress> result;
  for (const auto& [address, since] : released_) {
    if (Quarantined(address, wall_ns)) result.push_back({.address = address, .wall_ns = since});
  }
  return result;
}

}  // namespace nonet::supervisor
