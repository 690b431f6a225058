// SupervisorService and FaultService over gRPC. Each call is posted to the loop; answers come from there.
#pragma once

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/loop/event_loop.h"
#include "tools/supervisor/server/supervisor.h"

namespace grpc {
class Service;
}

namespace nonet::supervisor {

class Services {
 public:
  // The loop and the supervisor outlive it. `exit` is called on the loop once a Shutdown has been answered.
  static std::unique_ptr<Services> Make(EventLoop& loop, Supervisor& supervisor,
                                        absl::AnyInvocable<void()> exit);
  virtual ~Services() = default;
  virtual std::vector<grpc::Service*> All() = 0;
};

}  // namespace nonet::supervisor
