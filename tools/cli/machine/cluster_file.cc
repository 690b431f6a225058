#include "tools/cli/machine/cluster_file.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tools/cli/dir.h"

namespace nonet::cli {
namespace {

const Json& Member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string Text(const Json& object, const char* key) {
  const Json& value = Member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

ClusterFileContent::Instance ReadInstance(const Json& json) {
  const Json& pid = Member(json, "pid");
  return {.name = Text(json, "name"),
          .role = Text(json, "role"),
          .region = Text(json, "region"),
          .host_name = Text(json, "hostName"),
          .address = Text(json, "address"),
          .http = Text(json, "http"),
          .grpc = Text(json, "grpc"),
          .pid = pid.is_number_integer() ? pid.get<int>() : 0};
}

}  // namespace

std::optional<ClusterFileContent> ParseClusterFile(absl::string_view text) {
  ClusterFileContent content;
  content.document = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!content.document.is_object()) return std::nullopt;
  const Json& root = content.document;
  content.cluster = Text(root, "cluster");
  content.control_grpc = Text(Member(root, "controlplane"), "grpc");
  content.dns_address = Text(Member(root, "dns"), "address");
  content.dns_grpc = Text(Member(root, "dns"), "grpc");
  content.supervisor_grpc = Text(Member(root, "supervisor"), "grpc");
  content.authority_file = Text(root, "caFile");
  content.peer_tls = root.value("peerTls", Json()) == Json(true);
  for (const Json& json : Member(root, "resources")) {
    ClusterFileContent::Resource resource{.name = Text(json, "name"),
                                          .group = Text(json, "resourceGroup"),
                                          .host_name = Text(json, "hostName"),
                                          .connection_string = Text(json, "connectionString"),
                                          .http_connection_string = Text(json, "httpConnectionString"),
                                          .instances = {}};
    for (const Json& instance : Member(json, "instances"))
      resource.instances.push_back(ReadInstance(instance));
    content.resources.push_back(std::move(resource));
  }
  return content;
}

std::optional<ClusterFileContent> ReadClusterFile(const std::string& dir) {
  std::ifstream in(ClusterFile(dir), std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return ParseClusterFile(text.str());
}

View ClusterView(const ClusterFileContent& cluster) {
  View view{.document = cluster.document,
            .table = {.columns = {"INSTANCE", "ROLE", "REGION", "HTTP", "PID", "HOST NAME"},
                      .rows = {},
                      .when_empty = ""},
            .text = "",
            .names = {}};
  for (const ClusterFileContent::Resource& resource : cluster.resources) {
    for (const ClusterFileContent::Instance& instance : resource.instances) {
      view.table.rows.push_back({Cell(instance.name), Cell(instance.role), Cell(instance.region),
                                 Cell(instance.http.empty() ? "-" : instance.http),
                                 Cell(instance.pid == 0 ? "-" : absl::StrCat(instance.pid)),
                                 Cell(instance.host_name)});
      view.names.push_back(instance.name);
    }
  }
  return view;
}

}  // namespace nonet::cli
