// The flags that say how health is probed, checked. Pure.
//
//   ASSIGN_OR_RETURN(out.probes, CheckProbes(settings.probes, out.monitor));
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dnsresolver/core/monitor.h"
#include "dnsresolver/server/prober.h"

namespace nonet::dns {

// As given on the command line.
struct ProbeFlags {
  std::string vantage = "centralus";  // Regions, separated by commas.
  std::string protocol = "http";      // "http", "https", "tcp".
  std::string path = "/api/health";
  int port = 0;
  std::string status = "200";  // "200-299,301"
  std::string headers = {};    // "name: value,name: value"
  int samples = 0;
  int good_samples = 0;
};

// Fills in `monitor`'s vantages and samples too. INVALID_ARGUMENT naming the first flag that is out of range.
absl::StatusOr<ProbeSettings> CheckProbes(const ProbeFlags& flags, MonitorSettings& monitor);

}  // namespace nonet::dns
