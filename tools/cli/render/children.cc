#include "tools/cli/render/children.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "controlplane/codec/state_name.h"
#include "controlplane/codec/writer.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

namespace arm = controlplane::arm;
using resource::v1::HubSettings;
using resource::v1::Operation;
using resource::v1::Resource;

std::vector<Cell> HubRow(const HubSettings& hub) {
  std::vector<std::string> handlers, listeners;
  for (const auto& handler : hub.event_handlers()) handlers.push_back(handler.url_template());
  for (const auto& listener : hub.event_listeners()) listeners.push_back(listener.event_hub_name());
  const auto list = [](const std::vector<std::string>& words) {
    return words.empty() ? std::string("-") : absl::StrJoin(words, ", ");
  };
  return {Cell(hub.hub()), Cell(hub.anonymous_connect_policy()),
          Cell(absl::StrCat(hub.websocket_keep_alive_interval_s(), " s")), Cell(list(handlers)),
          Cell(list(listeners))};
}

std::string StatusOf(const LinkAt& at) { return at.link.status().empty() ? "Pending" : at.link.status(); }

Tone ToneOf(const std::string& status) {
  return status == "Approved" ? Tone::kGood : status == "Rejected" ? Tone::kBad : Tone::kPlain;
}

// What the target is called in its ARM id.
std::string TargetName(const std::string& id) { return id.substr(id.rfind('/') + 1); }

std::string AboutWhat(const Operation& operation) {
  return operation.child().empty() ? operation.target()
                                   : absl::StrCat(operation.target(), "/", operation.child());
}

Json OperationDocument(const Operation& operation) {
  Json json = arm::OperationToJson(operation, operation.name(), controlplane::StateName(operation.state()));
  json["properties"]["target"] = AboutWhat(operation);
  json["properties"]["verb"] = operation.verb();
  if (operation.has_error()) {
    json["error"] = {{"code", operation.error().reason()}, {"message", operation.error().message()}};
  }
  for (const auto& warning : operation.warnings()) {
    json["properties"]["warnings"].push_back(WarningSentence(warning));
  }
  return json;
}

std::vector<Cell> OperationRow(const Operation& operation) {
  const std::string state(controlplane::StateName(operation.state()));
  const Tone tone = state == "Succeeded" ? Tone::kGood : state == "Failed" ? Tone::kBad : Tone::kPlain;
  return {Cell(operation.name()),
          Cell(AboutWhat(operation)),
          Cell(operation.verb()),
          Cell(state, tone),
          Cell(absl::StrCat(operation.percent_complete(), "%")),
          Cell(ClockText(operation.start_time())),
          Cell(operation.has_error() ? operation.error().message() : operation.progress(), Tone::kDim)};
}

}  // namespace

View HubList(const std::vector<HubSettings>& hubs, const Resource& parent) {
  View view{.document = Json::array(),
            .table = {.columns = {"HUB", "ANONYMOUS", "PING", "EVENT HANDLERS", "EVENT LISTENERS"},
                      .rows = {},
                      .when_empty = "no hub has settings of its own\n"},
            .text = "",
            .names = {}};
  for (const HubSettings& hub : hubs) {
    view.document.push_back(arm::HubToJson(hub, parent));
    view.table.rows.push_back(HubRow(hub));
    view.names.push_back(hub.hub());
  }
  return view;
}

View OneHub(const HubSettings& hub, const Resource& parent) {
  View view = HubList({hub}, parent);
  view.document = arm::HubToJson(hub, parent);
  return view;
}

View LinkList(const std::vector<LinkAt>& links, const Resource& parent) {
  View view{.document = Json::array(),
            .table = {.columns = {"LINK", "GROUP ID", "TARGET", "INSTANCE", "STATUS", "MESSAGE"},
                      .rows = {},
                      .when_empty = "no shared private links\n"},
            .text = "",
            .names = {}};
  for (const LinkAt& at : links) {
    view.document.push_back(arm::SharedPrivateLinkToJson(at.link, parent, at.replica));
    view.table.rows.push_back({Cell(at.link.name()), Cell(at.link.group_id()),
                               Cell(TargetName(at.link.private_link_resource_id())),
                               Cell(at.replica.empty() ? InstanceId(parent.name()) : at.replica),
                               Cell(StatusOf(at), ToneOf(StatusOf(at))), Cell(at.link.status_message())});
    view.names.push_back(at.link.name());
  }
  return view;
}

View OneLink(const LinkAt& link, const Resource& parent) {
  View view = LinkList({link}, parent);
  view.document = arm::SharedPrivateLinkToJson(link.link, parent, link.replica);
  return view;
}

View OperationList(const std::vector<Operation>& operations) {
  View view{.document = Json::array(),
            .table = {.columns = {"OPERATION", "TARGET", "VERB", "STATE", "DONE", "STARTED", ""},
                      .rows = {},
                      .when_empty = "no operations\n"},
            .text = "",
            .names = {}};
  for (const Operation& operation : operations) {
    view.document.push_back(OperationDocument(operation));
    view.table.rows.push_back(OperationRow(operation));
    view.names.push_back(operation.name());
  }
  return view;
}

View OneOperation(const Operation& operation) {
  View view = OperationList({operation});
  view.document = OperationDocument(operation);
  return view;
}

std::string WarningSentence(const resource::v1::Warning& warning) {
  if (warning.next_step().empty()) return warning.message();
  return absl::StrCat(warning.message(), " / try: ", warning.next_step());
}

}  // namespace nonet::cli
