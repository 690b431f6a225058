#include "common/rpc/lone_poller.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/version_info.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace nonet::rpc {
namespace {

// How many threads gRPC's callbacks have: half as many as cores, and 2 to 16. Where that is not known to hold
// none is put to sleep.
int Pollers() {
  if (GRPC_CPP_VERSION_MAJOR != 1 || GRPC_CPP_VERSION_MINOR != 51) return 1;
  return std::clamp(static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)) / 2, 2, 16);
}

// A call that fails at once, and whose callback sleeps.
struct Sleeper {
  grpc::ClientContext context;
  grpc::Slice empty;
  grpc::ByteBuffer request{&empty, 1};
  grpc::ByteBuffer response;
};

}  // namespace

struct LonePoller::Impl {
  explicit Impl(int count) : sleepers(static_cast<size_t>(count)), asleep(count), awake(count) {}

  // Without credentials every call fails.
  const std::shared_ptr<grpc::Channel> channel = grpc::CreateChannel("", nullptr);
  grpc::GenericStub stub{channel};
  std::vector<Sleeper> sleepers;
  absl::BlockingCounter asleep;
  absl::Notification wake;
  absl::BlockingCounter awake;
};

LonePoller::LonePoller() : impl_(std::make_unique<Impl>(Pollers() - 1)) {
  for (Sleeper& sleeper : impl_->sleepers) {
    impl_->stub.UnaryCall(&sleeper.context, "/nonet.LonePoller/Sleep", grpc::StubOptions(), &sleeper.request,
                          &sleeper.response, [impl = impl_.get()](const grpc::Status&) {
                            impl->asleep.DecrementCount();
                            impl->wake.WaitForNotification();
                            impl->awake.DecrementCount();
                          });
  }
  impl_->asleep.Wait();
}

LonePoller::~LonePoller() {
  impl_->wake.Notify();
  impl_->awake.Wait();
}

}  // namespace nonet::rpc
