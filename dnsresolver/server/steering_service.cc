#include "dnsresolver/server/steering_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/names.h"
#include "common/real/real_clock.h"
#include "common/regions/regions.h"
#include "common/rpc/status.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/explain.h"
#include "dnsresolver/core/table_diff.h"
#include "dnsresolver/server/steering_tables.h"
#include "nonet/steering/v1/steering.grpc.pb.h"

namespace nonet::dns {
namespace {

namespace v1 = steering::v1;

absl::StatusOr<ClientPlace> ToPlace(const v1::ResolveRequest& request) {
  switch (request.client_case()) {
    case v1::ResolveRequest::kRegion: {
      const Region* region = FindRegion(request.region());
      if (region == nullptr) {
        return errors::RegionUnknown(request.region(), NearestRegionName(request.region()));
      }
      return ClientRegion{region->number};
    }
    case v1::ResolveRequest::kClientSubnet: {
      const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(request.client_subnet());
      if (!prefix.ok()) return errors::ClientSubnetInvalid(prefix.status().message());
      return *prefix;
    }
    case v1::ResolveRequest::CLIENT_NOT_SET:
      break;
  }
  return ClientUnknown{};
}

// "2026-11-21 10:42:07.123"
std::string ClockUtc(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", absl::FromUnixNanos(unix_ns), absl::UTCTimeZone());
}

// Of a whole address, without its length.
std::string IpText(const IpPrefix& address) {
  const std::string text = address.ToText();
  return text.substr(0, text.find('/'));
}

void SetDuration(google::protobuf::Duration& out, int64_t ns) {
  out.set_seconds(ns / kNanosPerSecond);
  out.set_nanos(static_cast<int32_t>(ns % kNanosPerSecond));
}

void ToProto(const Explanation& in, v1::ResolveResponse& out) {
  out.set_name(in.name);
  out.set_exists(in.exists);
  out.set_cname(in.cname);
  out.mutable_ttl()->set_seconds(in.ttl_s);
  out.set_address(in.address);
  out.set_revision(in.revision);
}

void ToProto(const Explanation& in, v1::ExplainResponse& out) {
  ToProto(in, *out.mutable_answer());
  out.set_client_region(in.client_region);
  out.set_matched_prefix(in.matched_prefix);
  out.set_scope_prefix_length(static_cast<uint32_t>(in.scope_prefix_length));
  out.set_fail_open(in.fail_open);
  for (const Candidate& candidate : in.candidates) {
    v1::Candidate& to = *out.add_candidates();
    to.set_name(candidate.name);
    to.set_host_name(candidate.host_name);
    to.set_region(candidate.region);
    to.set_rtt_ms(static_cast<uint32_t>(candidate.rtt_ms));
    to.set_client_region_borrowed_from(candidate.client_region_borrowed_from);
    to.set_region_borrowed_from(candidate.region_borrowed_from);
    to.set_monitor_status(std::string(MonitorStatusName(candidate.status)));
    to.set_chosen(candidate.chosen);
    to.set_excluded_because(candidate.excluded_because);
  }
  for (const std::string& sentence : in.sentences) out.add_sentences(sentence);
  out.set_method(in.method);
  for (const PossibleAnswer& possible : in.possible) {
    v1::PossibleAnswer& to = *out.add_possible();
    for (const std::string& host_name : possible.host_names) to.add_host_names(host_name);
    to.set_share(possible.share);
  }
}

void Label(const AskedTable& asked, v1::ResolveResponse& out) { out.set_table(asked.number); }

// What table it is goes before why it answers so.
void Label(const AskedTable& asked, v1::ExplainResponse& out) {
  out.set_table(asked.number);
  out.mutable_answer()->set_table(asked.number);
  out.set_hypothetical(asked.hypothetical);
  if (asked.since_ns != 0) SetTime(*out.mutable_table_since(), asked.since_ns);
  if (asked.until_ns != 0) SetTime(*out.mutable_table_until(), asked.until_ns);
  std::vector<std::string> before;
  if (!asked.in_force) {
    before.push_back(absl::StrCat(
        "Table ", asked.number, " was in force from ", ClockUtc(asked.since_ns),
        asked.until_ns != 0 ? absl::StrCat(" to ", ClockUtc(asked.until_ns)) : std::string(),
        " UTC, because of ", asked.cause == "health" ? "a change of health." : "a change of configuration."));
  }
  if (!asked.sentence.empty()) before.push_back(asked.sentence);
  if (before.empty()) return;
  const std::vector<std::string> after(out.sentences().begin(), out.sentences().end());
  out.clear_sentences();
  for (const std::string& sentence : before) out.add_sentences(sentence);
  for (const std::string& sentence : after) out.add_sentences(sentence);
}

void ToProto(const TableList::Entry& in, v1::PastTable& out) {
  out.set_number(in.number);
  SetTime(*out.mutable_time(), in.time_ns);
  out.set_revision(in.revision);
  out.set_cause(in.cause);
  out.set_ttl_s(in.ttl_s);
  for (const HistoryChanges::Verdict& verdict : in.changes.verdicts) {
    v1::VerdictChange& to = *out.add_verdicts();
    to.set_name(verdict.name);
    to.set_from(verdict.from);
    to.set_to(verdict.to);
    to.set_detail(verdict.detail);
  }
  for (const std::string& object : in.changes.objects) out.add_objects(object);
}

void ToProto(const TableDiff& in, v1::DiffTablesResponse& out) {
  for (const TableDiff::Change& change : in.changes) {
    v1::AnswerChange& to = *out.add_changes();
    to.set_resource(change.resource);
    to.set_from(change.from);
    to.set_to(change.to);
    for (const std::string& region : change.regions) to.add_regions(region);
    for (const std::string& prefix : change.prefixes) to.add_prefixes(prefix);
  }
  out.set_compared(in.compared);
  out.set_truncated(in.truncated);
}

// One watching client. The queue is bounded: who does not read in time is cut off.
class WatchReactor final : public grpc::ServerWriteReactor<v1::SteeringEvent>, public EventFeed::Watcher {
 public:
  WatchReactor(EventFeed& feed, int64_t after_ns) : feed_(feed) {
    const absl::Status attached = feed_.Attach(*this, after_ns);
    absl::MutexLock lock(&mu_);
    if (!attached.ok()) End(attached);
  }

