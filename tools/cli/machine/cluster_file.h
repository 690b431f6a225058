// DIR/cluster.json, read leniently: what is missing or null is empty. Parsing is pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

struct ClusterFileContent {
  struct Instance {
    std::string name, role, region, host_name, address, http, grpc;
    int pid = 0;
  };
  struct Resource {
    std::string name, group, host_name, connection_string, http_connection_string;
    std::vector<Instance> instances;
  };
  std::string cluster, control_grpc, dns_address, dns_grpc, supervisor_grpc, authority_file;
  bool peer_tls = false;
  std::vector<Resource> resources;
  Json document;  // As it is.
};

// nullopt when it is no JSON object.
std::optional<ClusterFileContent> ParseClusterFile(absl::string_view text);
// nullopt when there is none.
std::optional<ClusterFileContent> ReadClusterFile(const std::string& dir);

// The instances as a table, the file itself as the document.
View ClusterView(const ClusterFileContent& cluster);

}  // namespace nonet::cli
