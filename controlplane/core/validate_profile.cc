#include "controlplane/core/validate_profile.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/ip_range.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/regions/geo.h"
#include "common/regions/regions.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using resource::v1::TrafficEndpoint;
using resource::v1::TrafficProfile;

bool IsLabel(absl::string_view name) {
  if (name.size() > kDnsLabelMax) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-'; });
}

absl::Status Range(const std::string& where, absl::string_view field, uint32_t value, uint32_t least,
                   uint32_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return errors::InvalidTrafficProfile(
      where, absl::StrCat(field, " must be ", least, " to ", most, ", not ", value));
}

// One profile, without those nested in it. What its endpoints may not share is collected on the way.
class ProfileCheck {
 public:
  ProfileCheck(TrafficProfile& profile, std::string where) : profile_(profile), where_(std::move(where)) {}

  absl::Status Run() {
    if (profile_.name().empty()) profile_.set_name("profile");
    if (!IsLabel(profile_.name())) {
      return Wrong("the name must be 1 to 63 letters, digits and hyphens");
    }
    if (profile_.method() == TrafficProfile::METHOD_UNSPECIFIED) {
      profile_.set_method(TrafficProfile::METHOD_PERFORMANCE);
    }
    if (!TrafficProfile::Method_IsValid(profile_.method())) return Wrong("the method is unknown");
    RETURN_IF_ERROR(CheckOwnNumbers());
    if (profile_.endpoints_size() > kProfileEndpointsMax) {
      return Wrong(absl::StrCat(profile_.endpoints_size(), " endpoints; at most ", kProfileEndpointsMax,
                                " are possible"));
    }
    for (int i = 0; i < profile_.endpoints_size(); ++i) {
      at_ = absl::StrCat(where_, ".endpoints[", i, "]");
      RETURN_IF_ERROR(CheckEndpoint(*profile_.mutable_endpoints(i), static_cast<uint32_t>(i + 1)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Wrong(absl::string_view why) const { return errors::InvalidTrafficProfile(where_, why); }
  absl::Status WrongEndpoint(absl::string_view why) const { return errors::InvalidTrafficProfile(at_, why); }
  bool Is(TrafficProfile::Method method) const { return profile_.method() == method; }

  absl::Status CheckOwnNumbers() {
    if (Is(TrafficProfile::METHOD_MULTIVALUE)) {
      if (profile_.max_return() == 0) profile_.set_max_return(kMaxReturnDefault);
      RETURN_IF_ERROR(Range(where_, "max_return", profile_.max_return(), 1, kMaxReturnMax));
    } else if (profile_.max_return() != 0) {
      return Wrong("max_return is for METHOD_MULTIVALUE only");
    }
    if (profile_.latency_sensitivity_ms() != 0 && !Is(TrafficProfile::METHOD_FRONT_DOOR)) {
      return Wrong("latency_sensitivity_ms is for METHOD_FRONT_DOOR only");
    }
    return Range(where_, "latency_sensitivity_ms", profile_.latency_sensitivity_ms(), 0,
                 kLatencySensitivityMsMax);
  }

  absl::Status CheckEndpoint(TrafficEndpoint& endpoint, uint32_t place) {
    RETURN_IF_ERROR(CheckTarget(endpoint));
    RETURN_IF_ERROR(CheckOrder(endpoint, place));
    RETURN_IF_ERROR(CheckGeography(endpoint));
    return CheckSubnets(endpoint);
  }

  absl::Status CheckTarget(TrafficEndpoint& endpoint) {
    if (endpoint.has_profile()) return CheckNested(endpoint);
    if (!endpoint.has_instance()) return WrongEndpoint("neither an instance nor a profile is given");
    if (!IsValidId(endpoint.instance())) {
      return WrongEndpoint(absl::StrCat("\"", endpoint.instance(), "\" is no instance's name"));
    }
    if (!instances_.insert(absl::AsciiStrToLower(endpoint.instance())).second) {
      return WrongEndpoint(absl::StrCat("the profile has ", endpoint.instance(), " twice"));
    }
    if (endpoint.min_child_endpoints() != 0) {
      return WrongEndpoint("min_child_endpoints is for nested profiles only");
    }
    if (!endpoint.location().empty()) return WrongEndpoint("location is for nested profiles only");
    return absl::OkStatus();
  }

  absl::Status CheckNested(TrafficEndpoint& endpoint) {
    if (Is(TrafficProfile::METHOD_MULTIVALUE)) {
      return WrongEndpoint("METHOD_MULTIVALUE takes instances only");
    }
    if (endpoint.always_serve()) return WrongEndpoint("always_serve is for instances only");
    if (endpoint.min_child_endpoints() == 0) endpoint.set_min_child_endpoints(1);
    RETURN_IF_ERROR(
        Range(at_, "min_child_endpoints", endpoint.min_child_endpoints(), 1, kProfileEndpointsMax));
    const bool by_latency = Is(TrafficProfile::METHOD_PERFORMANCE) || Is(TrafficProfile::METHOD_FRONT_DOOR);
    if (by_latency && endpoint.location().empty()) {
      return WrongEndpoint("a nested profile needs a location here: the region that stands for it");
    }
    if (!endpoint.location().empty() && FindRegion(endpoint.location()) == nullptr) {
      return WrongEndpoint(absl::StrCat("there is no Azure region '", endpoint.location(), "'; did you mean ",
                                        NearestRegionName(endpoint.location()), "?"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckOrder(TrafficEndpoint& endpoint, uint32_t place) {
    const bool front_door = Is(TrafficProfile::METHOD_FRONT_DOOR);
    if (front_door || Is(TrafficProfile::METHOD_PRIORITY)) {
      if (endpoint.priority() == 0) endpoint.set_priority(front_door ? 1 : place);
      RETURN_IF_ERROR(
          Range(at_, "priority", endpoint.priority(), 1, front_door ? kFrontDoorPriorityMax : kPriorityMax));
      if (!front_door && !priorities_.insert(endpoint.priority()).second) {
        return WrongEndpoint(absl::StrCat("the profile has priority ", endpoint.priority(), " twice"));
      }
    }
    if (front_door || Is(TrafficProfile::METHOD_WEIGHTED)) {
      if (endpoint.weight() == 0) endpoint.set_weight(front_door ? kFrontDoorWeightDefault : 1);
      RETURN_IF_ERROR(Range(at_, "weight", endpoint.weight(), 1, kWeightMax));
    }
    return absl::OkStatus();
  }

  absl::Status CheckGeography(const TrafficEndpoint& endpoint) {
    if (!Is(TrafficProfile::METHOD_GEOGRAPHIC)) {
      return endpoint.geo_mapping().empty() ? absl::OkStatus()
                                            : WrongEndpoint("geo_mapping is for METHOD_GEOGRAPHIC only");
    }
    if (endpoint.geo_mapping().empty() || endpoint.geo_mapping_size() > kGeoMappingsMax) {
      return WrongEndpoint(absl::StrCat("1 to ", kGeoMappingsMax, " geo_mapping entries are needed"));
    }
    for (const std::string& code : endpoint.geo_mapping()) {
      if (!IsGeoCode(code)) {
        return WrongEndpoint(
            absl::StrCat("\"", code, "\" is no geographic code such as WORLD, GEO-EU, DE, US-CA"));
      }
      if (!geography_.insert(code).second) {
        return WrongEndpoint(absl::StrCat(code, " belongs to another endpoint of the profile already"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckSubnets(const TrafficEndpoint& endpoint) {
    if (!Is(TrafficProfile::METHOD_SUBNET)) {
      return endpoint.subnets().empty() ? absl::OkStatus()
                                        : WrongEndpoint("subnets are for METHOD_SUBNET only");
    }
    if (endpoint.subnets_size() > kSubnetsMax) {
      return WrongEndpoint(absl::StrCat("at most ", kSubnetsMax, " subnets are possible"));
    }
    if (endpoint.subnets().empty() && std::exchange(fallback_, true)) {
      return WrongEndpoint("the profile has a fallback, an endpoint without subnets, already");
    }
    for (const std::string& text : endpoint.subnets()) {
      const absl::StatusOr<IpRange> range = IpRange::Parse(text);
      if (!range.ok()) return WrongEndpoint(range.status().message());
      for (const IpRange& other : ranges_) {
        if (range->Overlaps(other)) {
          return WrongEndpoint(absl::StrCat(text, " overlaps another subnet of the profile"));
        }
      }
      ranges_.push_back(*range);
    }
    return absl::OkStatus();
  }

  TrafficProfile& profile_;
  const std::string where_;
  std::string at_;
  std::set<std::string> instances_, geography_;
  std::set<uint32_t> priorities_;
  std::vector<IpRange> ranges_;
  bool fallback_ = false;
};

// The depth is bounded before it is descended to.
absl::Status Normalize(TrafficProfile& profile, const std::string& where, int depth, int& profiles) {
  if (depth > kProfileDepthMax) {
    return errors::InvalidTrafficProfile(
        where, absl::StrCat("profiles nest at most ", kProfileDepthMax, " levels deep"));
  }
  if (++profiles > kProfilesMax) {
    return errors::InvalidTrafficProfile(where, absl::StrCat("at most ", kProfilesMax, " profiles in all"));
  }
  RETURN_IF_ERROR(ProfileCheck(profile, where).Run());
  for (int i = 0; i < profile.endpoints_size(); ++i) {
    if (!profile.endpoints(i).has_profile()) continue;
    RETURN_IF_ERROR(Normalize(*profile.mutable_endpoints(i)->mutable_profile(),
                              absl::StrCat(where, ".endpoints[", i, "].profile"), depth + 1, profiles));
  }
  return absl::OkStatus();
}

absl::Status CheckTargets(const TrafficProfile& profile, const std::string& where,
                          std::span<const std::string> instances) {
  for (int i = 0; i < profile.endpoints_size(); ++i) {
    const TrafficEndpoint& endpoint = profile.endpoints(i);
    const std::string at = absl::StrCat(where, ".endpoints[", i, "]");
    if (endpoint.has_profile()) {
      RETURN_IF_ERROR(CheckTargets(endpoint.profile(), at + ".profile", instances));
    } else if (std::none_of(instances.begin(), instances.end(), [&](const std::string& id) {
                 return absl::EqualsIgnoreCase(id, endpoint.instance());
               })) {
      return errors::ProfileInstanceUnknown(at, endpoint.instance(), absl::StrJoin(instances, ", "));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status NormalizeProfile(TrafficProfile& profile) {
  int profiles = 0;
  return Normalize(profile, "traffic_profile", 1, profiles);
}

absl::Status ValidateProfileTargets(const TrafficProfile& profile, std::span<const std::string> instances) {
  return CheckTargets(profile, "traffic_profile", instances);
}

}  // namespace nonet::controlplane
