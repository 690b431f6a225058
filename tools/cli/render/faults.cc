#include "tools/cli/render/faults.h"

#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

using fault::v1::Fault;

const char* Mode(const Fault& fault) {
  return fault.region_down().mode() == fault::v1::REGION_DOWN_MODE_HANG ? "hang" : "refuse";
}

const char* LinkKind(const fault::v1::LinkFaultView& link) {
  switch (link.kind()) {
    case fault::v1::LINK_FAULT_KIND_PARTITION:
      return "partition";
    case fault::v1::LINK_FAULT_KIND_LATENCY:
      return "latency";
    case fault::v1::LINK_FAULT_KIND_LOSS:
      return "loss";
    case fault::v1::LINK_FAULT_KIND_DUPLICATE:
      return "duplicate";
    case fault::v1::LINK_FAULT_KIND_REORDER:
      return "reorder";
    case fault::v1::LINK_FAULT_KIND_BANDWIDTH:
      return "bandwidth";
    default:
      return "unknown";
  }
}

double Percent(const fault::v1::LinkFaultView& link) { return static_cast<double>(link.amount()) / 10'000; }
double Milliseconds(const fault::v1::LinkFaultView& link) {
  return static_cast<double>(link.amount()) / kNanosPerMilli;
}

std::string LinkSentence(const fault::v1::LinkFaultView& link) {
  const std::string where = link.one_way() ? absl::StrCat("from ", link.a(), " to ", link.b())
                                           : absl::StrCat("between ", link.a(), " and ", link.b());
  switch (link.kind()) {
    case fault::v1::LINK_FAULT_KIND_PARTITION:
      return absl::StrCat("nothing gets through ", where);
    case fault::v1::LINK_FAULT_KIND_LATENCY:
      return absl::StrCat(Milliseconds(link), " ms more round trip ", where);
    case fault::v1::LINK_FAULT_KIND_LOSS:
      return absl::StrCat(Percent(link), "% of packets are lost ", where);
    case fault::v1::LINK_FAULT_KIND_DUPLICATE:
      return absl::StrCat(Percent(link), "% of batches come twice ", where);
    case fault::v1::LINK_FAULT_KIND_REORDER:
      return absl::StrCat(Percent(link), "% of batches come late ", where);
    case fault::v1::LINK_FAULT_KIND_BANDWIDTH:
      return absl::StrCat("at most ", link.amount() * 8 / 1000, " kbit/s ", where);
    default:
      return where;
  }
}

std::string Kind(const Fault& fault) {
  switch (fault.of_case()) {
    case Fault::kRegionDown:
      return "region-down";
    case Fault::kPausedProcess:
      return "pause";
    case Fault::kHeldProcess:
    case Fault::kKilledProcess:
      return "kill";
    case Fault::kLink:
      return LinkKind(fault.link());
    case Fault::OF_NOT_SET:
      return "unknown";
  }
  return "unknown";
}

}  // namespace

Json FaultJson(const Fault& fault) {
  Json json = {{"name", fault.name()}, {"kind", Kind(fault)}};
  switch (fault.of_case()) {
    case Fault::kRegionDown:
      json["region"] = fault.region_down().region();
      json["mode"] = Mode(fault);
      break;
    case Fault::kPausedProcess:
      json["process"] = fault.paused_process();
      break;
    case Fault::kHeldProcess:
      json["process"] = fault.held_process();
      json["hold"] = true;
      break;
    case Fault::kKilledProcess:
      json["process"] = fault.killed_process();
      json["hold"] = false;
      break;
    case Fault::kLink:
      json["a"] = fault.link().a();
      json["b"] = fault.link().b();
      json["oneWay"] = fault.link().one_way();
      if (fault.link().kind() == fault::v1::LINK_FAULT_KIND_LATENCY) {
        json["roundTripMs"] = Milliseconds(fault.link());
      } else if (fault.link().kind() == fault::v1::LINK_FAULT_KIND_BANDWIDTH) {
        json["bytesPerSecond"] = fault.link().amount();
      } else if (fault.link().kind() != fault::v1::LINK_FAULT_KIND_PARTITION) {
        json["percent"] = Percent(fault.link());
      }
      break;
    case Fault::OF_NOT_SET:
      break;
  }
  json["startTime"] = TimeText(fault.start_time());
  return json;
}

std::string FaultSentence(const Fault& fault) {
  switch (fault.of_case()) {
    case Fault::kRegionDown:
      return absl::StrCat("region ", fault.region_down().region(), " is down (", Mode(fault), ")");
    case Fault::kPausedProcess:
      return absl::StrCat(fault.paused_process(), " is paused");
    case Fault::kHeldProcess:
      return absl::StrCat(fault.held_process(), " is killed and held down");
    case Fault::kKilledProcess:
      return absl::StrCat(fault.killed_process(), " was killed");
    case Fault::kLink:
      return LinkSentence(fault.link());
    case Fault::OF_NOT_SET:
      break;
  }
  return fault.name();
}

View FaultList(const std::vector<Fault>& faults) {
  View view{.document = Json::array(),
            .table = {.columns = {"FAULT", "WHAT", "SINCE"}, .rows = {}, .when_empty = "no faults\n"},
            .text = "",
            .names = {}};
  for (const Fault& fault : faults) {
    view.document.push_back(FaultJson(fault));
    view.table.rows.push_back(
        {Cell(fault.name()), Cell(FaultSentence(fault)), Cell(ClockText(fault.start_time()))});
    view.names.push_back(fault.name());
  }
  return view;
}

View OneFault(const Fault& fault) {
  View view = FaultList({fault});
  view.document = FaultJson(fault);
  return view;
}

}  // namespace nonet::cli
