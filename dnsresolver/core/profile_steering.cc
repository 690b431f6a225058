#include "dnsresolver/core/profile_steering.h"

#include <algorithm>
#include <numeric>

namespace nonet::dns {
namespace {

constexpr uint64_t kDraws = uint64_t{1} << 32;

class Walk {
 public:
  Walk(std::span<const Profile> profiles, std::span<const ProfileState> states, const Rankings& rankings,
       const SteeringSwitches& switches, Steered& out)
      : profiles_(profiles), states_(states), rankings_(rankings), switches_(switches), out_(out) {}

  // Decides for the draws first..end-1. Depth: that of the tree.
  void Decide(size_t at, uint64_t first, uint64_t end) {
    const Profile& profile = profiles_[at];
    const ProfileState& state = states_[at];
    if (state.status == ProfileStatus::kDisabled) return Add(end, {Outcome::Kind::kNoName, 0});
    if (state.status == ProfileStatus::kInactive) return Add(end, Empty(switches_.inactive_is_nxdomain));
    std::vector<size_t> eligible = Eligible(state);
    const bool fail_open = !IsAvailable(state.endpoints[eligible.front()]);
    switch (profile.method) {
      case RoutingMethod::kPerformance:
        return Take(at, First(rankings_[at].order, eligible), first, end, fail_open);
      case RoutingMethod::kPriority:
        return Take(at, LowestPriority(profile, eligible), first, end, fail_open);
      case RoutingMethod::kWeighted:
        return Split(at, eligible, /*evenly=*/false, first, end, fail_open);
      case RoutingMethod::kGeographic:
        return Geographic(at, first, end);
      case RoutingMethod::kMultivalue:
        return Addresses(at, eligible, first, end, fail_open);
      case RoutingMethod::kSubnet:
        return Subnet(at, eligible, first, end, fail_open);
      case RoutingMethod::kFrontDoor:
        // All probes failing: round robin over all, as Front Door does.
        if (fail_open) return Split(at, eligible, /*evenly=*/true, first, end, fail_open);
        return Split(at, FrontDoor(at, eligible), /*evenly=*/false, first, end, fail_open);
    }
  }

 private:
  static Outcome Empty(bool nxdomain) {
    return {nxdomain ? Outcome::Kind::kNoName : Outcome::Kind::kNoData, 0};
  }

  void Add(uint64_t end, Outcome outcome) {
    const auto last = static_cast<uint32_t>(end - 1);
    if (!out_.shares.empty() && out_.shares.back().outcome == outcome) {
      out_.shares.back().last = last;
    } else {
      out_.shares.push_back({last, outcome});
    }
  }

  // The available ones; when there are none, the Degraded ones stand in as if Online. Never empty: the
  // profile would be Inactive.
  static std::vector<size_t> Eligible(const ProfileState& state) {
    std::vector<size_t> available, degraded;
    for (size_t i = 0; i < state.endpoints.size(); ++i) {
      if (IsAvailable(state.endpoints[i])) available.push_back(i);
      if (state.endpoints[i] == MonitorStatus::kDegraded) degraded.push_back(i);
    }
    return available.empty() ? degraded : available;
  }

  void Take(size_t at, size_t index, uint64_t first, uint64_t end, bool fail_open) {
    if (first == end) return;  // A slice too thin for a draw.
    const ProfileEndpoint& endpoint = profiles_[at].endpoints[index];
    out_.fail_open |= fail_open;
    if (endpoint.instance < 0) return Decide(static_cast<size_t>(endpoint.nested), first, end);
    Add(end, {Outcome::Kind::kInstance, static_cast<uint16_t>(endpoint.instance)});
  }

  static size_t First(const std::vector<uint8_t>& order, const std::vector<size_t>& eligible) {
    return *std::find_if(order.begin(), order.end(), [&](uint8_t index) {
      return std::find(eligible.begin(), eligible.end(), index) != eligible.end();
    });
  }

