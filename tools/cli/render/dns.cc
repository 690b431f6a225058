#include "tools/cli/render/dns.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "tools/cli/render/answer.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

constexpr int kRegionsShown = 4;

Json Strings(const google::protobuf::RepeatedPtrField<std::string>& strings) {
  Json list = Json::array();
  for (const std::string& text : strings) list.push_back(text);
  return list;
}

std::string VerdictText(const steering::v1::VerdictChange& verdict) {
  std::string text =
      absl::StrCat(InstanceId(verdict.name()), " ", verdict.from().empty() ? "new" : verdict.from(), " -> ",
                   verdict.to().empty() ? "gone" : verdict.to());
  if (!verdict.detail().empty()) absl::StrAppend(&text, " (", verdict.detail(), ")");
  return text;
}

std::string WhatChanged(const steering::v1::PastTable& table) {
  std::vector<std::string> parts;
  for (const steering::v1::VerdictChange& verdict : table.verdicts()) parts.push_back(VerdictText(verdict));
  std::vector<std::string> objects;
  for (const std::string& object : table.objects()) {
    const bool gone = !object.empty() && object[0] == '-';
    objects.push_back(absl::StrCat(gone ? "-" : "", InstanceId(gone ? object.substr(1) : object)));
  }
  if (!objects.empty()) parts.push_back(absl::StrCat("configuration of ", absl::StrJoin(objects, ", ")));
  return absl::StrJoin(parts, "; ");
}

std::string Some(const google::protobuf::RepeatedPtrField<std::string>& all) {
  std::string text;
  for (int i = 0; i < std::min(all.size(), kRegionsShown); ++i)
    absl::StrAppend(&text, i == 0 ? "" : ", ", all[i]);
  if (all.size() > kRegionsShown) absl::StrAppend(&text, " and ", all.size() - kRegionsShown, " more");
  return text;
}

// "2 good, 1 bad"; empty while none has a verdict.
std::string Vantages(const steering::v1::EndpointStatus& endpoint) {
  const uint32_t good = endpoint.vantages_good(), bad = endpoint.vantages_bad();
  if (good + bad == 0) return "";
  return bad == 0 ? absl::StrCat(good, " good") : absl::StrCat(good, " good, ", bad, " bad");
}

}  // namespace

View TableHistory(const steering::v1::ListTablesResponse& tables) {
  View view;
  view.document = Json::array();
  view.table = {.columns = {"TABLE", "TIME", "CAUSE", "REVISION", "TTL", "WHAT CHANGED"},
                .rows = {},
                .when_empty = "No table took effect in that time.\n"};
  for (const steering::v1::PastTable& table : tables.tables()) {
    Json verdicts = Json::array();
    for (const steering::v1::VerdictChange& verdict : table.verdicts()) {
      verdicts.push_back({{"name", verdict.name()},
                          {"from", verdict.from()},
                          {"to", verdict.to()},
                          {"detail", verdict.detail()}});
    }
    view.document.push_back({{"number", table.number()},
                             {"time", TimeText(table.time())},
                             {"cause", table.cause()},
                             {"revision", table.revision()},
                             {"ttlSeconds", table.ttl_s()},
                             {"verdicts", std::move(verdicts)},
                             {"objects", Strings(table.objects())}});
    view.table.rows.push_back({absl::StrCat(table.number()), ClockText(table.time()), table.cause(),
                               absl::StrCat(table.revision()), absl::StrCat(table.ttl_s(), "s"),
                               WhatChanged(table)});
    view.names.push_back(absl::StrCat(table.number()));
  }
  return view;
}

View TableChanges(const steering::v1::DiffTablesResponse& diff, absl::string_view a, absl::string_view b) {
  View view;
  Json changes = Json::array();
  view.table = {.columns = {"RESOURCE", "CLIENTS IN", "FROM", "TO"},
                .rows = {},
                .when_empty = absl::StrCat("Every answer is the same in ", a, " and ", b, ".\n")};
  for (const steering::v1::AnswerChange& change : diff.changes()) {
    changes.push_back({{"resource", change.resource()},
                       {"from", change.from()},
                       {"to", change.to()},
                       {"regions", Strings(change.regions())},
                       {"prefixes", Strings(change.prefixes())}});
    view.table.rows.push_back({InstanceId(change.resource()), Some(change.regions()),
                               ShortHost(change.from()), ShortHost(change.to())});
    for (const std::string& region : change.regions()) {
      view.names.push_back(absl::StrCat(InstanceId(change.resource()), "/", region));
    }
  }
  view.document = {{"a", diff.a()},
                   {"b", diff.b()},
                   {"compared", diff.compared()},
                   {"truncated", diff.truncated()},
                   {"changes", std::move(changes)}};
  return view;
}

View DnsEndpoints(const steering::v1::ListEndpointsResponse& endpoints) {
  View view;
  view.document = Json::array();
  view.table = {
      .columns = {"INSTANCE", "REGION", "STATUS", "FAILURES", "FLAPS", "VANTAGES", "LAST PROBE", "SINCE"},
      .rows = {},
      .when_empty = "The resolver knows no endpoints.\n"};
  for (const steering::v1::EndpointStatus& endpoint : endpoints.endpoints()) {
    const bool good = endpoint.monitor_status() == "Online" || endpoint.monitor_status() == "Unmonitored";
    const Tone tone = good                                      ? Tone::kGood
                      : endpoint.monitor_status() == "Degraded" ? Tone::kBad
                                                                : Tone::kPlain;
    view.document.push_back({{"name", endpoint.name()},
                             {"hostName", endpoint.host_name()},
                             {"address", endpoint.address()},
                             {"region", endpoint.region()},
                             {"monitorStatus", endpoint.monitor_status()},
                             {"consecutiveFailures", endpoint.consecutive_failures()},
                             {"flaps", endpoint.flaps()},
                             {"vantagesGood", endpoint.vantages_good()},
                             {"vantagesBad", endpoint.vantages_bad()},
                             {"lastProbe", endpoint.last_probe()},
                             {"lastChangeTime", TimeText(endpoint.last_change_time())}});
    view.table.rows.push_back(
        {InstanceId(endpoint.name()), endpoint.region(), Cell(endpoint.monitor_status(), tone),
         absl::StrCat(endpoint.consecutive_failures()), absl::StrCat(endpoint.flaps()), Vantages(endpoint),
         Printable(endpoint.last_probe()),
         endpoint.has_last_change_time() ? ClockText(endpoint.last_change_time()) : ""});
    view.names.push_back(endpoint.host_name());
  }
  return view;
}

}  // namespace nonet::cli
