#include "dnsresolver/server/resolver.h"

#include <map>
#include <utility>
#include <vector>

#include "common/process/log.h"
#include "dnsresolver/server/config.h"
#include "dnsresolver/server/prober.h"
#include "dnsresolver/server/verdict_file.h"

namespace nonet::dns {
namespace {

constexpr int64_t kVerdictsKeptWithinNs = kNanosPerSecond;  // One write for a burst of changes.
constexpr uint16_t kHttpPortUnlessGiven = 8080;

std::string StatusText(const std::optional<MonitorStatus>& status) {
  return status.has_value() ? std::string(MonitorStatusName(*status)) : std::string();
}

MonitoredEndpoint ToMonitor(const Endpoint& endpoint) {
  MonitoredEndpoint out;
  out.name = endpoint.name;
  out.fixed = ConfiguredStatus(endpoint);
  if (endpoint.address.has_value()) out.target.address = FormatIpv4(*endpoint.address);
  out.target.port = endpoint.http_port != 0 ? endpoint.http_port : kHttpPortUnlessGiven;
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
  Impl(EventLoop& l, ResolverOptions o, Metrics& m, EventFeed& f, StatusBoard& b)
      : loop(l),
        options(std::move(o)),
        metrics_registry(m),
        metrics(m),
        feed(f),
        board(b),
        prefixes(std::make_shared<const PrefixTable>(PrefixTable::BuiltIn())),
        publisher(EmptyTable(options.answers, prefixes)),
        monitor(options.monitor, options.seed),
        prober(loop, options.probe_from, options.monitor.timeout_ns,
               [this](uint64_t probe, const ProbeResult& result) { OnProbeEnded(probe, result); }) {
    board.SetTable(publisher.current());
  }

  void ApplyConfig(const WatchClient::Objects& objects, const WatchClient::Delta& delta);
  void OnProbeEnded(uint64_t probe, const ProbeResult& result);
  void OnTimer();
  void Arm();

  // The monitor's effects, but for the table.
  void CarryOut(const MonitorEffects& effects);
  void ReportResult(const MonitorEffects::Result& result);
  void ReportVerdict(const MonitorEffects::Verdict& verdict);
  void UpdateBoard(const std::string& endpoint);
  void UpdateHealthGauge(const std::string& endpoint, const std::optional<MonitorStatus>& status);
  void SendFacts();
  void KeepVerdictsSoon();
  void KeepVerdicts();

  Health CurrentHealth(const Topology& topology) const;
  void PublishTable(std::shared_ptr<const AnswerPlan> plan, const char* cause);
  steering::v1::SteeringEvent NewEvent() const;

  EventLoop& loop;
  const ResolverOptions options;
  Metrics& metrics_registry;
  ResolverMetrics metrics;
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
  uint64_t tables = 0;
  bool configured = false;
};

steering::v1::SteeringEvent Resolver::Impl::NewEvent() const {
  steering::v1::SteeringEvent event;
  const int64_t now = loop.clock().WallNs();
  event.mutable_time()->set_seconds(now / kNanosPerSecond);
  event.mutable_time()->set_nanos(static_cast<int32_t>(now % kNanosPerSecond));
  return event;
}

void Resolver::Impl::ApplyConfig(const WatchClient::Objects& objects, const WatchClient::Delta& delta) {
  Topology topology = BuildTopology(objects, delta.revision);
  // Only the first configuration of a life has anything to learn from the life before.
  const VerdictFile known = configured ? VerdictFile() : ReadVerdicts(options.verdict_file);
  std::vector<MonitoredEndpoint> endpoints;
  for (const ResourceTopology& resource : topology.resources) {
    for (const Endpoint& endpoint : resource.endpoints) {
      endpoints.push_back(ToMonitor(endpoint));
      endpoints.back().initial = known.Find(endpoint.name, endpoints.back().target.address);
    }
  }
  configured = true;
  MonitorEffects effects;
  monitor.SetEndpoints(endpoints, loop.clock().SteadyNs(), effects);
  CarryOut(effects);
  PublishTable(std::make_shared<const AnswerPlan>(options.answers, std::move(topology), prefixes),
               "configuration");
  Arm();
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

void Resolver::Impl::PublishTable(std::shared_ptr<const AnswerPlan> plan, const char* cause) {
  Health health = CurrentHealth(plan->topology());
  const uint64_t revision = plan->topology().revision;
  publisher.Publish(std::make_shared<const AnswerTable>(std::move(plan), std::move(health)));
  board.SetTable(publisher.current());
  metrics.tables.Increment();
  metrics.revision.Set(static_cast<double>(revision));
  steering::v1::SteeringEvent event = NewEvent();
  event.mutable_table()->set_number(++tables);
  event.mutable_table()->set_revision(revision);
  event.mutable_table()->set_cause(cause);
  feed.Add(std::move(event));
}

void Resolver::Impl::OnProbeEnded(uint64_t probe, const ProbeResult& result) {
  MonitorEffects effects;
  monitor.OnProbeEnded(probe, result, loop.clock().SteadyNs(), effects);
  CarryOut(effects);
  if (!effects.verdicts.empty()) PublishTable(publisher.current()->shared_plan(), "health");
  Arm();
}

void Resolver::Impl::OnTimer() {
  probe_timer = 0;
  probe_timer_ns = Monitor::kNever;
  MonitorEffects effects;
  monitor.Advance(loop.clock().SteadyNs(), effects);
  CarryOut(effects);
  Arm();
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
  for (const MonitorEffects::Result& result : effects.results) ReportResult(result);
  for (const MonitorEffects::Verdict& verdict : effects.verdicts) ReportVerdict(verdict);
  if (effects.verdicts.empty()) return;
  SendFacts();
  KeepVerdictsSoon();
}

void Resolver::Impl::ReportResult(const MonitorEffects::Result& result) {
  (result.success ? metrics.probes_good : metrics.probes_bad).Increment();
  UpdateBoard(result.endpoint);
  steering::v1::SteeringEvent event = NewEvent();
  event.mutable_probe()->set_name(result.endpoint);
  event.mutable_probe()->set_success(result.success);
  event.mutable_probe()->set_detail(result.detail);
  event.mutable_probe()->set_consecutive_failures(static_cast<uint32_t>(result.consecutive_failures));
  feed.Add(std::move(event));
}

void Resolver::Impl::ReportVerdict(const MonitorEffects::Verdict& verdict) {
  metrics.verdicts.Increment();
  UpdateHealthGauge(verdict.endpoint, verdict.to);
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
  const bool up = status == MonitorStatus::kOnline || status == MonitorStatus::kCheckingEndpoint;
  metrics_registry
      .AddGauge("nonet_dns_endpoint_up", "Whether the endpoint counts as healthy.", {{"endpoint", endpoint}})
      .Set(up ? 1 : 0);
}

void Resolver::Impl::UpdateBoard(const std::string& endpoint) {
  const Monitor::State* state = monitor.Find(endpoint);
  if (state == nullptr) return board.RemoveEndpoint(endpoint);
  const int64_t age_ns = loop.clock().SteadyNs() - state->changed_ns;
  board.SetEndpoint(endpoint, {.consecutive_failures = state->consecutive_failures,
                               .last_probe = state->last_probe,
                               .changed_wall_ns = loop.clock().WallNs() - age_ns});
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
  impl_->loop.Cancel(impl_->probe_timer);
  impl_->loop.Cancel(impl_->keep_timer);
  impl_->KeepVerdicts();
}

absl::Status Resolver::Validate(const watch::v1::Event& event, const watch::v1::Event* held) const {
  return ValidateObject(event, impl_->options.answers.zone, held);
}

void Resolver::Apply(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                     const std::function<void()>& applied) {
  impl_->ApplyConfig(objects, delta);
  applied();
}

void Resolver::SetOnFacts(OnFacts on_facts) {
  impl_->on_facts = std::move(on_facts);
  impl_->SendFacts();
}

TablePublisher& Resolver::publisher() { return impl_->publisher; }
bool Resolver::configured() const { return impl_->configured; }

}  // namespace nonet::dns
