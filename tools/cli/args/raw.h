// The words of a command line, unchecked: what parse.cc hands to check.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/args/options.h"

namespace nonet::cli {

struct Raw {
  std::vector<std::string> path;  // "replica", "add"
  std::vector<std::string> positional;
  bool version = false, detach = false, follow = false, explain = false, effective = false, no_wait = false,
       dry_run = false, yes = false, hold = false, one_way = false;
  std::vector<std::string> replicas, set, health;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> dir, output, name, group, primary, ttl, probe_interval, probe_timeout,
      tolerated_failures, net, base_port, zone, dns_listen, wan, from, client_subnet, tail, since, condition,
      timeout, at, table, limit, replica_name, location, sku, unit_count, region_endpoint_enabled, etag,
      key_type, mode;
};

// Of `nonet resolve` and `nonet dns`.
absl::StatusOr<ResolveOptions> CheckResolve(const Raw& raw);
absl::StatusOr<DnsOptions> CheckDns(const Raw& raw);

// Of `nonet fault` between two sides.
absl::StatusOr<FaultOptions> CheckLinkFault(const Raw& raw);

// Checks every word and fills the command's struct. Usage errors only.
absl::StatusOr<CommandLine> Check(const Raw& raw);

}  // namespace nonet::cli
