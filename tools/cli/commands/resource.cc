#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/fields.h"
#include "tools/cli/commands/objects.h"
#include "tools/cli/render/arm.h"

namespace nonet::cli {
namespace {

using resource::v1::Resource;

absl::StatusOr<Resource> Create(ControlClient& control, const ObjectOptions& options) {
  resource::v1::CreateResourceRequest request;
  request.set_resource_id(options.name);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  Resource& resource = *request.mutable_resource();
  resource.set_location(options.location);
  resource.set_resource_group(options.group);
  google::protobuf::FieldMask everything;
  RETURN_IF_ERROR(ApplyFields(options, resource, everything));
  return control.Create(request);
}

absl::StatusOr<Resource> Update(ControlClient& control, const Resource& current,
                                const ObjectOptions& options) {
  resource::v1::UpdateResourceRequest request;
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  Resource& resource = *request.mutable_resource();
  // A part of a field is changed on what was read, and only if nobody else changed it since.
  if (NeedsCurrent(options)) {
    resource = current;
    // Children have calls of their own.
    resource.clear_shared_private_links();
    resource.clear_private_endpoint_connections();
    resource.clear_custom_certificates();
    resource.clear_custom_domains();
  }
  resource.set_name(current.name());
  resource.set_etag(!options.change.etag.empty() ? options.change.etag
                    : NeedsCurrent(options)      ? current.etag()
                                                 : "");
  RETURN_IF_ERROR(ApplyFields(options, resource, *request.mutable_update_mask()));
  return control.Update(request);
}

template <typename Request>
Request About(const Resource& resource, const ObjectOptions& options) {
  Request request;
  request.set_name(resource.name());
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  return request;
}

// enable, disable, start and stop are updates of one field, as in Azure.
ObjectOptions WithField(ObjectOptions options) {
  switch (options.verb) {
    case ObjectVerb::kEnable:
    case ObjectVerb::kDisable:
      options.region_endpoint_enabled = options.verb == ObjectVerb::kEnable;
      break;
    case ObjectVerb::kStart:
    case ObjectVerb::kStop:
      options.set.emplace_back("resource_stopped", options.verb == ObjectVerb::kStop ? "true" : "false");
      break;
    default:
      break;
  }
  return options;
}

absl::StatusOr<Resource> Change(ControlClient& control, const ObjectOptions& options) {
  if (options.verb == ObjectVerb::kCreate) return Create(control, options);
  ASSIGN_OR_RETURN(const Resource current, FindResource(control, options.name, options.group));
  if (options.verb == ObjectVerb::kDelete) {
    auto request = About<resource::v1::DeleteResourceRequest>(current, options);
    request.set_etag(options.change.etag);
    return control.Delete(request);
  }
  if (options.verb == ObjectVerb::kRestart) {
    return control.Restart(About<resource::v1::RestartResourceRequest>(current, options));
  }
  return Update(control, current, WithField(options));
}

absl::Status List(const Context& context, ControlClient& control, const ObjectOptions& options) {
  ASSIGN_OR_RETURN(std::vector<Resource> resources, AllResources(control, options.group));
  std::erase_if(resources, [&](const Resource& resource) {
    return !options.name.empty() && InstanceId(resource.name()) != options.name;
  });
  View view = ResourceList(resources);
  view.table.when_empty = "no resources\n";
  Print(context, view);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunResource(const Context& context, ControlClient& control, const ObjectOptions& options) {
  if (options.verb == ObjectVerb::kList) return List(context, control, options);
  if (options.verb == ObjectVerb::kShow) {
    ASSIGN_OR_RETURN(const Resource resource, FindResource(control, options.name, options.group));
    if (options.effective) return ShowEffective(context, control, resource.name());
    Print(context, OneResource(resource));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Resource changed, Change(control, options));
  const std::string id = InstanceId(changed.name());
  SayWarnings(context, changed);
  if (options.change.dry_run) {
    Say(context, "dry run: nothing was changed");
    Print(context, OneResource(changed));
    return absl::OkStatus();
  }
  if (options.change.no_wait) {
    ASSIGN_OR_RETURN(const bool shown, ShowOperations(context, control, {changed.operation()}));
    if (shown) return absl::OkStatus();
  } else {
    SayProgress(context, absl::StrCat("waiting until ", id, " is so everywhere"));
    RETURN_IF_ERROR(
        AwaitConvergence(context, control, {{changed.name(), changed.etag()}}, options.change.timeout_ns));
    if (options.verb == ObjectVerb::kDelete) {
      Say(context, absl::StrCat("deleted resource ", id));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(changed, FindResource(control, id, ""));
  }
  Print(context, OneResource(changed));
  return absl::OkStatus();
}

}  // namespace nonet::cli
