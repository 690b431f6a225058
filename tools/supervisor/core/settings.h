// How a cluster was made. Fixed at the first start in a directory: instances keep addresses and host names
// across restarts, so a later start may leave these out or repeat them, not change them; but for those that
// say so. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock/clock.h"

namespace nonet::supervisor {

struct Settings {
  std::string cluster = "contoso";
  std::string net = "127.80";
  std::string zone = "webpubsub.azure.com";
  int base_port = 7800;
  int64_t ttl_ns = 90 * kNanosPerSecond;
  int64_t probe_interval_ns = 30 * kNanosPerSecond;
  int64_t probe_timeout_ns = 10 * kNanosPerSecond;
  int tolerated_failures = 3;
  std::vector<std::string> dns_listen = {};  // Beyond 127.0.0.1:(base_port + 53): "127.80.0.53:53".
  std::string wan = "off";                   // Or "measured": the delays between Azure's regions.
  // A later start may change these; processes that run already keep what they were started with.
  bool open = false;                             // Changes need no bearer token.
  bool peer_tls = false;                         // Instances' gRPC ports want a certificate of the cluster's.
  std::vector<std::string> resolver_flags = {};  // Further flags of nonet-dnsresolver: "rrl=0".
  // What an instance does when its log for a peer is full: "drop-oldest", or "refuse" the publisher.
  std::string when_full = "drop-oldest";
  // How long acks of joins and connects may wait until live peers heed them, 2 s at most; 0: they do not.
  int64_t joins_wait_ns = 2 * kNanosPerSecond;
  friend bool operator==(const Settings&, const Settings&) = default;
};

// What was said on the command line; nullopt where nothing was.
struct GivenSettings {
  std::optional<std::string> cluster = {};
  std::optional<std::string> net = {};
  std::optional<std::string> zone = {};
  std::optional<int> base_port = {};
  std::optional<int64_t> ttl_ns = {};
  std::optional<int64_t> probe_interval_ns = {};
  std::optional<int64_t> probe_timeout_ns = {};
  std::optional<int> tolerated_failures = {};
  std::optional<std::vector<std::string>> dns_listen = {};
  std::optional<std::string> wan = {};
  std::optional<bool> open = {};
  std::optional<bool> peer_tls = {};
  std::optional<std::vector<std::string>> resolver_flags = {};
  std::optional<std::string> when_full = {};
  std::optional<int64_t> joins_wait_ns = {};
};

// INVALID_ARGUMENT naming the flag and its rule.
absl::Status ValidateSettings(const Settings& settings);

// The settings to run with: `kept` where the directory has some, otherwise the defaults with what was given.
// FAILED_PRECONDITION naming the flag when something else was given than is kept.
absl::StatusOr<Settings> DecideSettings(const std::optional<Settings>& kept, const GivenSettings& given,
                                        absl::string_view dir);

// "1m30s", "250ms": what absl::Duration flags read.
std::string DurationText(int64_t ns);

}  // namespace nonet::supervisor
