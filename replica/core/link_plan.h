// What an instance's links are like: the wide-area delays, and the faults that people set, resolved for one
// remote and one direction. Pure; thread-safe.
//
//   const LinkQuality quality = Resolve(plan, self, remote, LinkDirection::kInbound);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "replica/core/link_model.h"

namespace nonet::replica {

// Faults that one plan may have; the supervisor refuses more.
inline constexpr size_t kLinkFaultsMax = 1'000;
// The address in a region's loopback prefix that the resolver's probes come from: 127.(128+I).0.53.
inline constexpr int kProbeSourceHost = 53;

enum class LinkFaultKind { kPartition, kLatency, kLoss, kDuplicate, kReorder, kBandwidth };

struct LinkSide {
  enum class Kind { kRegion, kInstance, kClients, kProbes };
  Kind kind = Kind::kRegion;
  std::string name = {};  // Of the region, or the instance's object name.
};

struct LinkFault {
  LinkFaultKind kind = LinkFaultKind::kPartition;
  LinkSide a = {};
  LinkSide b = {};
  bool one_way = false;  // Only what goes from a to b.
  uint64_t amount = 0;   // As in nonet.fault.v1.LinkFault.
};

struct LinkPlan {
  uint64_t number = 0;
  bool wan = false;  // The measured round trips.
  std::vector<LinkFault> faults = {};
};

// One end of some traffic.
struct LinkEnd {
  enum class Kind { kInstance, kClient, kProbe };
  Kind kind = Kind::kInstance;
  std::string instance = {};  // Object name of an instance.
  std::string region = {};    // Empty: unknown.
  friend auto operator<=>(const LinkEnd&, const LinkEnd&) = default;
};

enum class LinkDirection { kInbound, kOutbound };  // As `self` sees it.

LinkQuality Resolve(const LinkPlan& plan, const LinkEnd& self, const LinkEnd& remote,
                    LinkDirection direction);

// Who a client address is: a probe, or a client of the region whose loopback or private prefix has it; any
// other address is a client of no known region, which no delay and no region's fault applies to.
LinkEnd EndOfClient(absl::string_view address);

}  // namespace nonet::replica
