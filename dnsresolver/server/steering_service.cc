#include "dnsresolver/server/steering_service.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "common/rpc/status.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/explain.h"
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
  Impl(const StatusBoard& board, EventFeed& feed, MonitorSettings settings)
      : board_(board), feed_(feed), settings_(settings) {}

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
    const absl::StatusOr<Explanation> explanation = dns::Explain(*board_.table(), request.name(), place);
    if (explanation.ok()) ToProto(*explanation, response);
    return explanation.status();
  }

  absl::Status List(const v1::ListEndpointsRequest& request, v1::ListEndpointsResponse& response) const;

  const StatusBoard& board_;
  EventFeed& feed_;
  const MonitorSettings settings_;
};

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

SteeringService::SteeringService(const StatusBoard& board, EventFeed& feed, MonitorSettings settings)
    : impl_(std::make_unique<Impl>(board, feed, settings)) {}

SteeringService::~SteeringService() = default;

grpc::Service* SteeringService::grpc() { return impl_.get(); }

}  // namespace nonet::dns
