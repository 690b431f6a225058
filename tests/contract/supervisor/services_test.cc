// SupervisorService and FaultService over a loopback port, with fake processes behind them.
#include "tools/supervisor/server/services.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/process/files.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "nonet/fault/v1/fault.grpc.pb.h"
#include "nonet/supervisor/v1/supervisor.grpc.pb.h"
#include "tests/contract/supervisor/loop_thread.h"
#include "tests/contract/supervisor/temp_dir.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/server/fake_launcher.h"

namespace nonet::supervisor {
namespace {

using google::protobuf::Empty;
using ::testing::HasSubstr;

class SupervisorServices : public ::testing::Test {
 protected:
  SupervisorServices() {
    thread_.Call([&] {
      launcher_ = std::make_unique<FakeLauncher>(thread_.get());
      Supervisor::Options options;
      options.places = {.dir = dir_.path(), .program_dir = "/bin", .log_level = ""};
      options.follow = false;
      supervisor_ = std::make_unique<Supervisor>(thread_.get(), options, *launcher_, proc_, metrics_);
      EXPECT_TRUE(supervisor_->Start().ok());
      services_ = Services::Make(thread_.get(), *supervisor_, [this] { exited_ = true; });
    });
    server_ = *rpc::Server::Start({}, services_->All());
    const auto channel = rpc::MakeChannel(server_->address());
    supervisor_stub_ = v1::SupervisorService::NewStub(channel);
    fault_stub_ = fault::v1::FaultService::NewStub(channel);
  }
  ~SupervisorServices() override {
    thread_.Call([&] { supervisor_->Close(); });
    server_.reset();
    thread_.Call([&] {
      services_.reset();
      supervisor_.reset();
      launcher_.reset();
    });
  }
  static void SetDeadline(grpc::ClientContext& context, std::chrono::milliseconds after) {
    const int64_t at = RealClock().WallNs() + std::chrono::nanoseconds(after).count();
    context.set_deadline(std::chrono::system_clock::time_point(std::chrono::nanoseconds(at)));
  }

  TempDir dir_;
  FakeProcReader proc_;
  Metrics metrics_;
  LoopThread thread_;
  bool exited_ = false;  // The loop thread's.
  std::unique_ptr<FakeLauncher> launcher_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::SupervisorService::Stub> supervisor_stub_;
  std::unique_ptr<fault::v1::FaultService::Stub> fault_stub_;
};

TEST_F(SupervisorServices, GetClusterListsProcessesAndAddresses) {
  grpc::ClientContext context;
  v1::Cluster cluster;
  ASSERT_TRUE(supervisor_stub_->GetCluster(&context, {}, &cluster).ok());
  ASSERT_EQ(cluster.processes_size(), 2);
  EXPECT_EQ(cluster.processes(0).name(), "controlplane");
  EXPECT_GT(cluster.processes(0).pid(), 0);
  EXPECT_EQ(cluster.processes(0).endpoint().grpc_port(), 7800u);
  EXPECT_EQ(cluster.addresses().dns(), "127.0.0.1:7853");
  EXPECT_EQ(cluster.dir(), dir_.path());
}

TEST_F(SupervisorServices, WaitUntilReadyNamesWhatIsMissingBeforeTheCallersDeadline) {
  absl::Status status;
  // Longer and longer, for a machine that stands still between the answer and the deadline.
  for (int64_t ms = 400; ms < 20'000 && ErrorReason(status).empty(); ms *= 2) {
    grpc::ClientContext context;
    SetDeadline(context, std::chrono::milliseconds(ms));
    v1::Cluster cluster;
    status = rpc::FromGrpc(supervisor_stub_->WaitUntilReady(&context, {}, &cluster));
  }
  EXPECT_EQ(ErrorReason(status), "NOT_READY");
  EXPECT_THAT(std::string(status.message()), HasSubstr("controlplane (starting)"));
}

TEST_F(SupervisorServices, AnUnknownProcessIsNotFoundWithTheNamesThereAre) {
  grpc::ClientContext context;
  fault::v1::KillRequest request;
  request.set_process("nobody");
  fault::v1::Fault fault;
  const absl::Status status = rpc::FromGrpc(fault_stub_->Kill(&context, request, &fault));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("controlplane, dnsresolver"));
}

TEST_F(SupervisorServices, AHeldKillIsListedAndCleared) {
  fault::v1::KillRequest request;
  request.set_process("controlplane");
  request.set_hold(true);
  fault::v1::Fault fault;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(fault_stub_->Kill(&context, request, &fault).ok());
  }
  EXPECT_EQ(fault.name(), "kill/controlplane");
  EXPECT_EQ(fault.held_process(), "controlplane");
  EXPECT_GT(fault.start_time().seconds(), 0);
  fault::v1::ListFaultsResponse listed, cleared, after;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(fault_stub_->ListFaults(&context, {}, &listed).ok());
  }
  ASSERT_EQ(listed.faults_size(), 1);
  // The answer waits until what was held is ready again.
  std::future<bool> clearing = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    SetDeadline(context, std::chrono::seconds(30));
    return fault_stub_->ClearFaults(&context, {}, &cleared).ok();
  });
  int32_t pid = 0;
  while (pid == 0) {  // Bounded by the test's own time limit.
    pid = thread_.Call([&] { return supervisor_->GetCluster().processes(0).pid(); });
  }
  EXPECT_EQ(clearing.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_TRUE(WriteFileAtomic(dir_.path() + "/run/controlplane.json",
                              absl::StrCat("{\"pid\": ", pid, ", \"addresses\": {}}"))
                  .ok());
  EXPECT_TRUE(clearing.get());
  EXPECT_EQ(cleared.faults_size(), 1);
  grpc::ClientContext context;
  ASSERT_TRUE(fault_stub_->ListFaults(&context, {}, &after).ok());
  EXPECT_EQ(after.faults_size(), 0);
}

