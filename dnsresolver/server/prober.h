// Runs health probes: GET http://address:port/api/health, Host = the instance's host name, from the vantage
// region's loopback address. Only 200 is a success (Traffic Manager's default status range).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/http/client.h"
#include "common/loop/event_loop.h"
#include "dnsresolver/core/monitor.h"

namespace nonet::dns {

class Prober {  // The loop thread only.
 public:
  using OnEnded = std::function<void(uint64_t probe, ProbeResult result)>;

  // `bind_address`: where probes come from; empty leaves it to the system.
  Prober(EventLoop& loop, std::string bind_address, int64_t timeout_ns, OnEnded on_ended);

  void Start(const MonitorEffects::Start& probe);
  void Cancel(uint64_t probe);

 private:
  EventLoop& loop_;
  const std::string bind_address_;
  const int64_t timeout_ns_;
  const OnEnded on_ended_;
  std::map<uint64_t, std::unique_ptr<http::Call>> calls_;  // At most kProbesInFlightMax an endpoint.
};

}  // namespace nonet::dns
