// Runs health probes: GET http(s)://address:port/path with the instance's host name as Host, or a TCP
// connection alone, from the loopback address of a vantage region. All on the loop: an endpoint that hangs
// costs a socket and a timer, no thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/http/client.h"
#include "common/loop/event_loop.h"
#include "dnsresolver/core/monitor.h"

namespace nonet::dns {

struct StatusRange {
  int first = 200;
  int last = 200;
};

struct ProbeSettings {
  http::Scheme scheme = http::Scheme::kHttp;
  std::string path = "/api/health";
  uint16_t port = 0;                         // 0: the instance's own, by scheme.
  std::vector<StatusRange> expected = {{}};  // At most kStatusRangesMax. Anything else is a failure.
  http::Headers headers = {};                // At most kProbeHeadersMax; "host" replaces the host name.
  std::vector<std::string> from = {""};      // IP literals, one a vantage; empty leaves it to the system.
  std::vector<std::string> vantages = {""};  // Their regions' names.
};

class Prober {  // The loop thread only.
 public:
  using OnEnded = std::function<void(uint64_t probe, ProbeResult result)>;

  Prober(EventLoop& loop, ProbeSettings settings, int64_t timeout_ns, OnEnded on_ended);

  void Start(const MonitorEffects::Start& probe);
  void Cancel(uint64_t probe);

 private:
  EventLoop& loop_;
  const ProbeSettings settings_;
  const int64_t timeout_ns_;
  const OnEnded on_ended_;
  std::map<uint64_t, std::unique_ptr<http::Call>> calls_;  // At most kProbesInFlightTotalMax.
};

}  // namespace nonet::dns
