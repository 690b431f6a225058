#include "dnsresolver/server/resolver.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/process/log.h"
#include "dnsresolver/server/config.h"
#include "dnsresolver/server/prober.h"
#include "dnsresolver/server/verdict_file.h"

namespace nonet::dns {
namespace {

constexpr int64_t kVerdictsKeptWithinNs = kNanosPerSecond;  // One write for a burst of changes.
// Questions that wait while a change takes effect should not wait for what is told of it as well: those have
// been answered by then, on a core that may be shared.
constexpr int64_t kRecordedAfterNs = 2 * kNanosPerMilli;
constexpr uint16_t kHttpPortUnlessGiven = 8080;
constexpr uint16_t kHttpsPortUnlessGiven = 443;

std::string StatusText(const std::optional<MonitorStatus>& status) {
  return status.has_value() ? std::string(MonitorStatusName(*status)) : std::string();
}

MonitoredEndpoint ToMonitor(const Endpoint& endpoint, const ProbeSettings& probes) {
  MonitoredEndpoint out;
  out.name = endpoint.name;
  out.fixed = ConfiguredStatus(endpoint);
  if (endpoint.address.has_value()) out.target.address = FormatIpv4(*endpoint.address);
  out.target.port = endpoint.http_port != 0 ? endpoint.http_port : kHttpPortUnlessGiven;
  if (probes.scheme == http::Scheme::kHttps) {
    out.target.port = endpoint.https_port != 0 ? endpoint.https_port : kHttpsPortUnlessGiven;
  }
  if (probes.port != 0) out.target.port = probes.port;
  out.target.host_name = endpoint.host_name;
  return out;
}

std::shared_ptr<const AnswerTable> EmptyTable(const AnswerSettings& settings,
                                              std::shared_ptr<const PrefixTable> prefixes) {
  Topology topology;
  topology.known = false;
  auto plan = std::make_shared<const AnswerPlan>(settings, std::move(topology), std::move(prefixes));
  return std::make_shared<const AnswerTable>(std::move(plan), Health());
}

steering::v1::SteeringEvent EventAt(int64_t wall_ns) {
  steering::v1::SteeringEvent event;
  event.mutable_time()->set_seconds(wall_ns / kNanosPerSecond);
  event.mutable_time()->set_nanos(static_cast<int32_t>(wall_ns % kNanosPerSecond));
  return event;
}

struct ResolverMetrics {
  explicit ResolverMetrics(Metrics& metrics)
      : probes_good(
            metrics.AddCounter("nonet_dns_probes_total", "Health probes ended.", {{"result", "success"}})),
        probes_bad(
            metrics.AddCounter("nonet_dns_probes_total", "Health probes ended.", {{"result", "failure"}})),
        verdicts(metrics.AddCounter("nonet_dns_verdict_changes_total", "Changes of an endpoint's status.")),
        tables(metrics.AddCounter("nonet_dns_tables_total", "Answer tables that took effect.")),
        revision(metrics.AddGauge("nonet_dns_revision", "Revision of the configuration in force.")) {}

  Counter probes_good, probes_bad, verdicts, tables;
  Gauge revision;
};

}  // namespace

struct Resolver::Impl {
  // A table in force of which nobody has been told.
  struct Unrecorded {
    std::shared_ptr<const AnswerTable> table;
    const char* cause;
    int64_t wall_ns;
    MonitorEffects effects;
    std::function<void()> applied;  // Null: nobody asked.
  };

  Impl(EventLoop& l, ResolverOptions o, Metrics& m, EventFeed& f, StatusBoard& b)
      : loop(l),
        options(std::move(o)),
        metrics_registry(m),
        metrics(m),
        feed(f),
        board(b),
        prefixes(options.prefixes != nullptr ? options.prefixes
                                             : std::make_shared<const PrefixTable>(PrefixTable::BuiltIn())),
        publisher(EmptyTable(options.answers, prefixes), &m),
        monitor(options.monitor, options.seed),
        prober(loop, options.probes, options.monitor.timeout_ns,
               [this](uint64_t probe, const ProbeResult& result) { OnProbeEnded(probe, result); }),
        history(options.history_directory) {
    board.SetTable(publisher.current());
  }

  void ApplyConfig(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                   std::function<void()> applied);
  void OnProbeEnded(uint64_t probe, const ProbeResult& result);
  void OnTimer();
  void Arm();

  // The monitor's effects: what is to be done, and what is to be told.
  void CarryOut(const MonitorEffects& effects);
  void Report(const MonitorEffects& effects);
  void RecordVerdict(const MonitorEffects::Verdict& verdict);
  void RecordObjects(const WatchClient::Objects& objects, const WatchClient::Delta& delta);
  void ReportResult(const MonitorEffects::Result& result);
  void ReportVerdict(const MonitorEffects::Verdict& verdict);
  void UpdateBoard(const std::string& endpoint);
  void UpdateHealthGauge(const std::string& endpoint, const std::optional<MonitorStatus>& status);
  void SendFacts();
  void KeepVerdictsSoon();
  void KeepVerdicts();

