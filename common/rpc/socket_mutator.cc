#include "common/rpc/socket_mutator.h"

#include <arpa/inet.h>
#include <grpc/support/sync.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "absl/strings/str_cat.h"

// gRPC's own names, layouts and signatures.
enum grpc_fd_usage {  // NOLINT
  GRPC_FD_CLIENT_CONNECTION_USAGE,
  GRPC_FD_SERVER_LISTENER_USAGE,
  GRPC_FD_SERVER_CONNECTION_USAGE,
};
struct grpc_mutate_socket_info {
  int fd;
  grpc_fd_usage usage;
};
struct grpc_socket_mutator_vtable {
  bool (*mutate_fd)(int fd, grpc_socket_mutator* mutator);
  int (*compare)(grpc_socket_mutator* a, grpc_socket_mutator* b);
  void (*destroy)(grpc_socket_mutator* mutator);
  bool (*mutate_fd_2)(const grpc_mutate_socket_info* info, grpc_socket_mutator* mutator);
};
struct grpc_socket_mutator {
  const grpc_socket_mutator_vtable* vtable;
  gpr_refcount refcount;
};
void grpc_socket_mutator_init(grpc_socket_mutator* mutator, const grpc_socket_mutator_vtable* vtable);

namespace nonet::rpc {
namespace {

struct Mutator : grpc_socket_mutator {
  std::string address;  // Of the source; any where empty.
};

// A model-based congestion control paces; between processes of one machine, or within one network, that only
// costs. Where the kernel has no cubic, its default stays. What a listener accepts inherits it.
void SetCongestionControl(int fd) {
  constexpr char kCongestionControl[] = "cubic";
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCongestionControl, sizeof(kCongestionControl) - 1);
}

// gRPC connects to IPv4 peers over dual-stack sockets: the source is then an IPv4-mapped IPv6 address.
bool Bind(int fd, const std::string& address) {
  int family = 0;
  socklen_t size = sizeof(family);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return false;
  if (family == AF_INET) {
    sockaddr_in source{};
    source.sin_family = AF_INET;
    if (inet_pton(AF_INET, address.c_str(), &source.sin_addr) != 1) return false;
    return bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) == 0;
  }
  if (family != AF_INET6) return true;  // A unix socket has no region.
  sockaddr_in6 source{};
  source.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, address.c_str(), &source.sin6_addr) != 1 &&
      inet_pton(AF_INET6, absl::StrCat("::ffff:", address).c_str(), &source.sin6_addr) != 1) {
    return false;
  }
  return bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) == 0;
}

const grpc_socket_mutator_vtable kVtable = {
    .mutate_fd =
        [](int fd, grpc_socket_mutator* self) {
          SetCongestionControl(fd);
          const std::string& address = static_cast<Mutator*>(self)->address;
          return address.empty() || Bind(fd, address);
        },
    .compare =
        [](grpc_socket_mutator* a, grpc_socket_mutator* b) {
          return static_cast<Mutator*>(a)->address.compare(static_cast<Mutator*>(b)->address);
        },
    .destroy = [](grpc_socket_mutator* self) { delete static_cast<Mutator*>(self); },
    .mutate_fd_2 = nullptr,
};

}  // namespace

grpc_socket_mutator* NewSocketMutator(const std::string& local_address) {
  auto* mutator = new Mutator;
  mutator->address = local_address;
  grpc_socket_mutator_init(mutator, &kVtable);
  return mutator;
}

}  // namespace nonet::rpc
