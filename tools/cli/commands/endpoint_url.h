// Where a resource's clients connect to, with the port that DNS does not carry. Pure; thread-safe.
#pragma once

#include <string>

#include "nonet/resource/v1/resource.pb.h"

namespace nonet::cli {

// "https://contoso.webpubsub.azure.com:8443"; http where the instance has no TLS port.
std::string EndpointUrl(const resource::v1::Resource& resource);

}  // namespace nonet::cli