  Health CurrentHealth(const Topology& topology) const;
  // The health of the table in force, with those changes: what a verdict costs does not grow with the
  // cluster.
  Health HealthAfter(const std::vector<MonitorEffects::Verdict>& verdicts) const;
  // From here on questions are answered by it.
  void Publish(std::shared_ptr<const AnswerPlan> plan, Health health);
  // Tells whoever wants to know of what has taken effect, if that has yet to be done.
  void Record();
  steering::v1::SteeringEvent NewEvent() const { return EventAt(loop.clock().WallNs()); }

  EventLoop& loop;
  const ResolverOptions options;
  Metrics& metrics_registry;
  ResolverMetrics metrics;
  absl::flat_hash_map<std::string, Gauge> health_gauges;  // Of the endpoints that there are.
  EventFeed& feed;
  StatusBoard& board;
  const std::shared_ptr<const PrefixTable> prefixes;  // Shared with every plan.
  TablePublisher publisher;
  Monitor monitor;
  Prober prober;
  OnFacts on_facts;
  EventLoop::TimerId probe_timer = 0;
  int64_t probe_timer_ns = Monitor::kNever;
  EventLoop::TimerId keep_timer = 0;
  HistoryStore history;
  HistoryStore::Addition next_table;  // What happened since the last table that was recorded.
  std::optional<Unrecorded> unrecorded;
  EventLoop::TimerId record_timer = 0;
  bool configured = false;
};

void Resolver::Impl::ApplyConfig(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                                 std::function<void()> applied) {
  Record();
  Topology topology = BuildTopology(objects, delta.revision);
  // Only the first configuration of a life has anything to learn from the life before.
  const bool first = !configured;
  const VerdictFile known = first ? ReadVerdicts(options.verdict_file) : VerdictFile();
  std::vector<MonitoredEndpoint> endpoints;
  for (const ResourceTopology& resource : topology.resources) {
    for (const Endpoint& endpoint : resource.endpoints) {
      endpoints.push_back(ToMonitor(endpoint, options.probes));
      endpoints.back().initial = known.Find(endpoint.name, endpoints.back().target.address);
    }
  }
  RecordObjects(objects, delta);
  configured = true;
  MonitorEffects effects;
  monitor.SetEndpoints(endpoints, loop.clock().SteadyNs(), effects);
  auto plan = std::make_shared<const AnswerPlan>(options.answers, std::move(topology), prefixes,
                                                 &publisher.current()->plan());
  Health health = CurrentHealth(plan->topology());
  Publish(std::move(plan), std::move(health));
  CarryOut(effects);
  unrecorded = {publisher.current(), "configuration", loop.clock().WallNs(), std::move(effects),
                std::move(applied)};
  if (first) return Record();
  record_timer = loop.RunAfter(kRecordedAfterNs, [this] { Record(); });
}

Health Resolver::Impl::CurrentHealth(const Topology& topology) const {
  Health health;
  for (const ResourceTopology& resource : topology.resources) {
    std::vector<MonitorStatus>& statuses = health.emplace_back();
    for (const Endpoint& endpoint : resource.endpoints) {
      const Monitor::State* state = monitor.Find(endpoint.name);
      statuses.push_back(state != nullptr ? state->status : MonitorStatus::kInactive);
    }
  }
  return health;
}

Health Resolver::Impl::HealthAfter(const std::vector<MonitorEffects::Verdict>& verdicts) const {
  const AnswerTable& table = *publisher.current();
  const std::vector<ResourceTopology>& resources = table.plan().topology().resources;
  Health health = table.health();
  for (const MonitorEffects::Verdict& verdict : verdicts) {
    const std::vector<absl::string_view> parts = absl::StrSplit(verdict.endpoint, '/');
    const std::string resource = parts.size() < 2 ? verdict.endpoint : absl::StrCat(parts[0], "/", parts[1]);
    const auto at =
        std::lower_bound(resources.begin(), resources.end(), resource,
                         [](const ResourceTopology& a, const std::string& b) { return a.name < b; });
    if (at == resources.end() || at->name != resource) continue;
    for (size_t i = 0; i < at->endpoints.size(); ++i) {
      if (at->endpoints[i].name != verdict.endpoint) continue;
      health[static_cast<size_t>(at - resources.begin())][i] = verdict.to.value_or(MonitorStatus::kInactive);
    }
  }
  return health;
}

void Resolver::Impl::Publish(std::shared_ptr<const AnswerPlan> plan, Health health) {
  publisher.Publish(
      std::make_shared<const AnswerTable>(std::move(plan), std::move(health), publisher.current().get()));
  metrics.tables.Increment();
}

void Resolver::Impl::Record() {
  if (!unrecorded.has_value()) return;
  loop.Cancel(std::exchange(record_timer, 0));
  const Unrecorded done = *std::exchange(unrecorded, std::nullopt);
  Report(done.effects);
  next_table.wall_ns = done.wall_ns;
  next_table.revision = done.table->plan().topology().revision;
  next_table.cause = done.cause;
  next_table.ttl_s = options.answers.ttl_s;
  metrics.revision.Set(static_cast<double>(next_table.revision));
  steering::v1::SteeringEvent event = EventAt(done.wall_ns);
  event.mutable_table()->set_revision(next_table.revision);
  event.mutable_table()->set_cause(done.cause);
  const uint64_t number = history.Add(std::exchange(next_table, HistoryStore::Addition()));
  event.mutable_table()->set_number(number);
  board.SetTable(done.table, number, done.wall_ns);
  feed.Add(std::move(event));
  if (!done.effects.verdicts.empty()) {
    SendFacts();
    KeepVerdictsSoon();
  }
  if (done.applied) done.applied();
}

// The first configuration of a life is everything there is; the ones after say what is different.
void Resolver::Impl::RecordObjects(const WatchClient::Objects& objects, const WatchClient::Delta& delta) {
  next_table.whole = !configured;
  const auto add = [&](const std::string& name, const watch::v1::Event& object) {
    next_table.objects.emplace_back(name, object.SerializeAsString());
  };
  if (next_table.whole) {
    for (const auto& [name, object] : objects) add(name, object);
    return;
  }
  for (const std::string& name : delta.changed) {
    if (const auto it = objects.find(name); it != objects.end()) add(name, it->second);
  }
  next_table.removed = delta.removed;
}

void Resolver::Impl::RecordVerdict(const MonitorEffects::Verdict& verdict) {
  const Monitor::State* state = monitor.Find(verdict.endpoint);
  next_table.verdicts.push_back({.name = verdict.endpoint,
                                 .status = StatusText(verdict.to),
                                 .detail = state != nullptr ? state->last_probe : std::string()});
}

void Resolver::Impl::OnProbeEnded(uint64_t probe, const ProbeResult& result) {
  MonitorEffects effects;
  monitor.OnProbeEnded(probe, result, loop.clock().SteadyNs(), effects);
  CarryOut(effects);
  if (effects.verdicts.empty()) return Report(effects);
  Publish(publisher.current()->shared_plan(), HealthAfter(effects.verdicts));
  Record();  // What came before it.
  unrecorded = {publisher.current(), "health", loop.clock().WallNs(), std::move(effects), nullptr};
  Record();
}

void Resolver::Impl::OnTimer() {
  probe_timer = 0;
  probe_timer_ns = Monitor::kNever;
  MonitorEffects effects;
  monitor.Advance(loop.clock().SteadyNs(), effects);
  CarryOut(effects);
  Report(effects);
}

void Resolver::Impl::Arm() {
  const int64_t next = monitor.NextProbeNs();
  if (next == probe_timer_ns) return;
  loop.Cancel(probe_timer);
  probe_timer_ns = next;
  if (next != Monitor::kNever) probe_timer = loop.RunAt(next, [this] { OnTimer(); });
}

void Resolver::Impl::CarryOut(const MonitorEffects& effects) {
  for (const uint64_t probe : effects.cancels) prober.Cancel(probe);
  for (const MonitorEffects::Start& start : effects.starts) prober.Start(start);
  Arm();
}

void Resolver::Impl::Report(const MonitorEffects& effects) {
  for (const MonitorEffects::Result& result : effects.results) ReportResult(result);
  for (const MonitorEffects::Verdict& verdict : effects.verdicts) {
    RecordVerdict(verdict);
    ReportVerdict(verdict);
  }
}

void Resolver::Impl::ReportResult(const MonitorEffects::Result& result) {
  (result.success ? metrics.probes_good : metrics.probes_bad).Increment();
  UpdateBoard(result.endpoint);
  steering::v1::SteeringEvent event = NewEvent();
  event.mutable_probe()->set_name(result.endpoint);
  event.mutable_probe()->set_success(result.success);
  event.mutable_probe()->set_detail(
      options.probes.vantages.size() > 1
          ? absl::StrCat(options.probes.vantages[static_cast<size_t>(result.vantage)], ": ", result.detail)
          : result.detail);
  event.mutable_probe()->set_consecutive_failures(static_cast<uint32_t>(result.consecutive_failures));
  feed.Add(std::move(event));
}

void Resolver::Impl::ReportVerdict(const MonitorEffects::Verdict& verdict) {
  metrics.verdicts.Increment();
  UpdateHealthGauge(verdict.endpoint, verdict.to);
  const bool flap = (verdict.from == MonitorStatus::kOnline && verdict.to == MonitorStatus::kDegraded) ||
                    (verdict.from == MonitorStatus::kDegraded && verdict.to == MonitorStatus::kOnline);
  if (flap) {
    metrics_registry
        .AddCounter("nonet_dns_endpoint_flaps_total", "Changes between Online and Degraded.",
                    {{"endpoint", verdict.endpoint}})
        .Increment();
  }
  UpdateBoard(verdict.endpoint);
  log::Info(
      "endpoint status",
      {{"endpoint", verdict.endpoint}, {"from", StatusText(verdict.from)}, {"to", StatusText(verdict.to)}});
  steering::v1::SteeringEvent event = NewEvent();
  event.mutable_verdict()->set_name(verdict.endpoint);
  event.mutable_verdict()->set_from(StatusText(verdict.from));
  event.mutable_verdict()->set_to(StatusText(verdict.to));
  feed.Add(std::move(event));
}

void Resolver::Impl::UpdateHealthGauge(const std::string& endpoint,
                                       const std::optional<MonitorStatus>& status) {
  // Traffic Manager's endpoint status metric: 1 up, 0 down.
  const bool up = status == MonitorStatus::kOnline || status == MonitorStatus::kCheckingEndpoint ||
                  status == MonitorStatus::kUnmonitored;
  auto gauge = health_gauges.find(endpoint);
  if (gauge == health_gauges.end()) {
    gauge = health_gauges
                .emplace(endpoint, metrics_registry.AddGauge("nonet_dns_endpoint_up",
                                                             "Whether the endpoint counts as healthy.",
                                                             {{"endpoint", endpoint}}))
                .first;
  }
  gauge->second.Set(up ? 1 : 0);
  if (!status.has_value()) health_gauges.erase(gauge);
}

void Resolver::Impl::UpdateBoard(const std::string& endpoint) {
  const Monitor::State* state = monitor.Find(endpoint);
  if (state == nullptr) return board.RemoveEndpoint(endpoint);
  const int64_t age_ns = loop.clock().SteadyNs() - state->changed_ns;
  board.SetEndpoint(endpoint, {.consecutive_failures = state->consecutive_failures,
                               .last_probe = state->last_probe,
                               .changed_wall_ns = loop.clock().WallNs() - age_ns,
                               .flaps = state->flaps,
                               .vantages_good = state->vantages_good,
                               .vantages_bad = state->vantages_bad});
}

void Resolver::Impl::SendFacts() {
  if (!on_facts) return;
  watch::v1::Facts facts;
  monitor.ForEach([&](const std::string& name, const Monitor::State& state) {
    (*facts.mutable_resolver()->mutable_monitor_status())[name] =
        std::string(MonitorStatusName(state.status));
  });
  on_facts(std::move(facts));
}

void Resolver::Impl::KeepVerdictsSoon() {
  if (keep_timer != 0 || options.verdict_file.empty()) return;
  keep_timer = loop.RunAfter(kVerdictsKeptWithinNs, [this] {
    keep_timer = 0;
    KeepVerdicts();
  });
}

void Resolver::Impl::KeepVerdicts() {
  if (options.verdict_file.empty() || !configured) return;
  const AnswerTable& table = *publisher.current();
  const absl::Status status = WriteVerdicts(options.verdict_file, table.plan().topology(), table.health());
  if (!status.ok()) {
    log::Warning("cannot keep the verdicts on disk",
                 {{"file", options.verdict_file}, {"error", status.message()}});
  }
}

Resolver::Resolver(EventLoop& loop, ResolverOptions options, Metrics& metrics, EventFeed& feed,
                   StatusBoard& board)
    : impl_(std::make_unique<Impl>(loop, std::move(options), metrics, feed, board)) {}

Resolver::~Resolver() {
  impl_->Record();
  impl_->loop.Cancel(impl_->probe_timer);
  impl_->loop.Cancel(impl_->keep_timer);
  impl_->KeepVerdicts();
}

absl::Status Resolver::Validate(const watch::v1::Event& event, const watch::v1::Event* held) const {
  return ValidateObject(event, impl_->options.answers.zone, held);
}

void Resolver::Apply(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                     std::function<void()> applied) {
  impl_->ApplyConfig(objects, delta, std::move(applied));
}

void Resolver::SetOnFacts(OnFacts on_facts) {
  impl_->on_facts = std::move(on_facts);
  impl_->SendFacts();
}

TablePublisher& Resolver::publisher() { return impl_->publisher; }
const HistoryStore& Resolver::history() const { return impl_->history; }
bool Resolver::configured() const { return impl_->configured; }

}  // namespace nonet::dns
