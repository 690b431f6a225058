#include "common/rpc/socket_mutator.h"

#include <grpc/support/sync.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

// A model-based congestion control paces; between processes of one machine, or within one network, that only
// costs. Where the kernel has no cubic, its default stays. What a listener accepts inherits it.
void SetCongestionControl(int fd) {
  constexpr char kCongestionControl[] = "cubic";
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCongestionControl, sizeof(kCongestionControl) - 1);
}

// All are alike.
const grpc_socket_mutator_vtable kVtable = {
    .mutate_fd =
        [](int fd, grpc_socket_mutator*) {
          SetCongestionControl(fd);
          return true;
        },
    .compare = [](grpc_socket_mutator*, grpc_socket_mutator*) { return 0; },
    .destroy = [](grpc_socket_mutator* self) { delete self; },
    .mutate_fd_2 = nullptr,
};

}  // namespace

grpc_socket_mutator* NewSocketMutator() {
  auto* mutator = new grpc_socket_mutator;
  grpc_socket_mutator_init(mutator, &kVtable);
  return mutator;
}

}  // namespace nonet::rpc
