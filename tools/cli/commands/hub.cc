#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/children.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/children.h"

namespace nonet::cli {
namespace {

using resource::v1::HubSettings;
using resource::v1::Resource;

resource::v1::EventHandler HandlerOf(const Pairs& pairs) {
  resource::v1::EventHandler handler;
  for (const auto& [key, value] : pairs) {
    if (key == "url-template") handler.set_url_template(value);
    if (key == "user-event-pattern") handler.set_user_event_pattern(value);
    if (key == "auth-type") handler.mutable_auth()->set_type(value);
    if (key == "auth-resource") handler.mutable_auth()->set_managed_identity_resource(value);
    if (key != "system-event") continue;
    for (const absl::string_view event : absl::StrSplit(value, ','))
      handler.add_system_events(std::string(event));
  }
  return handler;
}

resource::v1::EventListener ListenerOf(const Pairs& pairs) {
  resource::v1::EventListener listener;
  for (const auto& [key, value] : pairs) {
    if (key == "fully-qualified-namespace") listener.set_fully_qualified_namespace(value);
    if (key == "event-hub-name") listener.set_event_hub_name(value);
    if (key == "user-event-pattern") listener.set_user_event_pattern(value);
    if (key != "system-event") continue;
    for (const absl::string_view event : absl::StrSplit(value, ','))
      listener.add_system_events(std::string(event));
  }
  return listener;
}

void ApplyHub(const HubOptions& options, HubSettings& hub) {
  if (options.allow_anonymous) hub.set_anonymous_connect_policy(*options.allow_anonymous ? "allow" : "deny");
  if (options.keep_alive_s) hub.set_websocket_keep_alive_interval_s(*options.keep_alive_s);
  if (options.event_handlers) {
    hub.clear_event_handlers();
    for (const Pairs& pairs : *options.event_handlers) *hub.add_event_handlers() = HandlerOf(pairs);
  }
  if (options.event_listeners) {
    hub.clear_event_listeners();
    for (const Pairs& pairs : *options.event_listeners) *hub.add_event_listeners() = ListenerOf(pairs);
  }
}

absl::StatusOr<HubSettings> GetHub(ChildClient& children, const Resource& parent, const std::string& name) {
  resource::v1::GetHubRequest request;
  request.set_parent(parent.name());
  request.set_name(name);
  return children.Get(request);
}

absl::StatusOr<HubSettings> PutHub(ChildClient& children, const Resource& parent, const HubOptions& options) {
  resource::v1::CreateOrUpdateHubRequest request;
  request.set_parent(parent.name());
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  HubSettings& hub = *request.mutable_hub();
  // An update changes a part of what was read, and only if nobody else changed it since; a creation must be
  // one.
  if (options.verb == ChildVerb::kUpdate) {
    ASSIGN_OR_RETURN(hub, GetHub(children, parent, options.hub));
  } else {
    hub.set_hub(options.hub);
    hub.set_etag("0");
  }
  if (!options.change.etag.empty()) hub.set_etag(options.change.etag);
  ApplyHub(options, hub);
  return children.Put(request);
}

absl::Status ListHubs(const Context& context, ChildClient& children, const Resource& parent) {
  resource::v1::ListHubsRequest request;
  request.set_parent(parent.name());
  std::vector<HubSettings> hubs;
  do {
    ASSIGN_OR_RETURN(const resource::v1::ListHubsResponse page, children.List(request));
    hubs.insert(hubs.end(), page.hubs().begin(), page.hubs().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  Print(context, HubList(hubs, parent));
  return absl::OkStatus();
}

absl::Status DeleteHub(const Context& context, ControlClient& control, ChildClient& children,
                       const Resource& parent, const HubOptions& options) {
  resource::v1::DeleteHubRequest request;
  request.set_parent(parent.name());
  request.set_name(options.hub);
  request.set_etag(options.change.etag);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  ASSIGN_OR_RETURN(const Resource changed, children.Delete(request));
  ASSIGN_OR_RETURN(const bool finished, FinishChild(context, control, options.change, changed.operation(),
                                                    {changed.name(), changed.etag()}));
  if (finished) Say(context, absl::StrCat("deleted the settings of hub ", options.hub));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunHub(const Context& context, ControlClient& control, ChildClient& children,
                    const HubOptions& options) {
  ASSIGN_OR_RETURN(const Resource parent, FindResource(control, options.name, options.group));
  if (options.verb == ChildVerb::kList) return ListHubs(context, children, parent);
  if (options.verb == ChildVerb::kDelete) return DeleteHub(context, control, children, parent, options);
  if (options.verb == ChildVerb::kShow) {
    ASSIGN_OR_RETURN(const HubSettings hub, GetHub(children, parent, options.hub));
    Print(context, OneHub(hub, parent));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const HubSettings hub, PutHub(children, parent, options));
  ASSIGN_OR_RETURN(const bool finished, FinishChild(context, control, options.change, hub.operation(),
                                                    {parent.name(), hub.etag()}));
  if (finished || options.change.dry_run) Print(context, OneHub(hub, parent));
  return absl::OkStatus();
}

}  // namespace nonet::cli
