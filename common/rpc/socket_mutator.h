// Sets up the sockets of a gRPC channel or server. gRPC offers the hook (ChannelArguments::SetSocketMutator)
// but installs no header for its type: socket_mutator.cc declares the two structs as gRPC 1.51 (Debian 12)
// has them.
#pragma once

#include <string>

struct grpc_socket_mutator;

namespace nonet::rpc {

// Chooses a congestion control for short ways and, of a channel, binds to `local_address` where it is not
// empty: a connection from an address that is not an IP literal of this machine fails, and is retried, as an
// unreachable peer's. The arguments take ownership.
grpc_socket_mutator* NewSocketMutator(const std::string& local_address);

}  // namespace nonet::rpc