  void OnEvent(EventFeed::Event event) override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (ended_) return;
    if (queue_.size() >= kEventsQueuedPerWatcherMax) return End(errors::WatcherTooSlow());
    queue_.push_back(std::move(event));
    WriteNext();
  }

  void OnClosed() override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    End(errors::ShuttingDown());
  }

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    writing_ = nullptr;
    if (!ok) End(absl::CancelledError("the watcher went away"));
    ended_ ? FinishOnce() : WriteNext();
  }

  void OnCancel() override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    End(absl::CancelledError("the watcher went away"));
  }

  void OnDone() override {
    feed_.Detach(*this);
    delete this;
  }

 private:
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (writing_ != nullptr || queue_.empty()) return;
    writing_ = std::move(queue_.front());
    queue_.pop_front();
    StartWrite(writing_.get());
  }

  // What is being written ends first; the client reads the status after it.
  void End(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (ended_) return;
    ended_ = true;
    why_ = std::move(why);
    queue_.clear();
    if (writing_ == nullptr) FinishOnce();
  }

  void FinishOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (std::exchange(finished_, true)) return;
    Finish(rpc::ToGrpc(why_));
  }

  EventFeed& feed_;  // Locked before mu_, where both are.
  absl::Mutex mu_;
  std::deque<EventFeed::Event> queue_ ABSL_GUARDED_BY(mu_);  // At most kEventsQueuedPerWatcherMax.
  EventFeed::Event writing_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status why_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

