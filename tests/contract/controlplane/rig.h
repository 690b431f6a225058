// A control plane on a loopback port with real subscribers, in one process: server and subscribers each on a
// loop thread of their own, calls by the plain stub.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/real/entropy.h"
#include "common/real/real_clock.h"
#include "common/rpc/status.h"
#include "common/watch/watch_client.h"
#include "controlplane/server/control_plane_server.h"
#include "nonet/resource/v1/resource_service.grpc.pb.h"
#include "nonet/watch/v1/watch.grpc.pb.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet::controlplane {

class Rig {
 public:
  explicit Rig(Store& store, ControlPlaneServer::Options options = {}) {
    server_ = loop_.Call([&] {
      auto server = ControlPlaneServer::Start(loop_.get(), store, metrics_, options, [](absl::Status) {});
      return server.ok() ? *std::move(server) : nullptr;
    });
    address_ = server_->address();
    channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
    resources = resource::v1::ResourceService::NewStub(channel_);
    watch = watch::v1::ConfigWatch::NewStub(channel_);
  }
  ~Rig() {
    absl::Notification done;
    loop_.Call([&] { server_->Stop([&] { done.Notify(); }); });
    done.WaitForNotification();
    loop_.Call([&] { server_.reset(); });
  }
  const std::string& address() const { return address_; }
  uint16_t port() const { return PortOf(address_); }
  uint16_t arm_http_port() const { return PortOf(server_->arm_http_address()); }
  uint16_t arm_https_port() const { return PortOf(server_->arm_https_address()); }

  absl::Status Create(const std::string& id, const std::string& request_id = "",
                      resource::v1::Resource* answer = nullptr) {
    resource::v1::CreateResourceRequest request;
    request.set_resource_id(id);
    request.set_request_id(request_id);
    request.mutable_resource()->set_location("eastus");
    resource::v1::Resource ignored;
    grpc::ClientContext context;
    return rpc::FromGrpc(resources->CreateResource(&context, request, answer ? answer : &ignored));
  }
  // Sets the tag `n` of a resource.
  absl::Status Tag(const std::string& id, const std::string& value, size_t times = 1) {
    resource::v1::UpdateResourceRequest request;
    request.mutable_resource()->set_name("resources/" + id);
    for (size_t i = 0; i < times; ++i) {
      (*request.mutable_resource()->mutable_tags())["n" + std::to_string(i)] = value;
    }
    request.mutable_update_mask()->add_paths("tags");
    resource::v1::Resource answer;
    grpc::ClientContext context;
    return rpc::FromGrpc(resources->UpdateResource(&context, request, &answer));
  }
  absl::Status Wait(const std::string& name, int64_t timeout_ms,
                    resource::v1::WaitForConvergenceResponse* answer = nullptr) {
    resource::v1::WaitForConvergenceRequest request;
    request.set_name(name);
    resource::v1::WaitForConvergenceResponse ignored;
    grpc::ClientContext context;
    context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)));
    return rpc::FromGrpc(resources->WaitForConvergence(&context, request, answer ? answer : &ignored));
  }
  // A wait that is to fail: with longer and longer patience until the server's own answer comes before the
  // caller's deadline, as it does but for a machine that stands still.
  absl::Status WaitInVain(const std::string& name) {
    absl::Status waited;
    for (int64_t timeout_ms = 200; timeout_ms < 20'000; timeout_ms *= 2) {
      waited = Wait(name, timeout_ms);
      if (!ErrorReason(waited).empty()) break;
    }
    return waited;
  }

  std::unique_ptr<resource::v1::ResourceService::Stub> resources;
  std::unique_ptr<watch::v1::ConfigWatch::Stub> watch;

 private:
  static uint16_t PortOf(const std::string& address) {
    return static_cast<uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  }

  LoopThread loop_{RealClock()};
  Metrics metrics_;
  std::unique_ptr<ControlPlaneServer> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A subscriber as the processes have it. What it was given is looked at on its loop thread.
class Watcher {
 public:
  struct Seen {
    std::vector<WatchClient::Delta> deltas;
    std::vector<uint64_t> revisions;  // Of resources/contoso, as it changed.
    std::function<void()> held;       // The latest `applied`, where `hold` is set.
    bool hold = false;
    bool refuse = false;
  };

  Watcher(const std::string& address, watch::v1::Role role, const std::string& name,
          const std::string& state_file = "") {
    loop_.Call([&] {
      client_ = std::make_unique<WatchClient>(
          loop_.get(), WatchClient::Options{address, role, name, RandomHex(8), state_file},
          [this](const watch::v1::Event&) {
            return seen.refuse ? absl::InvalidArgumentError("not this one") : absl::OkStatus();
          },
          [this](const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                 std::function<void()> applied) {
            seen.deltas.push_back(delta);
            for (const std::string& changed : delta.changed) {
              if (changed == "resources/contoso") seen.revisions.push_back(objects.at(changed).revision());
            }
            if (seen.hold) {
              seen.held = std::move(applied);
            } else {
              applied();
            }
          });
      client_->Start();
    });
  }
  ~Watcher() {
    loop_.Call([&] { client_.reset(); });
  }
  template <class Function>
  auto Call(Function function) {
    return loop_.Call([&] { return function(*client_, seen); });
  }
  // Waits until a condition over client and seen holds; false when it does not within 20 s.
  template <class Condition>
  bool Eventually(Condition condition) {
    return loop_.Eventually([&] { return condition(*client_, seen); });
  }
  bool Reaches(uint64_t revision) {
    return Eventually([&](WatchClient& client, Seen&) { return client.revision() >= revision; });
  }

  Seen seen;

 private:
  LoopThread loop_{RealClock()};
  std::unique_ptr<WatchClient> client_;
};

}  // namespace nonet::controlplane
