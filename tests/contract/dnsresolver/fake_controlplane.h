// A control plane as the resolver sees it: a ConfigWatch that says what a test tells it to, and remembers
// what it was told. The real one must keep the same contract.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/regions/regions.h"
#include "nonet/watch/v1/watch.grpc.pb.h"

namespace nonet::dns {

class FakeControlPlane final : public watch::v1::ConfigWatch::Service {
 public:
  explicit FakeControlPlane(uint16_t port = 0) {
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &bound);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    port_ = static_cast<uint16_t>(bound);
  }
  ~FakeControlPlane() override {
    {
      absl::MutexLock lock(&mu_);
      closing_ = true;
    }
    server_->Shutdown(std::chrono::system_clock::now());
  }

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void Send(watch::v1::WatchResponse response) {
    absl::MutexLock lock(&mu_);
    outgoing_.push_back(std::move(response));
  }

  // Wait, at most 10 s.
  bool WaitForOpen(size_t streams = 1) {
    absl::MutexLock lock(&mu_);
    return Await([&] { return opens_.size() >= streams; });
  }
  // An acknowledgement of at least that revision; its refusals.
  std::optional<watch::v1::Ack> WaitForAck(uint64_t revision) {
    absl::MutexLock lock(&mu_);
    if (!Await([&] { return !acks_.empty() && acks_.back().revision() >= revision; })) return std::nullopt;
    return acks_.back();
  }
  bool WaitForStatus(const std::string& name, const std::string& status) {
    absl::MutexLock lock(&mu_);
    return Await([&] {
      const auto it = facts_.monitor_status().find(name);
      return it != facts_.monitor_status().end() && it->second == status;
    });
  }
  std::vector<watch::v1::Open> opens() {
    absl::MutexLock lock(&mu_);
    return opens_;
  }

 private:
  using Stream = grpc::ServerReaderWriter<watch::v1::WatchResponse, watch::v1::WatchRequest>;

  bool Await(const std::function<bool()>& condition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto holds = [](const std::function<bool()>* c) { return (*c)(); };
    return mu_.AwaitWithTimeout(absl::Condition(+holds, &condition), absl::Seconds(10));
  }

  grpc::Status Watch(grpc::ServerContext* context, Stream* stream) override {
    std::thread writer([&] {
      while (true) {
        watch::v1::WatchResponse next;
        {
          absl::MutexLock lock(&mu_);
          const auto due = [this, context] {
            return !outgoing_.empty() || closing_ || context->IsCancelled();
          };
          const std::function<bool()> condition = due;
          const auto holds = [](const std::function<bool()>* c) { return (*c)(); };
          mu_.AwaitWithTimeout(absl::Condition(+holds, &condition), absl::Milliseconds(20));
          if (closing_ || context->IsCancelled()) return;
          if (outgoing_.empty()) continue;
          next = std::move(outgoing_.front());
          outgoing_.pop_front();
        }
        stream->Write(next);
      }
    });
    watch::v1::WatchRequest request;
    while (stream->Read(&request)) {
      absl::MutexLock lock(&mu_);
      if (request.has_open()) opens_.push_back(request.open());
      if (request.has_ack()) acks_.push_back(request.ack());
      if (request.has_facts()) facts_ = request.facts().resolver();
    }
    writer.join();
    return grpc::Status::OK;
  }

  absl::Mutex mu_;
  std::deque<watch::v1::WatchResponse> outgoing_ ABSL_GUARDED_BY(mu_);
  std::vector<watch::v1::Open> opens_ ABSL_GUARDED_BY(mu_);
  std::vector<watch::v1::Ack> acks_ ABSL_GUARDED_BY(mu_);
  watch::v1::ResolverFacts facts_ ABSL_GUARDED_BY(mu_);
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<grpc::Server> server_;
  uint16_t port_ = 0;
};

// ---- Objects ----

struct InstanceFields {
  std::string region;
  std::string address;
  uint16_t http_port = 0;
  bool enabled = true;
  bool stopped = false;
  resource::v1::ProvisioningState state = resource::v1::PROVISIONING_STATE_SUCCEEDED;
};

template <typename Object>
void FillInstance(Object& object, const InstanceFields& fields) {
  object.set_location(fields.region);
  object.set_region_endpoint_enabled(fields.enabled);
  object.set_resource_stopped(fields.stopped);
  object.set_provisioning_state(fields.state);
  object.set_uid("uid-of-" + object.name());
  object.mutable_instance()->set_host_name("contoso-" + fields.region + "-0a1b2c3d.webpubsub.azure.com");
  if (fields.address.empty()) return;
  object.mutable_instance()->mutable_endpoint()->set_host(fields.address);
  object.mutable_instance()->mutable_endpoint()->set_http_port(fields.http_port);
}

inline watch::v1::Event ResourceEvent(uint64_t revision, const InstanceFields& fields) {
  watch::v1::Event event;
  event.set_name("resources/contoso");
  event.set_revision(revision);
  event.mutable_resource()->set_name(event.name());
  event.mutable_resource()->set_host_name("contoso.webpubsub.azure.com");
  FillInstance(*event.mutable_resource(), fields);
  return event;
}

inline watch::v1::Event ReplicaEvent(uint64_t revision, const InstanceFields& fields) {
  watch::v1::Event event;
  event.set_name("resources/contoso/replicas/" + fields.region);
  event.set_revision(revision);
  event.mutable_replica()->set_name(event.name());
  FillInstance(*event.mutable_replica(), fields);
  return event;
}

inline watch::v1::WatchResponse Snapshot(uint64_t revision, const std::vector<watch::v1::Event>& events) {
  watch::v1::WatchResponse response;
  response.set_kind(watch::v1::WatchResponse::KIND_SNAPSHOT);
  response.set_revision(revision);
  response.set_last(true);
  for (const watch::v1::Event& event : events) *response.add_events() = event;
  return response;
}

inline watch::v1::WatchResponse Changes(uint64_t revision, const std::vector<watch::v1::Event>& events) {
  watch::v1::WatchResponse response = Snapshot(revision, events);
  response.set_kind(watch::v1::WatchResponse::KIND_CHANGES);
  return response;
}

}  // namespace nonet::dns