class SteeringService::Impl final : public v1::SteeringService::CallbackService {
 public:
  Impl(const StatusBoard& board, const HistoryStore& history, EventFeed& feed, MonitorSettings settings,
       const CacheJournal* caches)
      : board_(board), tables_(board, history), feed_(feed), settings_(settings), caches_(caches) {}

  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context, const v1::ResolveRequest* request,
                                    v1::ResolveResponse* response) override {
    return Answer(context, *request, *response);
  }

  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const v1::ResolveRequest* request,
                                    v1::ExplainResponse* response) override {
    return Answer(context, *request, *response);
  }

  grpc::ServerUnaryReactor* ListEndpoints(grpc::CallbackServerContext* context,
                                          const v1::ListEndpointsRequest* request,
                                          v1::ListEndpointsResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(rpc::ToGrpc(List(*request, *response)));
    return reactor;
  }

  grpc::ServerUnaryReactor* ListTables(grpc::CallbackServerContext* context,
                                       const v1::ListTablesRequest* request,
                                       v1::ListTablesResponse* response) override {
    const int64_t after_ns = request->has_after() ? ToUnixNs(request->after()) : -1;
    const size_t limit =
        request->limit() == 0 ? kTablesListedDefault : std::min<size_t>(request->limit(), kTablesListedMax);
    const TableList list = tables_.history().List(after_ns, limit);
    for (const TableList::Entry& entry : list.entries) ToProto(entry, *response->add_tables());
    response->set_truncated(list.truncated);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* DiffTables(grpc::CallbackServerContext* context,
                                       const v1::DiffTablesRequest* request,
                                       v1::DiffTablesResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(rpc::ToGrpc(Diff(*request, *response)));
    return reactor;
  }

  grpc::ServerWriteReactor<v1::SteeringEvent>* WatchEvents(grpc::CallbackServerContext*,
                                                           const v1::WatchEventsRequest* request) override {
    const int64_t after_ns =
        request->has_after() ? request->after().seconds() * kNanosPerSecond + request->after().nanos() : -1;
    return new WatchReactor(feed_, after_ns);  // Deletes itself in OnDone.
  }

 private:
  template <typename Response>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const v1::ResolveRequest& request,
                                   Response& response) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::StatusOr<ClientPlace> place = ToPlace(request);
    reactor->Finish(rpc::ToGrpc(place.ok() ? Fill(request, *place, response) : place.status()));
    return reactor;
  }

  template <typename Response>
  absl::Status Fill(const v1::ResolveRequest& request, const ClientPlace& place, Response& response) const {
    const absl::StatusOr<AskedTable> asked = tables_.For(request);
    if (!asked.ok()) return asked.status();
    const absl::StatusOr<Explanation> explanation = dns::Explain(*asked->table, request.name(), place);
    if (!explanation.ok()) return explanation.status();
    ToProto(*explanation, response);
    Label(*asked, response);
    if constexpr (std::is_same_v<Response, v1::ExplainResponse>) {
      const bool of_now = !request.has_at() && request.table() == 0;
      if (of_now) AddCaches(*asked->table, explanation->name, response);
    }
    return absl::OkStatus();
  }

  // What caches were told about the name, and what they will be told by `table`.
  void AddCaches(const AnswerTable& table, const std::string& name, v1::ExplainResponse& out) const;

  absl::Status Diff(const v1::DiffTablesRequest& request, v1::DiffTablesResponse& response) const {
    const absl::StatusOr<AskedTable> a = tables_.For(request.a());
    if (!a.ok()) return a.status();
    const absl::StatusOr<AskedTable> b = tables_.For(request.b());
    if (!b.ok()) return b.status();
    response.set_a(a->number);
    response.set_b(b->number);
    ToProto(dns::DiffTables(*a->table, *b->table), response);
    return absl::OkStatus();
  }

  absl::Status List(const v1::ListEndpointsRequest& request, v1::ListEndpointsResponse& response) const;

  const StatusBoard& board_;
  const SteeringTables tables_;
  EventFeed& feed_;
  const MonitorSettings settings_;
  const CacheJournal* const caches_;
};

