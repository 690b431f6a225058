#include "tools/cli/commands/endpoint_url.h"

#include "controlplane/codec/writer.h"

namespace nonet::cli {

std::string EndpointUrl(const resource::v1::Resource& resource) {
  return controlplane::arm::EndpointUrl(resource);
}

}  // namespace nonet::cli
