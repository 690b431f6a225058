// From the control plane's objects to the core's plain topology. Pure functions over messages.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/watch/watch_client.h"
#include "dnsresolver/codec/name.h"
#include "dnsresolver/core/topology.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet::dns {

// Why an object cannot be steered by: unknown region, a host name outside the zone, an address that is none,
// a version older than the one in force (`held`: that of the same name, or nullptr).
absl::Status ValidateObject(const watch::v1::Event& event, const Name& zone, const watch::v1::Event* held);

// Only validated objects. A replica whose resource is not there is left out.
Topology BuildTopology(const WatchClient::Objects& objects, uint64_t revision);

}  // namespace nonet::dns