void SteeringService::Impl::AddCaches(const AnswerTable& table, const std::string& name,
                                      v1::ExplainResponse& out) const {
  if (caches_ == nullptr) return;
  for (const CacheJournal::Entry& entry : caches_->Live(RealClock().WallNs() / kNanosPerSecond)) {
    if (out.caches_size() == static_cast<int>(kKnownCachesListedMax)) return;
    const std::shared_ptr<const AnswerPlan> plan = board_.plan(entry.revision);
    if (plan == nullptr || entry.resource >= plan->topology().resources.size()) continue;
    const ResourceTopology& resource = plan->topology().resources[entry.resource];
    if (!absl::EqualsIgnoreCase(resource.host_name, name) || entry.endpoint >= resource.endpoints.size())
      continue;
    const IpPrefix& client = entry.clients.length > 0 ? entry.clients : entry.resolver;
    const absl::StatusOr<Explanation> next = dns::Explain(table, name, client);
    v1::KnownCache& cache = *out.add_caches();
    cache.set_resolver(IpText(entry.resolver));
    if (entry.clients.length > 0) cache.set_client_prefix(entry.clients.ToText());
    cache.set_cname(resource.endpoints[entry.endpoint].host_name);
    cache.mutable_answered()->set_seconds(entry.answered_s);
    cache.mutable_expires()->set_seconds(entry.expires_s);
    if (next.ok()) cache.set_next_cname(next->cname);
  }
}

absl::Status SteeringService::Impl::List(const v1::ListEndpointsRequest& request,
                                         v1::ListEndpointsResponse& response) const {
  const std::shared_ptr<const AnswerTable> table = board_.table();
  const Topology& topology = table->plan().topology();
  bool found = request.resource().empty();
  for (size_t i = 0; i < topology.resources.size(); ++i) {
    const ResourceTopology& resource = topology.resources[i];
    if (!request.resource().empty() && resource.name != request.resource()) continue;
    found = true;
    for (size_t j = 0; j < resource.endpoints.size(); ++j) {
      const Endpoint& endpoint = resource.endpoints[j];
      const StatusBoard::EndpointView view = board_.endpoint(endpoint.name);
      v1::EndpointStatus& out = *response.add_endpoints();
      out.set_name(endpoint.name);
      out.set_host_name(endpoint.host_name);
      if (endpoint.address.has_value()) out.set_address(FormatIpv4(*endpoint.address));
      out.set_region(std::string(Regions()[static_cast<size_t>(endpoint.region)].name));
      out.set_monitor_status(std::string(MonitorStatusName(table->health()[i][j])));
      out.set_consecutive_failures(static_cast<uint32_t>(view.consecutive_failures));
      out.set_last_probe(view.last_probe);
      out.set_flaps(view.flaps);
      out.set_vantages_good(static_cast<uint32_t>(view.vantages_good));
      out.set_vantages_bad(static_cast<uint32_t>(view.vantages_bad));
      if (view.changed_wall_ns == 0) continue;
      out.mutable_last_change_time()->set_seconds(view.changed_wall_ns / kNanosPerSecond);
      out.mutable_last_change_time()->set_nanos(static_cast<int32_t>(view.changed_wall_ns % kNanosPerSecond));
    }
  }
  if (!found) return errors::ResourceNotFound(request.resource());
  SetDuration(*response.mutable_probe_interval(), settings_.interval_ns);
  SetDuration(*response.mutable_probe_timeout(), settings_.timeout_ns);
  response.set_tolerated_failures(static_cast<uint32_t>(settings_.tolerated_failures));
  response.mutable_ttl()->set_seconds(table->plan().settings().ttl_s);
  response.set_revision(topology.revision);
  return absl::OkStatus();
}

SteeringService::SteeringService(const StatusBoard& board, const HistoryStore& history, EventFeed& feed,
                                 MonitorSettings settings, const CacheJournal* caches)
    : impl_(std::make_unique<Impl>(board, history, feed, settings, caches)) {}

SteeringService::~SteeringService() = default;

grpc::Service* SteeringService::grpc() { return impl_.get(); }

}  // namespace nonet::dns
