#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/endpoint_url.h"
#include "tools/cli/commands/objects.h"
#include "tools/cli/render/arm.h"

namespace nonet::cli {
namespace {

using resource::v1::AccessKeys;
using resource::v1::Resource;

resource::v1::KeyType TypeOf(KeyChoice choice) {
  if (choice == KeyChoice::kPrimary) return resource::v1::KEY_TYPE_PRIMARY;
  return choice == KeyChoice::kSecondary ? resource::v1::KEY_TYPE_SECONDARY : resource::v1::KEY_TYPE_SALT;
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
  request.set_key_type(TypeOf(options.choice));
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  ASSIGN_OR_RETURN(const AccessKeys keys, control.Regenerate(request));
  if (options.change.dry_run) {
    Say(context, "dry run: nothing was changed");
  } else if (options.change.no_wait) {
    ASSIGN_OR_RETURN(const bool shown, ShowOperations(context, control, {keys.operation()}));
    if (shown) return absl::OkStatus();
  } else {
    // Keys are none of the resolver's business, so it is not missed here.
    RETURN_IF_ERROR(AwaitEverybody(control, {{name, keys.etag()}}, options.change.timeout_ns).status());
  }
  Print(context, Keys(keys, EndpointUrl(resource)));
  return absl::OkStatus();
}

}  // namespace nonet::cli
