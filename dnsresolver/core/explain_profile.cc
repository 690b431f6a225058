#include "dnsresolver/core/explain_profile.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/profile_status.h"
#include "dnsresolver/core/round_trips.h"

namespace nonet::dns {
namespace {

constexpr double kSame = 1e-9;

std::string Percent(double share) { return absl::StrCat(std::lround(share * 100), " %"); }

class Teller {
 public:
  Teller(const ResourceTopology& resource, std::span<const MonitorStatus> statuses,
         const ProfileClient& client, const SteeringSwitches& switches)
      : resource_(resource),
        states_(StatesOf(resource.profiles, statuses)),
        rankings_(RankingsFor(resource, client.region, client.address)),
        region_(client.region.value_or(resource.primary_region)),
        switches_(switches) {}

  void Tell(size_t at, double share) {
    const Profile& profile = resource_.profiles[at];
    const ProfileState& state = states_[at];
    if (state.status == ProfileStatus::kDisabled) {
      Say(at, "it is disabled, so the name does not exist");
      return Nothing(true, share);
    }
    if (state.status == ProfileStatus::kInactive) {
      Say(at, absl::StrCat(List(at), ": none of them may be answered"));
      return Nothing(switches_.inactive_is_nxdomain, share);
    }
    const std::vector<size_t> standing = Standing(state);
    const bool stand_in = !IsAvailable(state.endpoints[standing.front()]);
    const std::string reason =
        stand_in ? ". All that are eligible are Degraded, so they count as Online; " : "; ";
    switch (profile.method) {
      case RoutingMethod::kPerformance:
        return One(at, FirstOf(rankings_[at].order, standing), share, stand_in, reason,
                   "the nearest that counts is ");
      case RoutingMethod::kPriority:
        return One(at, ByPriority(profile, standing), share, stand_in, reason,
                   "the first in priority that counts is ");
      case RoutingMethod::kWeighted:
        return Drawn(at, standing, false, share, stand_in, absl::StrCat(reason, "drawn by weight: "));
      case RoutingMethod::kGeographic:
        return Geographic(at, share);
      case RoutingMethod::kMultivalue:
        return Several(at, standing, share, stand_in, reason);
      case RoutingMethod::kSubnet:
        return Subnet(at, standing, share, stand_in);
      case RoutingMethod::kFrontDoor:
        return FrontDoor(at, standing, share, stand_in, reason);
    }
  }

  ProfileStory Take() {
    std::stable_sort(story_.ways.begin(), story_.ways.end(),
                     [](const auto& a, const auto& b) { return a.share > b.share + kSame; });
    return std::move(story_);
  }

 private:
  // "westus (priority 1, Degraded), europe (priority 2, Online)"
  std::string List(size_t at) const {
    const Profile& profile = resource_.profiles[at];
    std::vector<std::string> items;
    for (size_t i = 0; i < profile.endpoints.size(); ++i) {
      items.push_back(absl::StrCat(profile.endpoints[i].name, " (", About(profile, profile.endpoints[i]),
                                   MonitorStatusName(states_[at].endpoints[i]), ")"));
    }
    return absl::StrJoin(items, ", ");
  }

  std::string About(const Profile& profile, const ProfileEndpoint& endpoint) const {
    const std::string rtt = absl::StrCat(
        RttMs(resource_.round_trips.get(), RegionAt(region_), RegionAt(endpoint.region)), " ms, ");
    switch (profile.method) {
      case RoutingMethod::kPerformance:
        return rtt;
      case RoutingMethod::kPriority:
        return absl::StrCat("priority ", endpoint.priority, ", ");
      case RoutingMethod::kWeighted:
        return absl::StrCat("weight ", endpoint.weight, ", ");
      case RoutingMethod::kGeographic:
        return absl::StrCat("for ", absl::StrJoin(endpoint.geo, " "), ", ");
      case RoutingMethod::kSubnet:
        return endpoint.subnets.empty()
                   ? "the fallback, "
                   : absl::StrCat("for ", endpoint.subnets.size(),
                                  endpoint.subnets.size() == 1 ? " prefix, " : " prefixes, ");
      case RoutingMethod::kFrontDoor:
        return absl::StrCat("priority ", endpoint.priority, ", ", rtt, "weight ", endpoint.weight, ", ");
      case RoutingMethod::kMultivalue:
        break;
    }
    return "";
  }

