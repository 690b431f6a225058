// Binds the sockets of a gRPC channel to a source address. gRPC offers the hook
// (ChannelArguments::SetSocketMutator) but installs no header for its type: socket_mutator.cc declares the
// two structs as gRPC 1.51 (Debian 12) has them.
#pragma once

#include <string>

struct grpc_socket_mutator;

namespace nonet::rpc {

// The channel arguments take ownership. A connection from an address that is not an IP literal of this
// machine fails, and is retried, as an unreachable peer's.
grpc_socket_mutator* NewBindingMutator(const std::string& local_address);

}  // namespace nonet::rpc
