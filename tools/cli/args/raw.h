// The words of a command line, unchecked: what parse.cc hands to check.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/args/options.h"

namespace nonet::cli {

struct Raw {
  std::vector<std::string> path;  // "replica", "add"
  std::vector<std::string> positional;
  bool version = false, detach = false, follow = false, explain = false, effective = false, no_wait = false,
       dry_run = false, yes = false, hold = false, one_way = false, force = false, what_if = false;
  std::vector<std::string> parameters, fqdns;
  std::optional<std::vector<std::string>> event_handlers, event_listeners;  // Each one's words as JoinGroups.
  std::optional<std::string> drain, request_id, hub_name, allow_anonymous, keep_alive, link_name, group_id,
      private_link_resource_id, message, template_file;
  std::vector<std::string> replicas, set, health;
  std::optional<std::vector<std::string>> tags, resolver_flags;
  std::optional<bool> open, peer_tls;
  std::optional<std::string> when_full, joins_wait;
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
// Of what belongs to a resource, of operations and templates.
absl::StatusOr<ChangeOptions> CheckChange(const Raw& raw);
absl::StatusOr<HubOptions> CheckHub(const Raw& raw);
absl::StatusOr<LinkOptions> CheckLink(const Raw& raw);
absl::StatusOr<OperationOptions> CheckOperation(const Raw& raw);
absl::StatusOr<DeployOptions> CheckDeploy(const Raw& raw);

// Shared by the checks: usage errors that name the command and the option.
std::string CommandOf(const Raw& raw);  // "nonet replica add"
absl::Status MissingWord(const Raw& raw, absl::string_view what, absl::string_view example);
absl::Status BadWord(absl::string_view option, absl::string_view value, absl::string_view accepted);
absl::StatusOr<int64_t> DurationWord(absl::string_view option, const std::optional<std::string>& words,
                                     int64_t otherwise);
absl::StatusOr<int64_t> NumberWord(absl::string_view option, const std::string& words, int64_t low,
                                   int64_t high);
absl::StatusOr<bool> BooleanWord(absl::string_view option, const std::string& words);
// At most one argument; empty when there is none.
absl::StatusOr<std::string> OneWord(const Raw& raw);
// The argument or the option stands for the name; both have to agree.
absl::Status ReadPositionalName(const Raw& raw, absl::string_view option, std::string& name);

// Checks every word and fills the command's struct. Usage errors only.
absl::StatusOr<CommandLine> Check(const Raw& raw);

}  // namespace nonet::cli
