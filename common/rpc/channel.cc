#include "common/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "common/rpc/socket_mutator.h"
#include "common/rpc/tls.h"

namespace nonet::rpc {
namespace {

constexpr int kBackoffMsInitial = 50;
constexpr int kBackoffMsMax = 2'000;
// gRPC calls it a backoff; it is how long one connection attempt may take.
constexpr int kConnectMsMax = 2'000;
constexpr int kKeepAliveMs = 10'000;
constexpr int kKeepAliveTimeoutMs = 5'000;
constexpr int kMessageBytesMax = 16 * 1024 * 1024;

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const ChannelOptions& options) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kBackoffMsInitial);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kBackoffMsMax);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMsMax);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveMs);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepAliveTimeoutMs);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetMaxReceiveMessageSize(kMessageBytesMax);
  args.SetMaxSendMessageSize(kMessageBytesMax);
  if (!options.local_address.empty()) args.SetSocketMutator(NewBindingMutator(options.local_address));
  return grpc::CreateCustomChannel(target,
                                   options.tls == nullptr
                                       ? grpc::InsecureChannelCredentials()
                                       : ChannelCredentialsOf(*options.tls, options.server_uri),
                                   args);
}

}  // namespace nonet::rpc