TEST_F(SupervisorServices, AnUnknownModeIsRefused) {
  grpc::ClientContext context;
  fault::v1::SetRegionDownRequest request;
  request.set_region("eastus");
  request.set_mode(static_cast<fault::v1::RegionDownMode>(9));
  fault::v1::Fault fault;
  EXPECT_EQ(fault_stub_->SetRegionDown(&context, request, &fault).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SupervisorServices, WatchEventsTellsHistoryThenWhatHappens) {
  grpc::ClientContext context;
  const auto reader = supervisor_stub_->WatchEvents(&context, {});
  v1::ProcessEvent event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.name(), "controlplane");
  EXPECT_EQ(event.what(), "started");
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.name(), "dnsresolver");
  thread_.Call(
      [&] { supervisor_->SetRegionDown("eastus", RegionDownMode::kHang, [](absl::StatusOr<Fault>) {}); });
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.name(), "region-down/eastus");
  EXPECT_EQ(event.what(), "fault set");
  EXPECT_EQ(event.detail(), "mode hang");
  context.TryCancel();
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(SupervisorServices, ShutdownAnswersWhenNothingRunsAnyMoreAndThenExits) {
  {
    grpc::ClientContext context;
    Empty response;
    ASSERT_TRUE(supervisor_stub_->Shutdown(&context, {}, &response).ok());
  }
  thread_.Call([&] { EXPECT_TRUE(launcher_->processes().empty()); });
  EXPECT_TRUE(thread_.Eventually([&] { return exited_; }));
}

class CountingSubscriber final : public EventSubscriber {
 public:
  void OnEvent(const v1::ProcessEvent& event) override { names.push_back(event.name()); }
  void OnClose(const absl::Status& why) override { closed = why; }
  std::vector<std::string> names;
  absl::Status closed;
};

TEST(EventHub, KeepsTheLastThousandAndBoundsItsSubscribers) {
  EventHub hub;
  for (size_t i = 0; i < kEventHistoryMax + 5; ++i) {
    v1::ProcessEvent event;
    event.mutable_time()->set_seconds(static_cast<int64_t>(i) + 1);
    event.set_name(std::to_string(i));
    hub.Publish(std::move(event));
  }
  std::vector<CountingSubscriber> subscribers(kEventSubscribersMax + 1);
  for (size_t i = 0; i < kEventSubscribersMax; ++i) EXPECT_TRUE(hub.Subscribe(&subscribers[i], 0).ok());
  EXPECT_EQ(hub.Subscribe(&subscribers.back(), 0).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(subscribers[0].names.size(), kEventHistoryMax);
  EXPECT_EQ(subscribers[0].names.front(), "5");
  hub.Unsubscribe(&subscribers[0]);
  EXPECT_TRUE(hub.Subscribe(&subscribers.back(), 1'000 * kNanosPerSecond).ok());
  EXPECT_EQ(subscribers.back().names.size(), 5u);  // Those after second 1,000.
  hub.Close();
  EXPECT_FALSE(subscribers.back().closed.ok());
  EXPECT_TRUE(subscribers[0].closed.ok());
}

}  // namespace
}  // namespace nonet::supervisor
