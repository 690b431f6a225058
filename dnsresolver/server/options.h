// The resolver's settings, checked: what the flags say, turned into what the parts take. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/monitor.h"
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
  std::string vantage = "centralus";
};

struct CheckedSettings {
  std::vector<SocketAddress> listen;
  AnswerSettings answers;
  MonitorSettings monitor;
  std::string probe_from;  // In the vantage region's loopback prefix.
};

// INVALID_ARGUMENT naming the first flag that is out of its range, with the range.
absl::StatusOr<CheckedSettings> CheckSettings(const Settings& settings);

}  // namespace nonet::dns
