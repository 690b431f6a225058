// The resolver's settings, checked: what the flags say, turned into what the parts take. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/monitor.h"
#include "dnsresolver/core/rate_limiter.h"
#include "dnsresolver/server/client_map.h"
#include "dnsresolver/server/probe_options.h"
#include "dnsresolver/server/socket_address.h"

namespace nonet::dns {

// As given on the command line.
struct Settings {
  std::string dns_listen = "127.0.0.1:7853";
  std::string zone = "webpubsub.azure.com";
  absl::Duration ttl = absl::Seconds(90);
  absl::Duration probe_interval = absl::Seconds(30);
  absl::Duration probe_timeout = absl::Seconds(10);
  int tolerated_failures = 3;
  std::string vantage = "centralus";  // Regions, separated by commas.
  ProbeFlags probes;                  // `vantage` above goes into it.
  ClientMapFiles clients;
  // Where profiles leave a choice: "nodata" or "nxdomain".
  std::string inactive_answer = "nodata";
  std::string subnet_none_answer = "nodata";
  std::string subnet_unhealthy_answer = "nxdomain";
  std::string chain = "direct";
  std::string nsid;  // Empty: the program and its vantage region; "none": not given out.
  bool chaos = true;
  bool ede = false;
  bool cookies = true;
  int udp_threads = 1;
  int rrl = 20;  // 0: no limit.
  int rrl_slip = 2;
  std::string rrl_exempt = "127.0.0.0/8,::1";
  absl::Duration tcp_idle = absl::Nanoseconds(kTcpIdleNs);
};

struct CheckedSettings {
  std::vector<SocketAddress> listen;
  AnswerSettings answers;
  MonitorSettings monitor;
  ProbeSettings probes;
  ClientMapFiles clients;
  int udp_threads = 1;
  bool cookies = true;
  RateLimitSettings rate_limit;
  int64_t tcp_idle_ns = kTcpIdleNs;
};

// INVALID_ARGUMENT naming the first flag that is out of its range, with the range.
absl::StatusOr<CheckedSettings> CheckSettings(const Settings& settings);

}  // namespace nonet::dns
