// Sets up the sockets of a gRPC channel or server. gRPC offers the hook (ChannelArguments::SetSocketMutator)
// but installs no header for its type: socket_mutator.cc declares the two structs as gRPC 1.51 (Debian 12)
// has them.
#pragma once

struct grpc_socket_mutator;

namespace nonet::rpc {

// Chooses a congestion control for short ways. The arguments take ownership.
grpc_socket_mutator* NewSocketMutator();

}  // namespace nonet::rpc
