// The gRPC server and channel: health, reflection, addresses, reconnecting, stopping.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/clock/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/complete_here.h"
#include "common/rpc/lone_poller.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/rpc/token_guard.h"
#include "nonet/fault/v1/fault.grpc.pb.h"

namespace nonet::rpc {
namespace {

gpr_timespec After(int64_t ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

// Answers any unary call by hand: no stubs of health or reflection are needed.
struct Answer {
  grpc::Status status;
  std::string bytes;
};

Answer CallUnary(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::string& request, int64_t deadline_ms = 5000) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(After(deadline_ms));
  context.set_wait_for_ready(true);
  const grpc::Slice slice(request);
  grpc::ByteBuffer out(&slice, 1);
  grpc::ByteBuffer in;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, out, &queue);
  call->StartCall();
  Answer answer;
  call->Finish(&in, &answer.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (answer.status.ok()) {
    std::vector<grpc::Slice> slices;
    in.Dump(&slices);
    for (const auto& each : slices)
      answer.bytes.append(reinterpret_cast<const char*>(each.begin()), each.size());
  }
  return answer;
}

// grpc.health.v1.HealthCheckResponse with status SERVING (1) or NOT_SERVING (2).
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";
constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";

TEST(RpcServer, AnswersHealthChecks) {
  auto server = Server::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto channel = MakeChannel((*server)->address());
  EXPECT_EQ(CallUnary(channel, kHealthCheck, "").bytes, kServing);
  (*server)->SetServing(false);
  EXPECT_EQ(CallUnary(channel, kHealthCheck, "").bytes, kNotServing);
}

TEST(RpcServer, ReflectsItself) {
  auto server = Server::Start({}, {});
  ASSERT_TRUE(server.ok());
  // One ListServices request (field 7) over the bidirectional stream, whose answer fits one message.
  const Answer answer =
      CallUnary(MakeChannel((*server)->address()),
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", std::string("\x3a\x00", 2));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.bytes, testing::HasSubstr("grpc.health.v1.Health"));
}

TEST(RpcServer, TellsOfItsChannelsWhereAsked) {
  auto server = Server::Start({.channelz = true}, {});
  ASSERT_TRUE(server.ok());
  const Answer answer =
      CallUnary(MakeChannel((*server)->address()), "/grpc.channelz.v1.Channelz/GetServers", "");
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_NE(answer.bytes, "");
}

TEST(RpcServer, IsServedOnLoopbackOnly) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "localhost", ""}) {
    EXPECT_EQ(Server::Start({.address = address}, {}).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
  const auto other = Server::Start({.address = "127.9.9.9"}, {});
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->address(), absl::StrCat("127.9.9.9:", (*other)->port()));
}

TEST(RpcServer, DoesNotShareItsPort) {
  const auto first = Server::Start({}, {});
  ASSERT_TRUE(first.ok());
  const auto second = Server::Start({.port = (*first)->port()}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

TEST(RpcServer, ShutsDownOnceAndTellsWhenAsked) {
  auto server = Server::Start({}, {});
  ASSERT_TRUE(server.ok());
  absl::Notification done;
  (*server)->ShutdownAsync(kNanosPerSecond, [&] { done.Notify(); });
  done.WaitForNotification();
  (*server)->Shutdown(0);
  const auto again = Server::Start({.port = (*server)->port()}, {});  // The port is free again.
  EXPECT_TRUE(again.ok()) << again.status();
}

// ---- The bearer token ----

constexpr char kToken[] = "0123456789abcdef";
constexpr char kRead[] = "/nonet.fault.v1.FaultService/ListFaults";
constexpr char kChange[] = "/nonet.fault.v1.FaultService/ClearFaults";

class Counts final : public fault::v1::FaultService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ListFaults(grpc::CallbackServerContext* context, const google::protobuf::Empty*,
                                       fault::v1::ListFaultsResponse*) override {
    return Done(context);
  }
  grpc::ServerUnaryReactor* ClearFaults(grpc::CallbackServerContext* context, const google::protobuf::Empty*,
                                        fault::v1::ListFaultsResponse*) override {
    ++changes;
    return Done(context);
  }
  std::atomic<int> changes{0};

 private:
  static grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

TEST(RpcToken, GuardsChangesAndLeavesReadsOpen) {
  Counts service;
  const auto server = Server::Start({.token = kToken}, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string target = (*server)->address();
  const auto anonymous = MakeChannel(target);
  EXPECT_TRUE(CallUnary(anonymous, kRead, "").status.ok());
  EXPECT_TRUE(CallUnary(anonymous, kHealthCheck, "").status.ok());
  const absl::Status missing = FromGrpc(CallUnary(anonymous, kChange, "").status, "the supervisor");
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(missing), "TOKEN_MISSING");
  EXPECT_THAT(GetErrorDetails(missing).next_step, testing::HasSubstr("armTokenFile"));
  EXPECT_THAT(std::string(missing.message()), testing::Not(testing::HasSubstr("try:")));

  const absl::Status wrong =
      FromGrpc(CallUnary(MakeChannel(target, {.token = "other"}), kChange, "").status, "the supervisor");
  EXPECT_EQ(ErrorReason(wrong), "TOKEN_REFUSED");
  EXPECT_EQ(service.changes, 0);

  EXPECT_TRUE(CallUnary(MakeChannel(target, {.token = kToken}), kChange, "").status.ok());
  EXPECT_EQ(service.changes, 1);
}

TEST(RpcToken, GuardsWhatIsNotThereAsWell) {
  const auto server = Server::Start({.token = kToken}, {});
  ASSERT_TRUE(server.ok());
  const auto call = [&](const char* method, const char* token) {
    return CallUnary(MakeChannel((*server)->address(), {.token = token}), method, "").status.error_code();
  };
  EXPECT_EQ(call("/nonet.x.v1.Service/Purge", ""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(call("/nonet.x.v1.Service/Purge", kToken), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(RpcToken, WithoutOneEverybodyMayChange) {
  Counts service;
  const auto server = Server::Start({}, {&service});
  ASSERT_TRUE(server.ok());
  EXPECT_TRUE(CallUnary(MakeChannel((*server)->address()), kChange, "").status.ok());
}

TEST(RpcToken, CallsAReadWhatBeginsWithAReadsVerb) {
  for (const char* read :
       {"/s/GetResource", "/s/ListReplicas", "/s/Watch", "/s/WatchEvents", "/s/WaitUntilReady", "/s/Resolve",
        "/s/Explain", "/s/DiffTables", "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    EXPECT_TRUE(IsRead(read)) << read;
  }
  for (const char* change : {"/s/CreateResource", "/s/Getaway", "/s/Listen", "/s/Kill", "/s/SetRegionDown",
                             "", "GetResource", "/s/", "/s/ResumeGet", "/grpc.health.v1.Healthy/Bury"}) {
    EXPECT_FALSE(IsRead(change)) << change;
  }
}

TEST(RpcChannel, ReconnectsQuicklyToAServerThatComesBack) {
  auto server = Server::Start({}, {});
  ASSERT_TRUE(server.ok());
  const uint16_t port = (*server)->port();
  const auto channel = MakeChannel((*server)->address());
  EXPECT_TRUE(CallUnary(channel, kHealthCheck, "").status.ok());
  server->reset();
  EXPECT_EQ(CallUnary(channel, kHealthCheck, "", 200).status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  server = Server::Start({.port = port}, {});
  ASSERT_TRUE(server.ok());
  EXPECT_TRUE(CallUnary(channel, kHealthCheck, "", 4000).status.ok());
}

// The threads that the callbacks of `count` calls, which fail at once, run on.
std::set<std::thread::id> ThreadsOfCallbacks(int count) {
  struct Call {
    grpc::ClientContext context;
    grpc::Slice empty;
    grpc::ByteBuffer request{&empty, 1};
    grpc::ByteBuffer response;
  };
  const auto channel = grpc::CreateChannel("", nullptr);
  grpc::GenericStub stub(channel);
  std::vector<Call> calls(static_cast<size_t>(count));
  absl::Mutex mu;
  std::set<std::thread::id> threads;
  absl::BlockingCounter ended(count);
  for (Call& call : calls) {
    stub.UnaryCall(&call.context, "/nonet.Test/Call", grpc::StubOptions(), &call.request, &call.response,
                   [&](const grpc::Status&) {
                     {
                       absl::MutexLock lock(&mu);
                       threads.insert(std::this_thread::get_id());
                     }
                     ended.DecrementCount();
                   });
  }
  ended.Wait();
  return threads;
}

TEST(LonePoller, LeavesCallbacksToOneThread) {
  for (int i = 0; i < 3; ++i) {
    const LonePoller poller;
    EXPECT_EQ(ThreadsOfCallbacks(500).size(), 1u);
    EXPECT_EQ(ThreadsOfCallbacks(500).size(), 1u);
  }
  while (ThreadsOfCallbacks(500).size() == 1) {  // They poll again.
  }
}

// A call that fails at once.
struct FailingCall {
  grpc::ClientContext context;
  grpc::Slice empty;
  grpc::ByteBuffer request{&empty, 1};
  grpc::ByteBuffer response;
  absl::Notification done;
  std::thread::id thread;

  void Start(grpc::GenericStub& stub) {
    stub.UnaryCall(&context, "/nonet.Test/Call", grpc::StubOptions(), &request, &response,
                   [this](const grpc::Status&) {
                     thread = std::this_thread::get_id();
                     done.Notify();
                   });
  }
};

TEST(CompleteHere, RunsTheFirstCallbackThatIsDueHere) {
  const auto channel = grpc::CreateChannel("", nullptr);
  grpc::GenericStub stub(channel);
  for (int i = 0; i < 100; ++i) {
    FailingCall before, first, second;
    before.Start(stub);
    {
      const CompleteHere here;
      first.Start(stub);
      second.Start(stub);
      EXPECT_FALSE(first.done.HasBeenNotified());
    }
    EXPECT_TRUE(first.done.HasBeenNotified());
    EXPECT_EQ(first.thread, std::this_thread::get_id());
    for (FailingCall* call : {&before, &second}) {
      call->done.WaitForNotification();
      EXPECT_NE(call->thread, std::this_thread::get_id());
    }
  }
}

}  // namespace
}  // namespace nonet::rpc
