// A client channel with our settings: quick reconnects (backoff 50 ms to 2 s), keep-alive, no proxies,
// 16 MiB messages, never a shared subchannel.
#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace nonet::rpc {

struct TlsIdentity;  // common/rpc/tls.h

struct ChannelOptions {
  // Sent with every call as "authorization: Bearer <token>", unless empty.
  std::string token = {};
  // Who we are; plain when empty. Then the server has to be `server_uri`, in our cluster.
  std::shared_ptr<const TlsIdentity> tls = {};
  std::string server_uri = {};
};

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const ChannelOptions& options = {});

}  // namespace nonet::rpc
