#include "controlplane/server/control_plane_server.h"

#include <grpcpp/impl/service_type.h>

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/rpc/server.h"
#include "controlplane/server/backup_service.h"
#include "controlplane/server/child_resource_service.h"
#include "controlplane/server/convergence.h"
#include "controlplane/server/operation_service.h"
#include "controlplane/server/resource_service.h"
#include "controlplane/server/watch_hub.h"
#include "controlplane/server/watch_service.h"

namespace nonet::controlplane {
namespace {

class Server final : public ControlPlaneServer {
 public:
  Server(EventLoop& loop, Store& store, Metrics& metrics, const Options& options,
         std::function<void(absl::Status)> fail)
      : metrics_(metrics),
        arm_options_(options.arm),
        engine_(loop, store, metrics, options.engine, std::move(fail)),
        hub_(engine_, metrics),
        waiters_(engine_),
        resources_(MakeResourceService(engine_, waiters_)),
        children_(MakeChildResourceService(engine_)),
        operations_(MakeOperationService(engine_)),
        watch_(MakeWatchService(engine_, hub_, options.queue_bytes_max)) {
    if (!options.backup_directory.empty()) {
      backup_ = MakeBackupService(engine_, store, options.backup_directory);
    }
    engine_.OnPublish([this](const std::vector<LogEntry>& log) { hub_.Publish(log); });
    engine_.OnClose([this](Engine::Turn& turn) { waiters_.Look(turn); });
  }

  absl::Status Listen(uint16_t port, const std::string& token) {
    RETURN_IF_ERROR(engine_.Start());
    std::vector<grpc::Service*> services{resources_.get(), children_.get(), operations_.get(), watch_.get()};
    if (backup_) services.push_back(backup_.get());
    ASSIGN_OR_RETURN(server_, rpc::Server::Start({.port = port, .token = token}, services));
    ASSIGN_OR_RETURN(arm_, arm::ArmServer::Start(engine_, waiters_, metrics_, std::move(arm_options_)));
    return absl::OkStatus();
  }

  std::string address() const override { return server_->address(); }
  std::string arm_http_address() const override { return arm_->http_address(); }
  std::string arm_https_address() const override { return arm_->https_address(); }

  void Stop(absl::AnyInvocable<void()> done) override {
    server_->SetServing(false);
    arm_->StopListening();
    engine_.Stop();
    waiters_.Stop();
    hub_.Stop();
    server_->ShutdownAsync(kNanosPerSecond / 2, std::move(done));
  }

 private:
  Metrics& metrics_;
  arm::ArmServer::Options arm_options_;  // Until Listen.
  Engine engine_;
  WatchHub hub_;
  ConvergenceWaiters waiters_;
  const std::unique_ptr<grpc::Service> resources_;
  const std::unique_ptr<grpc::Service> children_;
  const std::unique_ptr<grpc::Service> operations_;
  const std::unique_ptr<grpc::Service> watch_;
  std::unique_ptr<grpc::Service> backup_;  // nullptr without a directory for it.
  std::unique_ptr<arm::ArmServer> arm_;
  std::unique_ptr<rpc::Server> server_;  // First to go: its calls use all of the above.
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlPlaneServer>> ControlPlaneServer::Start(
    EventLoop& loop, Store& store, Metrics& metrics, Options options,
    std::function<void(absl::Status)> fail) {
  auto server = std::make_unique<Server>(loop, store, metrics, options, std::move(fail));
  RETURN_IF_ERROR(server->Listen(options.port, options.token));
  return server;
}

}  // namespace nonet::controlplane
