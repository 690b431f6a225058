// Which endpoint a client should talk to: performance routing. Two steps that never mix: the order depends
// on the regions alone, the choice takes the first of it that health allows. Pure functions.
//
//   const PreferenceOrder order = OrderFor(resource, client_region);
//   const Choice choice = Choose(order, statuses);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dnsresolver/core/topology.h"

namespace nonet::dns {

// Indexes into ResourceTopology::endpoints, nearest first; all of them, whatever their state.
using PreferenceOrder = std::vector<uint8_t>;

// By measured round trip; ties go to the client's own region, then to the name that sorts first.
PreferenceOrder OrderFor(const ResourceTopology& resource, int client_region);

struct Choice {
  int endpoint = -1;       // -1: nothing is eligible.
  bool fail_open = false;  // Every eligible endpoint is Degraded, so they count as Online.

  friend bool operator==(const Choice&, const Choice&) = default;
};

// The first Online, CheckingEndpoint or Unmonitored of the order; failing that, the first Degraded. Disabled,
// Stopped and Inactive ones are never chosen (Traffic Manager's note; its table differs, see docs).
Choice Choose(std::span<const uint8_t> order, std::span<const MonitorStatus> statuses);

}  // namespace nonet::dns
