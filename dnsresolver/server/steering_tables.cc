#include "dnsresolver/server/steering_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/server/config.h"

namespace nonet::dns {
namespace {

namespace v1 = steering::v1;

// The table that the past's objects and verdicts make, with today's settings but for the TTL.
std::shared_ptr<const AnswerTable> Rebuild(const HistoryState& state, const AnswerTable& now) {
  AnswerSettings settings = now.plan().settings();
  settings.ttl_s = state.ttl_s;
  WatchClient::Objects objects;
  for (const auto& [name, bytes] : state.objects) {
    watch::v1::Event event;
    if (event.ParseFromString(bytes) && ValidateObject(event, settings.zone, nullptr).ok()) {
      objects.emplace(name, std::move(event));
    }
  }
  Topology topology = BuildTopology(objects, state.revision);
  Health health;
  for (const ResourceTopology& resource : topology.resources) {
    std::vector<MonitorStatus>& statuses = health.emplace_back();
    for (const Endpoint& endpoint : resource.endpoints) {
      const auto it = state.verdicts.find(endpoint.name);
      const auto status = it == state.verdicts.end() ? std::nullopt : ParseMonitorStatus(it->second.status);
      statuses.push_back(status.value_or(MonitorStatus::kInactive));
    }
  }
  // The same prefixes, kept alive by the plan that has them.
  const std::shared_ptr<const PrefixTable> prefixes(now.shared_plan(), &now.plan().prefixes());
  auto plan = std::make_shared<const AnswerPlan>(std::move(settings), std::move(topology), prefixes);
  return std::make_shared<const AnswerTable>(std::move(plan), std::move(health));
}

}  // namespace

int64_t ToUnixNs(const google::protobuf::Timestamp& time) {
  constexpr int64_t kSecondsMax = 9'000'000'000;  // In the year 2255; more would overflow.
  return std::clamp<int64_t>(time.seconds(), 0, kSecondsMax) * kNanosPerSecond + time.nanos();
}

void SetTime(google::protobuf::Timestamp& out, int64_t unix_ns) {
  out.set_seconds(unix_ns / kNanosPerSecond);
  out.set_nanos(static_cast<int32_t>(unix_ns % kNanosPerSecond));
}

absl::StatusOr<std::shared_ptr<const RoundTrips>> ToRoundTrips(const v1::RoundTrips& round_trips) {
  const std::vector<std::string> regions(round_trips.regions().begin(), round_trips.regions().end());
  const std::vector<uint32_t> ms(round_trips.ms().begin(), round_trips.ms().end());
  ASSIGN_OR_RETURN(RoundTrips made, RoundTrips::Make(round_trips.label(), regions, ms));
  return std::make_shared<const RoundTrips>(std::move(made));
}

absl::StatusOr<Hypothesis> ToHypothesis(const v1::ResolveRequest& request) {
  Hypothesis hypothesis;
  if (request.health_size() > static_cast<int>(kSupposedHealthMax)) {
    return errors::SupposedHealthInvalid(request.health(0).subject(),
                                         absl::StrCat("more than ", kSupposedHealthMax, " are given"),
                                         "suppose less at once");
  }
  for (const v1::SupposedHealth& health : request.health()) {
    hypothesis.health.push_back({health.subject(), health.status()});
  }
  if (request.has_ttl()) {
    const google::protobuf::Duration& ttl = request.ttl();
    if (ttl.nanos() != 0 || ttl.seconds() < 0 || ttl.seconds() > int64_t{kTtlSecondsMax})
      return errors::TtlInvalid();
    hypothesis.ttl_s = static_cast<uint32_t>(ttl.seconds());
  }
  if (request.has_round_trips()) {
    ASSIGN_OR_RETURN(hypothesis.round_trips, ToRoundTrips(request.round_trips()));
  }
  return hypothesis;
}

AskedTable SteeringTables::Now() const {
  const StatusBoard::TableView view = board_.current();
  return {.table = view.table, .number = view.number, .since_ns = view.since_ns, .in_force = true};
}

absl::StatusOr<AskedTable> SteeringTables::FromHistory(absl::StatusOr<PastTableState> past) const {
  if (!past.ok()) return past.status();
  const AskedTable now = Now();
  if (past->state.number == now.number) return now;
  return AskedTable{.table = Rebuild(past->state, *now.table),
                    .number = past->state.number,
                    .since_ns = past->state.time_ns,
                    .until_ns = past->until_ns,
                    .cause = past->state.cause};
}

absl::StatusOr<AskedTable> SteeringTables::For(const v1::ResolveRequest& request) const {
  if (request.has_at() && request.table() != 0) {
    return errors::TableReferenceInvalid("a time and a table's number are both given");
  }
  AskedTable asked = Now();
  if (request.has_at()) {
    ASSIGN_OR_RETURN(asked, FromHistory(history_.At(ToUnixNs(request.at()))));
  } else if (request.table() != 0) {
    ASSIGN_OR_RETURN(asked, FromHistory(history_.Number(request.table())));
  }
  ASSIGN_OR_RETURN(const Hypothesis hypothesis, ToHypothesis(request));
  if (hypothesis.empty()) return asked;
  ASSIGN_OR_RETURN(asked.table, Suppose(*asked.table, hypothesis, request.name()));
  asked.hypothetical = true;
  asked.sentence = HypothesisSentence(hypothesis);
  return asked;
}

absl::StatusOr<AskedTable> SteeringTables::For(const v1::TableReference& reference) const {
  switch (reference.of_case()) {
    case v1::TableReference::kNumber:
      return FromHistory(history_.Number(reference.number()));
    case v1::TableReference::kAt:
      return FromHistory(history_.At(ToUnixNs(reference.at())));
    case v1::TableReference::kRoundTrips: {
      AskedTable asked = Now();
      Hypothesis hypothesis;
      ASSIGN_OR_RETURN(hypothesis.round_trips, ToRoundTrips(reference.round_trips()));
      ASSIGN_OR_RETURN(asked.table, Suppose(*asked.table, hypothesis, ""));
      asked.hypothetical = true;
      asked.number = 0;
      return asked;
    }
    case v1::TableReference::kNow:
      return Now();
    case v1::TableReference::OF_NOT_SET:
      break;
  }
  return errors::TableReferenceInvalid("two tables are needed to compare");
}

}  // namespace nonet::dns