  static size_t LowestPriority(const Profile& profile, const std::vector<size_t>& eligible) {
    return *std::min_element(eligible.begin(), eligible.end(), [&](size_t a, size_t b) {
      return profile.endpoints[a].priority < profile.endpoints[b].priority;
    });
  }

  // The draws are cut at exact fractions of the weights' sum.
  void Split(size_t at, const std::vector<size_t>& among, bool evenly, uint64_t first, uint64_t end,
             bool fail_open) {
    const auto weight = [&](size_t i) -> uint64_t { return evenly ? 1 : profiles_[at].endpoints[i].weight; };
    uint64_t sum = 0, passed = 0;
    for (const size_t i : among) sum += weight(i);
    uint64_t from = first;
    for (const size_t i : among) {
      passed += weight(i);
      const uint64_t until = first + (end - first) * passed / sum;
      Take(at, i, from, until, fail_open);
      from = until;
    }
  }

  std::vector<size_t> FrontDoor(size_t at, std::vector<size_t> eligible) const {
    const Profile& profile = profiles_[at];
    const uint32_t lowest = profile.endpoints[LowestPriority(profile, eligible)].priority;
    std::erase_if(eligible, [&](size_t i) { return profile.endpoints[i].priority != lowest; });
    const uint32_t within = rankings_[at].within[First(rankings_[at].order, eligible)];
    std::erase_if(eligible, [&](size_t i) { return (within >> i & 1) == 0; });
    return eligible;
  }

  // Health is not asked: the region's endpoint is answered even when Degraded, and nothing when it is
  // stopped.
  void Geographic(size_t at, uint64_t first, uint64_t end) {
    for (const uint8_t index : rankings_[at].order) {
      const MonitorStatus status = states_[at].endpoints[index];
      if (status == MonitorStatus::kDisabled) continue;  // Left out of the matching.
      if (IsAvailable(status) || status == MonitorStatus::kDegraded)
        return Take(at, index, first, end, false);
      break;
    }
    Add(end, Empty(false));
  }

  void Subnet(size_t at, const std::vector<size_t>& eligible, uint64_t first, uint64_t end, bool fail_open) {
    for (const uint8_t index : rankings_[at].order) {
      if (states_[at].endpoints[index] == MonitorStatus::kDisabled) continue;
      if (std::find(eligible.begin(), eligible.end(), index) != eligible.end()) {
        return Take(at, index, first, end, fail_open);
      }
      return Add(end, Empty(switches_.unhealthy_subnet_is_nxdomain));
    }
    Add(end, Empty(switches_.no_subnet_is_nxdomain));
  }

  // As many sets as there are eligible ones, each beginning with another, so the load is even.
  void Addresses(size_t at, const std::vector<size_t>& eligible, uint64_t first, uint64_t end,
                 bool fail_open) {
    out_.fail_open |= fail_open;
    const size_t count = std::min<size_t>(eligible.size(), profiles_[at].max_return);
    for (size_t turn = 0; turn < eligible.size(); ++turn) {
      std::vector<uint8_t> set;
      for (size_t i = 0; i < count; ++i) {
        const size_t index = eligible[(turn + i) % eligible.size()];
        set.push_back(static_cast<uint8_t>(profiles_[at].endpoints[index].instance));
      }
      const uint64_t until = first + (end - first) * (turn + 1) / eligible.size();
      if (until == first) continue;
      Add(until, {Outcome::Kind::kAddresses, static_cast<uint16_t>(out_.addresses.size())});
      out_.addresses.push_back(std::move(set));
    }
  }

  const std::span<const Profile> profiles_;
  const std::span<const ProfileState> states_;
  const Rankings& rankings_;
  const SteeringSwitches& switches_;
  Steered& out_;
};

}  // namespace

Steered Evaluate(std::span<const Profile> profiles, std::span<const ProfileState> states,
                 const Rankings& rankings, const SteeringSwitches& switches) {
  Steered steered;
  Walk(profiles, states, rankings, switches, steered).Decide(0, 0, kDraws);
  return steered;
}

}  // namespace nonet::dns
