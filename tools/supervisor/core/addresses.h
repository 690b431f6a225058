// Which loopback address an instance gets: NET.R.N, R the number of its region, N the lowest free one. It
// keeps the address until it is deleted; after that nobody gets it for kAddressQuarantineNs.
//
//   AddressPool pool("127.80");
//   ASSIGN_OR_RETURN(const std::string address, pool.Take("eastus", now));  // "127.80.15.1"
//
// Pure. One owner; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

class AddressPool {
 public:
  explicit AddressPool(std::string net) : net_(std::move(net)) {}

  // RESOURCE_EXHAUSTED when the region has none left, INVALID_ARGUMENT when there is no such region.
  absl::StatusOr<std::string> Take(absl::string_view region, int64_t wall_ns);
  // Marks one that was taken in an earlier life.
  void Restore(const std::string& address) { taken_.insert(address); }
  void RestoreReleased(const std::string& address, int64_t wall_ns) { released_[address] = wall_ns; }
  void Release(const std::string& address, int64_t wall_ns);

  // Wall time at which the next released address is free again; 0 when none waits.
  int64_t NextFreeWallNs() const;
  // Those still in quarantine.
  std::vector<State::ReleasedAddress> released(int64_t wall_ns) const;

 private:
  bool Quarantined(const std::string& address, int64_t wall_ns) const;

  std::string net_;
  std::set<std::string> taken_;
  std::map<std::string, int64_t> released_;  // Address -> when. Bounded by the addresses there are.
};

}  // namespace nonet::supervisor
