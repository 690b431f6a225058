#include "dnsresolver/core/hypothesis.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/explain.h"

namespace nonet::dns {
namespace {

constexpr size_t kSubjectsNamedMax = 12;  // In an error.

bool IsProbed(MonitorStatus status) {
  return status == MonitorStatus::kOnline || status == MonitorStatus::kDegraded ||
         status == MonitorStatus::kCheckingEndpoint;
}

bool Matches(const Endpoint& endpoint, absl::string_view subject) {
  return subject == Regions()[static_cast<size_t>(endpoint.region)].name ||
         subject == InstanceId(endpoint.name) || subject == endpoint.name || subject == endpoint.host_name;
}

// nullopt: leave it as it is.
std::optional<MonitorStatus> Supposed(absl::string_view status, MonitorStatus now) {
  if (status == "down") return IsProbed(now) ? std::optional(MonitorStatus::kDegraded) : std::nullopt;
  if (status == "up") return IsProbed(now) ? std::optional(MonitorStatus::kOnline) : std::nullopt;
  return ParseMonitorStatus(status);
}

std::string KnownSubjects(const Topology& topology) {
  std::set<std::string> known;
  for (const ResourceTopology& resource : topology.resources) {
    for (const Endpoint& endpoint : resource.endpoints) known.emplace(InstanceId(endpoint.name));
    if (known.size() > kSubjectsNamedMax) break;
  }
  return known.empty() ? std::string("there are no instances")
                       : absl::StrCat("one of ", absl::StrJoin(known, ", "), ", or a region");
}

absl::Status Override(const Topology& topology, const Hypothesis::Health& supposed, Health& health) {
  if (supposed.status != "down" && supposed.status != "up" && !ParseMonitorStatus(supposed.status)) {
    return errors::SupposedHealthInvalid(supposed.subject,
                                         absl::StrCat("'", supposed.status, "' is no state of health"),
                                         "down, up, Online, Degraded, CheckingEndpoint, Disabled or Stopped");
  }
  bool found = false;
  for (size_t i = 0; i < topology.resources.size(); ++i) {
    for (size_t j = 0; j < topology.resources[i].endpoints.size(); ++j) {
      if (!Matches(topology.resources[i].endpoints[j], supposed.subject)) continue;
      found = true;
      health[i][j] = Supposed(supposed.status, health[i][j]).value_or(health[i][j]);
    }
  }
  if (found || topology.resources.empty()) return absl::OkStatus();
  return errors::SupposedHealthInvalid(supposed.subject, "no instance is called so or is there",
                                       KnownSubjects(topology));
}

// Those that the name is about; all when it is empty.
absl::StatusOr<std::pair<Topology, Health>> Part(const AnswerTable& table, absl::string_view name) {
  const Topology& all = table.plan().topology();
  if (name.empty()) return std::make_pair(all, table.health());
  absl::StatusOr<Name> parsed = NameInZone(table.plan().settings(), name);
  if (!parsed.ok()) return parsed.status();
  Topology topology;
  topology.revision = all.revision;
  topology.known = all.known;
  Health health;
  const AnswerPlan::Entry* entry = table.plan().Find(parsed->key());
  using Kind = AnswerPlan::Kind;
  if (entry != nullptr &&
      (entry->kind == Kind::kResource || entry->kind == Kind::kInstance || entry->kind == Kind::kAlias)) {
    topology.resources.push_back(all.resources[entry->resource]);
    health.push_back(table.health()[entry->resource]);
  }
  return std::make_pair(std::move(topology), std::move(health));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const AnswerTable>> Suppose(const AnswerTable& table,
                                                           const Hypothesis& hypothesis,
                                                           absl::string_view name) {
  absl::StatusOr<std::pair<Topology, Health>> part = Part(table, name);
  if (!part.ok()) return part.status();
  auto& [topology, health] = *part;
  for (const Hypothesis::Health& supposed : hypothesis.health) {
    if (absl::Status status = Override(topology, supposed, health); !status.ok()) return status;
  }
  for (ResourceTopology& resource : topology.resources) {
    if (hypothesis.round_trips != nullptr) resource.round_trips = hypothesis.round_trips;
  }
  AnswerSettings settings = table.plan().settings();
  settings.ttl_s = hypothesis.ttl_s.value_or(settings.ttl_s);
  // The same prefixes, kept alive by the plan that has them.
  const std::shared_ptr<const PrefixTable> prefixes(table.shared_plan(), &table.plan().prefixes());
  auto plan = std::make_shared<const AnswerPlan>(std::move(settings), std::move(topology), prefixes);
  return std::make_shared<const AnswerTable>(std::move(plan), std::move(health));
}

std::string HypothesisSentence(const Hypothesis& hypothesis) {
  std::vector<std::string> parts;
  for (const Hypothesis::Health& health : hypothesis.health) {
    parts.push_back(absl::StrCat(health.subject, " is ", health.status));
  }
  if (hypothesis.ttl_s.has_value()) parts.push_back(absl::StrCat("the TTL is ", *hypothesis.ttl_s, " s"));
  if (hypothesis.round_trips != nullptr) {
    const std::string& label = hypothesis.round_trips->label();
    parts.push_back(
        absl::StrCat("the round trips are ", label.empty() ? "others" : absl::StrCat("those of ", label)));
  }
  if (parts.empty()) return "";
  const std::string last = parts.back();
  parts.pop_back();
  return absl::StrCat("Suppose that ", parts.empty() ? "" : absl::StrCat(absl::StrJoin(parts, ", "), " and "),
                      last, ".");
}

}  // namespace nonet::dns
