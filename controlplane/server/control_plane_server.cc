#include "controlplane/server/control_plane_server.h"

#include <grpcpp/impl/service_type.h>

#include <utility>

#include "common/base/status_macros.h"
#include "common/rpc/server.h"
#include "controlplane/server/convergence.h"
#include "controlplane/server/resource_service.h"
#include "controlplane/server/watch_hub.h"
#include "controlplane/server/watch_service.h"

namespace nonet::controlplane {
namespace {

class Server final : public ControlPlaneServer {
 public:
  Server(EventLoop& loop, Store& store, Metrics& metrics, const Options& options,
         std::function<void(absl::Status)> fail)
      : engine_(loop, store, metrics, options.engine, std::move(fail)),
        hub_(engine_, metrics),
        waiters_(engine_),
        resources_(MakeResourceService(engine_, waiters_)),
        watch_(MakeWatchService(engine_, hub_, options.queue_bytes_max)) {
    engine_.OnPublish([this](const std::vector<LogEntry>& log) { hub_.Publish(log); });
    engine_.OnTurnEnd([this] { waiters_.Look(); });
  }

  absl::Status Listen(uint16_t port) {
    RETURN_IF_ERROR(engine_.Start());
    ASSIGN_OR_RETURN(server_, rpc::Server::Start({.port = port}, {resources_.get(), watch_.get()}));
    return absl::OkStatus();
  }

  std::string address() const override { return server_->address(); }

  void Stop(absl::AnyInvocable<void()> done) override {
    server_->SetServing(false);
    engine_.Stop();
    waiters_.Stop();
    hub_.Stop();
    server_->ShutdownAsync(kNanosPerSecond / 2, std::move(done));
  }

 private:
  Engine engine_;
  WatchHub hub_;
  ConvergenceWaiters waiters_;
  const std::unique_ptr<grpc::Service> resources_;
  const std::unique_ptr<grpc::Service> watch_;
  std::unique_ptr<rpc::Server> server_;  // First to go: its calls use all of the above.
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlPlaneServer>> ControlPlaneServer::Start(
    EventLoop& loop, Store& store, Metrics& metrics, Options options,
    std::function<void(absl::Status)> fail) {
  auto server = std::make_unique<Server>(loop, store, metrics, options, std::move(fail));
  RETURN_IF_ERROR(server->Listen(options.port));
  return server;
}

}  // namespace nonet::controlplane
