#include "dnsresolver/core/profile_status.h"

#include <algorithm>
#include <array>

namespace nonet::dns {
namespace {

constexpr std::array<absl::string_view, 5> kNames = {"Disabled", "Degraded", "Online", "CheckingEndpoints",
                                                     "Inactive"};

bool IsUp(MonitorStatus status) {
  return status == MonitorStatus::kOnline || status == MonitorStatus::kUnmonitored;
}

MonitorStatus OfNested(const ProfileEndpoint& endpoint, const ProfileState& child) {
  if (child.status == ProfileStatus::kDisabled || child.status == ProfileStatus::kInactive) {
    return MonitorStatus::kStopped;
  }
  const auto online = std::count_if(child.endpoints.begin(), child.endpoints.end(), IsUp);
  const auto checking =
      std::count(child.endpoints.begin(), child.endpoints.end(), MonitorStatus::kCheckingEndpoint);
  if (online >= endpoint.min_child_endpoints) return MonitorStatus::kOnline;
  if (online + checking >= endpoint.min_child_endpoints) return MonitorStatus::kCheckingEndpoint;
  return MonitorStatus::kDegraded;
}

MonitorStatus OfEndpoint(const Profile& profile, const ProfileEndpoint& endpoint,
                         std::span<const ProfileState> states, std::span<const MonitorStatus> instances) {
  const MonitorStatus own =
      endpoint.instance >= 0 ? instances[static_cast<size_t>(endpoint.instance)] : MonitorStatus::kOnline;
  if (!endpoint.enabled || own == MonitorStatus::kDisabled) return MonitorStatus::kDisabled;
  if (!profile.enabled) return MonitorStatus::kInactive;
  if (endpoint.instance < 0) return OfNested(endpoint, states[static_cast<size_t>(endpoint.nested)]);
  if (own == MonitorStatus::kStopped || own == MonitorStatus::kInactive) return own;
  return endpoint.always_serve ? MonitorStatus::kUnmonitored : own;
}

ProfileStatus OfProfile(const Profile& profile, const std::vector<MonitorStatus>& endpoints) {
  const auto any = [&](auto is) { return std::any_of(endpoints.begin(), endpoints.end(), is); };
  if (!profile.enabled) return ProfileStatus::kDisabled;
  if (any([](MonitorStatus s) { return s == MonitorStatus::kDegraded; })) return ProfileStatus::kDegraded;
  if (any(IsUp)) return ProfileStatus::kOnline;
  if (any([](MonitorStatus s) { return s == MonitorStatus::kCheckingEndpoint; })) {
    return ProfileStatus::kCheckingEndpoints;
  }
  return ProfileStatus::kInactive;
}

}  // namespace

absl::string_view ProfileStatusName(ProfileStatus status) { return kNames[static_cast<size_t>(status)]; }

bool IsAvailable(MonitorStatus status) { return IsUp(status) || status == MonitorStatus::kCheckingEndpoint; }

std::vector<ProfileState> StatesOf(std::span<const Profile> profiles,
                                   std::span<const MonitorStatus> instances) {
  std::vector<ProfileState> states(profiles.size());
  // Children come after their parents, so from the end every child is done before it is asked for.
  for (size_t i = profiles.size(); i-- > 0;) {
    for (const ProfileEndpoint& endpoint : profiles[i].endpoints) {
      states[i].endpoints.push_back(OfEndpoint(profiles[i], endpoint, states, instances));
    }
    states[i].status = OfProfile(profiles[i], states[i].endpoints);
  }
  return states;
}

}  // namespace nonet::dns
