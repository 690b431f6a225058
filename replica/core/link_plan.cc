#include "replica/core/link_plan.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/regions/regions.h"

namespace nonet::replica {
namespace {

bool IsOn(const LinkEnd& end, const LinkSide& side) {
  switch (side.kind) {
    case LinkSide::Kind::kRegion:
      return !end.region.empty() && end.region == side.name;
    case LinkSide::Kind::kInstance:
      return end.kind == LinkEnd::Kind::kInstance && end.instance == side.name;
    case LinkSide::Kind::kClients:
      return end.kind == LinkEnd::Kind::kClient;
    case LinkSide::Kind::kProbes:
      return end.kind == LinkEnd::Kind::kProbe;
  }
  return false;
}

bool Concerns(const LinkFault& fault, const LinkEnd& from, const LinkEnd& to) {
  if (IsOn(from, fault.a) && IsOn(to, fault.b)) return true;
  return !fault.one_way && IsOn(from, fault.b) && IsOn(to, fault.a);
}

// Chances of the same thing happening by several causes.
uint32_t Either(uint32_t a_ppm, uint64_t b_ppm) {
  const uint64_t b = std::min<uint64_t>(b_ppm, kPartsPerMillion);
  const uint64_t neither = (kPartsPerMillion - a_ppm) * (kPartsPerMillion - b) / kPartsPerMillion;
  return static_cast<uint32_t>(kPartsPerMillion - neither);
}

void Apply(const LinkFault& fault, LinkQuality& quality) {
  switch (fault.kind) {
    case LinkFaultKind::kPartition:
      quality.cut = true;
      return;
    case LinkFaultKind::kLatency:
      quality.added_rtt_ns += static_cast<int64_t>(fault.amount);
      return;
    case LinkFaultKind::kLoss:
      quality.loss_ppm = Either(quality.loss_ppm, fault.amount);
      return;
    case LinkFaultKind::kDuplicate:
      quality.duplicate_ppm = Either(quality.duplicate_ppm, fault.amount);
      return;
    case LinkFaultKind::kReorder:
      quality.reorder_ppm = Either(quality.reorder_ppm, fault.amount);
      return;
    case LinkFaultKind::kBandwidth:
      if (quality.bytes_per_second == 0 || fault.amount < quality.bytes_per_second) {
        quality.bytes_per_second = fault.amount;
      }
      return;
  }
}

// The same for both directions, so that a round trip has one jitter.
uint64_t PairSeed(const Region& a, const Region& b) {
  const auto [low, high] = std::minmax(a.number, b.number);
  return (static_cast<uint64_t>(low) << 32 | static_cast<uint64_t>(high)) * 0xD6E8FEB86659FD93u;
}

}  // namespace

LinkQuality Resolve(const LinkPlan& plan, const LinkEnd& self, const LinkEnd& remote,
                    LinkDirection direction) {
  LinkQuality quality;
  if (plan.wan && !self.region.empty() && !remote.region.empty()) {
    const Region* ours = FindRegion(self.region);
    const Region* theirs = FindRegion(remote.region);
    if (ours != nullptr && theirs != nullptr) {
      quality.rtt_ns = RttMs(*ours, *theirs) * kNanosPerMilli;
      quality.rtt_p95_ns = std::max(quality.rtt_ns, RttP95Ms(*ours, *theirs) * kNanosPerMilli);
      quality.jitter_seed = PairSeed(*ours, *theirs);
    }
  }
  const bool inbound = direction == LinkDirection::kInbound;
  for (const LinkFault& fault : plan.faults) {
    if (Concerns(fault, inbound ? remote : self, inbound ? self : remote)) Apply(fault, quality);
  }
  return quality;
}

LinkEnd EndOfClient(absl::string_view address) {
  LinkEnd end{.kind = LinkEnd::Kind::kClient};
  const std::vector<absl::string_view> parts = absl::StrSplit(address, '.');
  int byte[4] = {};
  if (parts.size() != 4) return end;
  for (size_t i = 0; i < 4; ++i) {
    if (!absl::SimpleAtoi(parts[i], &byte[i])) return end;
  }
  const int regions = static_cast<int>(Regions().size());
  const int number = byte[0] == 127 ? byte[1] - 128 : byte[0] == 10 ? byte[1] : -1;
  if (number < 0 || number >= regions) return end;
  end.region = std::string(RegionAt(number).name);
  if (byte[0] == 127 && byte[2] == 0 && byte[3] == kProbeSourceHost) end.kind = LinkEnd::Kind::kProbe;
  return end;
}

}  // namespace nonet::replica