  void Say(size_t at, absl::string_view text) {
    const Profile& profile = resource_.profiles[at];
    story_.sentences.push_back(absl::StrCat("Profile ", profile.name, " steers by ",
                                            RoutingMethodName(profile.method), ": ", text, "."));
  }

  void Add(ProfileStory::Way way) {
    const auto same =
        std::find_if(story_.ways.begin(), story_.ways.end(), [&](const ProfileStory::Way& other) {
          return other.no_name == way.no_name && other.instances == way.instances &&
                 other.addresses == way.addresses;
        });
    if (same == story_.ways.end()) {
      story_.ways.push_back(std::move(way));
    } else {
      same->share += way.share;
    }
  }

  void Nothing(bool no_name, double share) { Add({.no_name = no_name, .share = share}); }

  void Enter(size_t at, size_t index, double share, bool stand_in) {
    const ProfileEndpoint& endpoint = resource_.profiles[at].endpoints[index];
    story_.fail_open |= stand_in;
    if (endpoint.instance < 0) return Tell(static_cast<size_t>(endpoint.nested), share);
    Add({.instances = {static_cast<uint8_t>(endpoint.instance)}, .share = share});
  }

  void One(size_t at, size_t index, double share, bool stand_in, absl::string_view reason,
           absl::string_view why) {
    Say(at, absl::StrCat(List(at), reason, why, resource_.profiles[at].endpoints[index].name));
    Enter(at, index, share, stand_in);
  }

  void Drawn(size_t at, const std::vector<size_t>& among, bool evenly, double share, bool stand_in,
             absl::string_view why) {
    const std::vector<ProfileEndpoint>& endpoints = resource_.profiles[at].endpoints;
    const auto weight = [&](size_t i) { return evenly ? 1.0 : static_cast<double>(endpoints[i].weight); };
    double sum = 0;
    for (const size_t i : among) sum += weight(i);
    std::vector<std::string> parts;
    for (const size_t i : among) {
      parts.push_back(absl::StrCat(endpoints[i].name, " ", Percent(weight(i) / sum)));
    }
    Say(at, absl::StrCat(List(at), why, absl::StrJoin(parts, ", ")));
    for (const size_t i : among) Enter(at, i, share * weight(i) / sum, stand_in);
  }

  void Geographic(size_t at, double share) {
    const Profile& profile = resource_.profiles[at];
    for (const uint8_t index : rankings_[at].order) {
      const MonitorStatus status = states_[at].endpoints[index];
      const std::string& name = profile.endpoints[index].name;
      if (status == MonitorStatus::kDisabled) continue;
      if (!IsAvailable(status) && status != MonitorStatus::kDegraded) {
        Say(at, absl::StrCat(List(at), "; the client's place is ", name, "'s, which is ",
                             MonitorStatusName(status), ", and no wider place stands in: there is no data"));
        return Nothing(false, share);
      }
      Say(at, absl::StrCat(List(at), "; the client's place is ", name, "'s, whatever its health"));
      return Enter(at, index, share, false);
    }
    Say(at, absl::StrCat(List(at), "; the client's place is nobody's: there is no data"));
    Nothing(false, share);
  }

  void Subnet(size_t at, const std::vector<size_t>& standing, double share, bool stand_in) {
    const Profile& profile = resource_.profiles[at];
    for (const uint8_t index : rankings_[at].order) {
      if (states_[at].endpoints[index] == MonitorStatus::kDisabled) continue;
      const std::string& name = profile.endpoints[index].name;
      const std::string whose = absl::StrCat(List(at),
                                             profile.endpoints[index].subnets.empty()
                                                 ? "; no subnet holds the client, so the fallback counts: "
                                                 : "; the client's subnet is that of ",
                                             name);
      if (std::find(standing.begin(), standing.end(), index) == standing.end()) {
        Say(at, absl::StrCat(whose, ", which is not available: nothing is answered"));
        return Nothing(switches_.unhealthy_subnet_is_nxdomain, share);
      }
      Say(at, whose);
      return Enter(at, index, share, stand_in);
    }
    Say(at, absl::StrCat(List(at), "; no subnet holds the client, and there is no fallback"));
    Nothing(switches_.no_subnet_is_nxdomain, share);
  }

