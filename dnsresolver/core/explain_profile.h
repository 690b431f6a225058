// The spoken form of a decision by routing profiles: one sentence for each profile that the client comes by.
// It follows the documents' rules anew, apart from the compiled answers. Pure.
//
//   const ProfileStory story = TellProfiles(resource, statuses, {region, client}, switches);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"
#include "dnsresolver/core/profile_steering.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

struct ProfileClient {
  std::optional<int> region;  // nullopt: no prefix says.
  IpPrefix address;           // A whole address.
};

struct ProfileStory {
  struct Way {
    bool no_name = false;              // NXDOMAIN.
    std::vector<uint8_t> instances{};  // Indexes of ResourceTopology::endpoints; none: no data.
    double share = 1;
    bool addresses = false;  // Multivalue: answered by address, not by CNAME.
  };
  std::vector<Way> ways;  // Equal ones are one; the likeliest first.
  bool fail_open = false;
  std::vector<std::string> sentences;
};

// `resource.profiles` is not empty; `statuses` are those of its endpoints.
ProfileStory TellProfiles(const ResourceTopology& resource, std::span<const MonitorStatus> statuses,
                          const ProfileClient& client, const SteeringSwitches& switches);

}  // namespace nonet::dns
