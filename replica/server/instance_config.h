// What the control plane's objects mean for one instance. Pure; any thread.
//
//   InstanceConfig config = BuildConfig(watch.objects(), "resources/contoso/replicas/westus");
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nonet/watch/v1/watch.pb.h"
#include "replica/server/tokens.h"

namespace nonet::replica {

struct HubConfig {
  bool anonymous_allowed = false;
  int64_t keep_alive_ns = 0;
};

struct PeerTarget {
  std::string instance;  // Object name.
  std::string address;   // "ip:port" of its gRPC port; empty while unknown.
  std::string epoch;     // Of the process that reported the address.
  std::string tag;       // The 8 hex digits of its host name.
  std::string region = {};
  bool operator==(const PeerTarget&) const = default;
};

struct InstanceConfig {
  // The resource, this instance and the keys are all known.
  bool complete = false;
  std::string resource_host;  // "contoso.webpubsub.azure.com"
  std::string instance_host;  // "contoso-westus-1a2b3c4d.webpubsub.azure.com"
  std::string tag;            // "1a2b3c4d"
  TokenKeys keys;
  bool disable_local_auth = false;
  std::map<std::string, HubConfig> hubs;  // By lower-case name; a hub without an entry has the defaults.
  std::vector<PeerTarget> peers;          // All other instances, sorted by name.

  HubConfig Hub(absl::string_view lower_case_name) const;
};

using ConfigObjects = std::map<std::string, watch::v1::Event>;

InstanceConfig BuildConfig(const ConfigObjects& objects, absl::string_view instance);

// Whether an object can be applied; INVALID_ARGUMENT says why not.
absl::Status ValidateObject(const watch::v1::Event& event);

// "contoso-westus-1a2b3c4d.webpubsub.azure.com" -> "1a2b3c4d"; empty when it has no such end.
std::string TagOfHost(absl::string_view host);

}  // namespace nonet::replica