  void Several(size_t at, const std::vector<size_t>& standing, double share, bool stand_in,
               absl::string_view reason) {
    const Profile& profile = resource_.profiles[at];
    story_.fail_open |= stand_in;
    const size_t count = std::min<size_t>(standing.size(), profile.max_return);
    Say(at, absl::StrCat(List(at), reason, "the addresses of ", count,
                         " of them are answered, turn and turn about"));
    for (size_t turn = 0; turn < standing.size(); ++turn) {
      ProfileStory::Way way{.share = share / static_cast<double>(standing.size()), .addresses = true};
      for (size_t i = 0; i < count; ++i) {
        const size_t index = standing[(turn + i) % standing.size()];
        way.instances.push_back(static_cast<uint8_t>(profile.endpoints[index].instance));
      }
      Add(std::move(way));
    }
  }

  void FrontDoor(size_t at, std::vector<size_t> standing, double share, bool stand_in,
                 absl::string_view reason) {
    const Profile& profile = resource_.profiles[at];
    if (stand_in) return Drawn(at, standing, true, share, true, absl::StrCat(reason, "evenly: "));
    const uint32_t lowest = profile.endpoints[ByPriority(profile, standing)].priority;
    std::erase_if(standing, [&](size_t i) { return profile.endpoints[i].priority != lowest; });
    const auto rtt = [&](size_t i) {
      return RttMs(resource_.round_trips.get(), RegionAt(region_), RegionAt(profile.endpoints[i].region));
    };
    int fastest = rtt(standing.front());
    for (const size_t i : standing) fastest = std::min(fastest, rtt(i));
    std::erase_if(standing, [&](size_t i) {
      return int64_t{rtt(i)} > int64_t{fastest} + profile.latency_sensitivity_ms;
    });
    // Exact ties of no tolerance go by weight as well, as Front Door's documents say.
    Drawn(at, standing, false, share, false,
          absl::StrCat("; of priority ", lowest, ", within ", profile.latency_sensitivity_ms,
                       " ms of the fastest (", fastest, " ms), by weight: "));
  }

  static std::vector<size_t> Standing(const ProfileState& state) {
    std::vector<size_t> available, degraded;
    for (size_t i = 0; i < state.endpoints.size(); ++i) {
      if (IsAvailable(state.endpoints[i])) available.push_back(i);
      if (state.endpoints[i] == MonitorStatus::kDegraded) degraded.push_back(i);
    }
    return available.empty() ? degraded : available;
  }

  static size_t FirstOf(const std::vector<uint8_t>& order, const std::vector<size_t>& standing) {
    for (const uint8_t index : order) {
      if (std::find(standing.begin(), standing.end(), index) != standing.end()) return index;
    }
    return standing.front();
  }

  static size_t ByPriority(const Profile& profile, const std::vector<size_t>& standing) {
    return *std::min_element(standing.begin(), standing.end(), [&](size_t a, size_t b) {
      return profile.endpoints[a].priority < profile.endpoints[b].priority;
    });
  }

  const ResourceTopology& resource_;
  const std::vector<ProfileState> states_;
  const Rankings rankings_;
  const int region_;
  const SteeringSwitches& switches_;
  ProfileStory story_;
};

}  // namespace

ProfileStory TellProfiles(const ResourceTopology& resource, std::span<const MonitorStatus> statuses,
                          const ProfileClient& client, const SteeringSwitches& switches) {
  Teller teller(resource, statuses, client, switches);
  teller.Tell(0, 1);
  return teller.Take();
}

}  // namespace nonet::dns
