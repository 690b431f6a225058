#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/objects.h"
#include "tools/cli/render/arm.h"

namespace nonet::cli {
namespace {

using resource::v1::AccessKeys;
using resource::v1::Resource;

// DNS carries no port, so the URL has to.
std::string EndpointUrl(const Resource& resource) {
  const resource::v1::Endpoint& endpoint = resource.instance().endpoint();
  if (endpoint.https_port() != 0)
    return absl::StrCat("https://", resource.host_name(), ":", endpoint.https_port());
  if (endpoint.http_port() != 0)
    return absl::StrCat("http://", resource.host_name(), ":", endpoint.http_port());
  return absl::StrCat("http://", resource.host_name());
}

}  // namespace

absl::Status RunKey(const Context& context, ControlClient& control, const KeyOptions& options) {
  ASSIGN_OR_RETURN(const Resource resource, FindResource(control, options.name, options.group));
  const std::string name = KeysName(InstanceId(resource.name()));
  if (!options.regenerate) {
    resource::v1::GetAccessKeysRequest request;
    request.set_name(name);
    request.set_resource_group(options.group);
    ASSIGN_OR_RETURN(const AccessKeys keys, control.Get(request));
    Print(context, Keys(keys, EndpointUrl(resource)));
    return absl::OkStatus();
  }
  resource::v1::RegenerateAccessKeyRequest request;
  request.set_name(name);
  request.set_key_type(options.secondary ? resource::v1::KEY_TYPE_SECONDARY : resource::v1::KEY_TYPE_PRIMARY);
  request.set_request_id(RequestId());
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  ASSIGN_OR_RETURN(const AccessKeys keys, control.Regenerate(request));
  if (options.change.dry_run) {
    Say(context, "dry run: nothing was changed");
  } else if (!options.change.no_wait) {
    // Keys are none of the resolver's business, so it is not missed here.
    RETURN_IF_ERROR(AwaitEverybody(control, {{name, keys.etag()}}, options.change.timeout_ns).status());
  }
  Print(context, Keys(keys, EndpointUrl(resource)));
  return absl::OkStatus();
}

}  // namespace nonet::cli
