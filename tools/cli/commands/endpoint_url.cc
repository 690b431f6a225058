#include "tools/cli/commands/endpoint_url.h"

#include "absl/strings/str_cat.h"

namespace nonet::cli {

std::string EndpointUrl(const resource::v1::Resource& resource) {
  const resource::v1::Endpoint& endpoint = resource.instance().endpoint();
  if (endpoint.https_port() != 0)
    return absl::StrCat("https://", resource.host_name(), ":", endpoint.https_port());
  if (endpoint.http_port() != 0)
    return absl::StrCat("http://", resource.host_name(), ":", endpoint.http_port());
  return absl::StrCat("http://", resource.host_name());
}

}  // namespace nonet::cli
