// A client channel with our settings: quick reconnects (backoff 50 ms to 2 s), keep-alive, no proxies,
// 16 MiB messages, never a shared subchannel.
#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace nonet::rpc {

struct ChannelOptions {
  std::string local_address =
      {};                  // Source IP literal, for a peer in a region; the system's choice when empty.
  std::string token = {};  // Sent with every call as "authorization: Bearer <token>", unless empty.
};

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, const ChannelOptions& options = {});

}  // namespace nonet::rpc
