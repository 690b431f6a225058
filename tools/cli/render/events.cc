#include "tools/cli/render/events.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/names.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

constexpr size_t kWhoColumns = 22;

Json Head(const google::protobuf::Timestamp& time, const char* source, const std::string& kind) {
  return {{"time", TimeText(time)}, {"source", source}, {"kind", kind}};
}

void Subject(EventView& view, const std::string& object) {
  view.document["name"] = InstanceId(object);
  view.document["object"] = object;
  view.who = absl::StrCat("endpoint ", InstanceId(object));
}

void ReadProbe(EventView& view, const steering::v1::SteeringEvent::Probe& probe) {
  Subject(view, probe.name());
  view.document["success"] = probe.success();
  view.document["detail"] = probe.detail();
  view.document["consecutiveFailures"] = probe.consecutive_failures();
  if (probe.success()) {
    view.what = absl::StrCat("probe ok: ", probe.detail());
    view.tone = Tone::kDim;
    return;
  }
  view.what = absl::StrCat("probe failed (", probe.consecutive_failures(), " in a row): ", probe.detail());
  view.tone = Tone::kBad;
}

void ReadVerdict(EventView& view, const steering::v1::SteeringEvent::Verdict& verdict) {
  Subject(view, verdict.name());
  view.document["from"] = verdict.from();
  view.document["to"] = verdict.to();
  // An endpoint that is new has no verdict before, one that was deleted none after.
  const std::string to = verdict.to().empty() ? "gone" : verdict.to();
  view.what = verdict.from().empty() ? to : absl::StrCat(verdict.from(), " -> ", to);
  view.tone = verdict.to() == "Online" ? Tone::kGood : verdict.to() == "Degraded" ? Tone::kBad : Tone::kPlain;
}

void ReadTable(EventView& view, const steering::v1::SteeringEvent::Table& table) {
  view.document["number"] = table.number();
  view.document["revision"] = table.revision();
  view.document["cause"] = table.cause();
  view.who = "answers";
  view.what = absl::StrCat("table ", table.number(), " in force (", table.cause(), ", revision ",
                           table.revision(), ")");
}

}  // namespace

EventView FromSteering(const steering::v1::SteeringEvent& event) {
  EventView view;
  view.time_ns = UnixNs(event.time());
  view.clock = ClockText(event.time());
  switch (event.of_case()) {
    case steering::v1::SteeringEvent::kProbe:
      view.document = Head(event.time(), "dnsresolver", "probe");
      ReadProbe(view, event.probe());
      break;
    case steering::v1::SteeringEvent::kVerdict:
      view.document = Head(event.time(), "dnsresolver", "verdict");
      ReadVerdict(view, event.verdict());
      break;
    case steering::v1::SteeringEvent::kTable:
      view.document = Head(event.time(), "dnsresolver", "table");
      ReadTable(view, event.table());
      break;
    case steering::v1::SteeringEvent::OF_NOT_SET:
      view.document = Head(event.time(), "dnsresolver", "unknown");
      view.who = "dnsresolver";
      view.what = "an event this version does not know";
      break;
  }
  return view;
}

EventView FromProcess(const supervisor::v1::ProcessEvent& event) {
  EventView view;
  view.time_ns = UnixNs(event.time());
  view.clock = ClockText(event.time());
  view.document = Head(event.time(), "supervisor", absl::StrReplaceAll(event.what(), {{" ", "-"}}));
  view.document["name"] = event.name();
  view.document["detail"] = event.detail();
  view.who = absl::StartsWith(event.what(), "fault") ? "fault" : absl::StrCat("process ", event.name());
  view.what = absl::StartsWith(event.what(), "fault")
                  ? absl::StrCat(event.name(), " ", event.what().substr(6))
                  : event.what();
  if (!event.detail().empty()) absl::StrAppend(&view.what, ": ", event.detail());
  view.tone = event.what() == "ready"                                   ? Tone::kGood
              : event.what() == "exited" || event.what() == "fault set" ? Tone::kBad
                                                                        : Tone::kPlain;
  return view;
}

std::string RenderEvent(const EventView& event, Format format, const Style& style) {
  if (format == Format::kJson) {
    return event.document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  if (format == Format::kYaml) return absl::StrCat("---\n", ToYaml(event.document));
  std::string who = Printable(event.who);
  if (who.size() < kWhoColumns) who.resize(kWhoColumns, ' ');
  return absl::StrCat(Paint(event.clock, Tone::kDim, style), "  ", who, "  ",
                      Paint(Printable(event.what), event.tone, style), "\n");
}

}  // namespace nonet::cli
