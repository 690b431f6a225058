#include "common/rpc/server.h"

#include <arpa/inet.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <netinet/in.h>

#include <thread>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/error.h"
#include "common/clock/clock.h"
#include "common/rpc/socket_mutator.h"
#include "common/rpc/tls.h"
#include "common/rpc/token_guard.h"

namespace nonet::rpc {
namespace {

constexpr int64_t kGraceNs = 1 * kNanosPerSecond;
// Clients of ours ping every 10 s, even without a call.
constexpr int kPingIntervalMsMin = 5'000;

bool IsLoopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string JoinAddress(const std::string& address, int port) {
  const bool v6 = address.find(':') != std::string::npos;
  return v6 ? absl::StrCat("[", address, "]:", port) : absl::StrCat(address, ":", port);
}

gpr_timespec After(int64_t ns) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(ns, GPR_TIMESPAN));
}

class GrpcServer final : public Server {
 public:
  GrpcServer(std::unique_ptr<grpc::Server> server, std::string address, uint16_t port)
      : server_(std::move(server)), address_(std::move(address)), port_(port) {}

  ~GrpcServer() override {
    Shutdown(kGraceNs);
    if (stopper_.joinable()) stopper_.join();
  }

  uint16_t port() const override { return port_; }
  std::string address() const override { return JoinAddress(address_, port_); }
  void SetServing(bool serving) override { server_->GetHealthCheckService()->SetServingStatus(serving); }

  void Shutdown(int64_t grace_ns) override {
    absl::call_once(stopped_, [&] { server_->Shutdown(After(grace_ns)); });
  }

  void ShutdownAsync(int64_t grace_ns, absl::AnyInvocable<void()> done) override {
    stopper_ = std::thread([this, grace_ns, done = std::move(done)]() mutable {
      Shutdown(grace_ns);
      done();
    });
  }

 private:
  const std::unique_ptr<grpc::Server> server_;
  const std::string address_;
  const uint16_t port_;
  absl::once_flag stopped_;
  std::thread stopper_;
};

class Sockets final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* args) override { args->SetSocketMutator(NewSocketMutator()); }
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*) override {}
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options,
                                                      const std::vector<grpc::Service*>& services) {
  if (options.tls == nullptr && !IsLoopback(options.address)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "NOT_LOOPBACK",
                     absl::StrCat("'", options.address,
                                  "' is not a loopback address: without TLS, gRPC is not "
                                  "served beyond this machine"),
                     {.next_step = "an address of 127.0.0.0/8 or ::1"});
  }
  static const bool plugins = [] {  // Global in gRPC.
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  (void)plugins;
  if (options.channelz) {
    static const bool channelz = [] {  // Global, too.
      grpc::channelz::experimental::InitChannelzService();
      return true;
    }();
    (void)channelz;
  }
  grpc::ServerBuilder builder;
  builder.SetOption(std::make_unique<Sockets>());
  int port = 0;
  builder.AddListeningPort(JoinAddress(options.address, options.port),
                           options.tls != nullptr  ? ServerCredentialsOf(*options.tls)
                           : options.token.empty() ? grpc::InsecureServerCredentials()
                                                   : TokenCredentials(options.token),
                           &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // A port in use is an error.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMsMin);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);  // Of answers; there is none.
  builder.SetMaxReceiveMessageSize(options.receive_bytes_max);
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                     absl::StrCat("gRPC cannot listen on ", JoinAddress(options.address, options.port)),
                     {.next_step = "another port, or end the process that has this one"});
  }
  return std::make_unique<GrpcServer>(std::move(server), options.address, static_cast<uint16_t>(port));
}

}  // namespace nonet::rpc
