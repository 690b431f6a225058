// The shell with fake processes and a control plane played by the test.
#include "tools/supervisor/server/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/process/files.h"
#include "tests/contract/supervisor/loop_thread.h"
#include "tests/contract/supervisor/temp_dir.h"
#include "tools/supervisor/server/fake_launcher.h"

namespace nonet::supervisor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

watch::v1::Event ReplicaEvent(const std::string& id, const std::string& region) {
  watch::v1::Event event;
  resource::v1::Replica& replica = *event.mutable_replica();
  replica.set_name("resources/contoso/replicas/" + id);
  replica.set_location(region);
  replica.set_uid("uid-" + id);
  event.set_name(replica.name());
  return event;
}

watch::v1::Event ResourceEvent() {
  watch::v1::Event event;
  resource::v1::Resource& resource = *event.mutable_resource();
  resource.set_name("resources/contoso");
  resource.set_location("eastus");
  resource.set_uid("uid-contoso");
  event.set_name(resource.name());
  return event;
}

// Keeps what instances are told; answers when the test says so.
class FakeLinkPusher final : public LinkPusher {  // The loop thread only.
 public:
  void Push(const std::string& object, const std::string&, const fault::v1::LinkPlan& plan,
            Done done) override {
    calls.push_back({object, plan, std::move(done)});
  }
  // Answers all, and what follows from it.
  void AnswerAll(EventLoop& loop, absl::Status status = absl::OkStatus()) {
    for (FakeCall& call : std::exchange(calls, {})) {
      loop.Post([done = std::move(call.done), number = call.plan.number(), status]() mutable {
        status.ok() ? done(number) : done(status);
      });
    }
  }
  struct FakeCall {
    std::string object;
    fault::v1::LinkPlan plan;
    Done done;
  };
  std::vector<FakeCall> calls;
};

constexpr int64_t kDeadlineNs = 10 * kNanosPerSecond;

class SupervisorShell : public ::testing::Test {
 protected:
  SupervisorShell() {
    thread_.Call([&] { launcher_ = std::make_unique<FakeLauncher>(thread_.get()); });
    StartSupervisor();
  }
  ~SupervisorShell() override {
    thread_.Call([&] {
      supervisor_.reset();
      launcher_.reset();
    });
  }

  // A new life of the supervisor; the processes go on.
  void StartSupervisor(bool new_directory = true) {
    thread_.Call([&] {
      supervisor_.reset();
      launcher_->Unwatch();
      Supervisor::Options options;
      options.places = {.dir = dir_.path(), .program_dir = "/bin", .log_level = ""};
      options.new_directory = new_directory;
      options.follow = false;
      options.links = &pusher_;
      supervisor_ = std::make_unique<Supervisor>(thread_.get(), options, *launcher_, proc_, metrics_);
      started_ = supervisor_->Start();
    });
  }
  void Set(const std::string& name, const watch::v1::Event& event) { objects_[name] = event; }
  // Hands the objects over; the number of acknowledgements counts up once they have been carried out.
  void Apply(bool from_disk = false) {
    thread_.Call([&] {
      supervisor_->Apply(objects_, {.changed = {}, .removed = {}, .revision = 1, .from_disk = from_disk},
                         [this] { ++acknowledged_; });
    });
  }
  void TwoInstances() {
    Set("resources/contoso", ResourceEvent());
    Set("resources/contoso/replicas/westus", ReplicaEvent("westus", "westus"));
    Apply();
  }
  v1::Process ProcessCalled(const std::string& name) {
    return thread_.Call([&] {
      const v1::Cluster cluster = supervisor_->GetCluster();
      for (const v1::Process& process : cluster.processes()) {
        if (process.name() == name) return process;
      }
      return v1::Process();
    });
  }
  void WriteReadyFile(const std::string& stem, int32_t pid) {
    ASSERT_TRUE(WriteFileAtomic(dir_.path() + "/run/" + stem + ".json",
                                absl::StrCat("{\"pid\": ", pid, ", \"addresses\": {}}"))
                    .ok());
  }
  void AllReady() {
    for (const auto& [name, stem] : std::map<std::string, std::string>{{"controlplane", "controlplane"},
                                                                       {"dnsresolver", "dnsresolver"},
                                                                       {"contoso", "contoso__contoso"},
                                                                       {"westus", "contoso__westus"}}) {
      const v1::Process process = ProcessCalled(name);
      if (process.pid() != 0) WriteReadyFile(stem, process.pid());
    }
  }
  absl::Status WaitUntilReady(int64_t timeout_ns) {
    absl::Notification done;
    absl::Status status;
    thread_.Call([&] {
      supervisor_->WaitUntilReady(++waiter_, thread_.get().clock().SteadyNs() + timeout_ns,
                                  [&](absl::StatusOr<v1::Cluster> cluster) {
                                    status = cluster.status();
                                    done.Notify();
                                  });
    });
    done.WaitForNotification();
    return status;
  }
  bool ClusterFileExists() const { return std::filesystem::exists(dir_.path() + "/cluster.json"); }
  nlohmann::json ClusterJson() const {
    return nlohmann::json::parse(*ReadFile(dir_.path() + "/cluster.json"));
  }
  void KillProcess(const std::string& name) {
    const int32_t pid = ProcessCalled(name).pid();
    thread_.Call([&] { launcher_->End(pid, "killed by signal 9"); });
  }

  TempDir dir_;
  FakeProcReader proc_;
  FakeLinkPusher pusher_;
  Metrics metrics_;
  WatchClient::Objects objects_;
  int acknowledged_ = 0;  // The loop thread's.
  uint64_t waiter_ = 0;
  absl::Status started_;
  LoopThread thread_;
  std::unique_ptr<FakeLauncher> launcher_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(SupervisorShell, PassesEachProgramItsArguments) {
  TwoInstances();
  const std::vector<Command> launched = thread_.Call([&] { return launcher_->launched(); });
  ASSERT_EQ(launched.size(), 4u);
  EXPECT_EQ(launched[0].program, "/bin/nonet-controlplane");
  EXPECT_THAT(launched[0].arguments, Contains("--grpc_port=7800"));
  EXPECT_EQ(launched[1].program, "/bin/nonet-dnsresolver");
  EXPECT_THAT(launched[1].arguments, Contains("--dns_listen=127.0.0.1:7853"));
  EXPECT_THAT(launched[1].arguments, Contains("--ttl=1m30s"));
  EXPECT_EQ(launched[2].program, "/bin/nonet-replica");
  for (const char* argument : {"--name=resources/contoso", "--region=eastus", "--address=127.80.15.1",
                               "--controlplane=127.0.0.1:7800", "--generation=0"}) {
    EXPECT_THAT(launched[2].arguments, Contains(argument));
  }
  EXPECT_THAT(launched[2].arguments, Contains("--dir=" + dir_.path()));
  EXPECT_THAT(launched[2].arguments, Contains("--ready_file=" + dir_.path() + "/run/contoso__contoso.json"));
  EXPECT_EQ(launched[3].log_file, dir_.path() + "/logs/contoso__westus.log");
  EXPECT_TRUE(thread_.Eventually([&] { return acknowledged_ == 1; }));
}

TEST_F(SupervisorShell, AReadyFileWithTheRightPidMakesAProcessReady) {
  WriteReadyFile("controlplane", 1);
  WriteReadyFile("dnsresolver", ProcessCalled("dnsresolver").pid());
  EXPECT_TRUE(
      thread_.Eventually([&] { return supervisor_->GetCluster().processes(1).state() == v1::STATE_READY; }));
  EXPECT_EQ(ProcessCalled("controlplane").state(), v1::STATE_STARTING);
}

TEST_F(SupervisorShell, ClusterFileComesWithTheFirstReadinessAndFollowsEveryChange) {
  TwoInstances();
  EXPECT_FALSE(ClusterFileExists());
  AllReady();
  ASSERT_TRUE(WaitUntilReady(kDeadlineNs).ok());
  ASSERT_TRUE(ClusterFileExists());
  EXPECT_EQ(ClusterJson()["resources"][0]["instances"].size(), 2u);
  EXPECT_EQ(std::filesystem::status(dir_.path() + "/cluster.json").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Set("resources/contoso/replicas/northeurope", ReplicaEvent("northeurope", "northeurope"));
  Apply();
  EXPECT_TRUE(thread_.Eventually([&] { return acknowledged_ == 2; }));
  EXPECT_EQ(ClusterJson()["resources"][0]["instances"].size(), 3u);
}

TEST_F(SupervisorShell, AnEmptyNewClusterIsNotDescribedYet) {
  AllReady();
  ASSERT_TRUE(WaitUntilReady(kDeadlineNs).ok());
  EXPECT_FALSE(ClusterFileExists());
}

TEST_F(SupervisorShell, WaitingNamesWhatIsNotReady) {
  const absl::Status status = WaitUntilReady(0);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.message(), "not ready: controlplane (starting); dnsresolver (starting)");
}

TEST_F(SupervisorShell, AnswersWaitersWhenItCloses) {
  absl::Status status;
  thread_.Call([&] {
    supervisor_->WaitUntilReady(1, INT64_MAX, [&](absl::StatusOr<v1::Cluster> c) { status = c.status(); });
    supervisor_->Close();
  });
  EXPECT_EQ(ErrorReason(status), "SHUTTING_DOWN");
}

TEST_F(SupervisorShell, StartsACrashedProcessAgain) {
  const int32_t pid = ProcessCalled("controlplane").pid();
  KillProcess("controlplane");
  EXPECT_TRUE(thread_.Eventually([&] {
    const int32_t now = supervisor_->GetCluster().processes(0).pid();
    return now != 0 && now != pid;
  }));
  EXPECT_EQ(ProcessCalled("controlplane").restarts(), 1u);
}

TEST_F(SupervisorShell, TheNextOneAdoptsWhatRunsAndStartsWhatDied) {
  TwoInstances();
  AllReady();
  ASSERT_TRUE(WaitUntilReady(kDeadlineNs).ok());
  const int32_t contoso = ProcessCalled("contoso").pid();
  const int32_t westus = ProcessCalled("westus").pid();
  thread_.Call([&] {
    supervisor_.reset();  // As if killed: nothing is told.
    launcher_->Unwatch();
    launcher_->End(westus, "killed by signal 9");
  });
  const size_t launched = thread_.Call([&] { return launcher_->launched().size(); });
  StartSupervisor(/*new_directory=*/false);
  ASSERT_TRUE(started_.ok());
  EXPECT_EQ(thread_.Call([&] { return launcher_->launched().size(); }), launched + 1);
  EXPECT_EQ(ProcessCalled("contoso").pid(), contoso);
  EXPECT_EQ(ProcessCalled("contoso").state(), v1::STATE_READY);  // By its ready file.
  EXPECT_NE(ProcessCalled("westus").pid(), westus);
  EXPECT_EQ(ProcessCalled("westus").endpoint().host(), "127.80.55.1");
}

TEST_F(SupervisorShell, AnOldCopyOnDiskNeitherEndsNorRevivesInstances) {
  TwoInstances();
  StartSupervisor(/*new_directory=*/false);
  objects_.erase("resources/contoso/replicas/westus");
  Set("resources/contoso/replicas/deleted", ReplicaEvent("deleted", "northeurope"));
  Apply(/*from_disk=*/true);
  EXPECT_NE(ProcessCalled("westus").pid(), 0);
  EXPECT_EQ(ProcessCalled("deleted").pid(), 0);
}

TEST_F(SupervisorShell, FaultsSurviveIt) {
  TwoInstances();
  absl::Notification took_effect;
  thread_.Call([&] {
    supervisor_->SetRegionDown("westus", RegionDownMode::kRefuse, [&](absl::StatusOr<Fault> fault) {
      EXPECT_TRUE(fault.ok());
      took_effect.Notify();
    });
  });
  took_effect.WaitForNotification();
  EXPECT_EQ(ProcessCalled("westus").pid(), 0);
  StartSupervisor(/*new_directory=*/false);
  EXPECT_EQ(ProcessCalled("westus").state(), v1::STATE_HELD);
  EXPECT_EQ(thread_.Call([&] { return supervisor_->ListFaults().size(); }), 1u);
}

TEST_F(SupervisorShell, RefusesAStateFileItCannotRead) {
  ASSERT_TRUE(WriteFileAtomic(dir_.path() + "/supervisor/state.json", "{").ok());
  StartSupervisor();
  EXPECT_EQ(started_.code(), absl::StatusCode::kDataLoss);
}

TEST_F(SupervisorShell, RemovesTheStateOfADeletedInstanceOnly) {
  TwoInstances();
  for (const char* instance : {"contoso", "westus"}) {
    ASSERT_TRUE(MakeDirectories(dir_.path() + "/instances/contoso/" + instance).ok());
  }
  objects_.erase("resources/contoso/replicas/westus");
  Apply();
  EXPECT_TRUE(thread_.Eventually([&] { return acknowledged_ == 2; }));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() + "/instances/contoso/westus"));
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/instances/contoso/contoso"));
}

TEST_F(SupervisorShell, ShutdownEndsEverythingAndRemovesWhatDescribesIt) {
  TwoInstances();
  AllReady();
  ASSERT_TRUE(WaitUntilReady(kDeadlineNs).ok());
  bool done = false;
  thread_.Call([&] { supervisor_->Shutdown([&] { done = true; }); });
  EXPECT_TRUE(thread_.Eventually([&] { return done; }));
  EXPECT_TRUE(thread_.Call([&] { return launcher_->processes().empty(); }));
  EXPECT_FALSE(ClusterFileExists());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path() + "/run"));
}

TEST_F(SupervisorShell, EndsAStrayOfItsDirectory) {
  const Identity stray = thread_.Call([&] { return launcher_->StartElsewhere("/bin/nonet-replica"); });
  const Identity other = thread_.Call([&] { return launcher_->StartElsewhere("/bin/nonet-replica"); });
  proc_.processes[stray.pid] = {.stat = {.start_time = stray.start_time},
                                .arguments = {"/bin/nonet-replica", "--dir=" + dir_.path()}};
  proc_.processes[other.pid] = {.stat = {.start_time = other.start_time},
                                .arguments = {"/bin/nonet-replica", "--dir=/elsewhere"}};
  StartSupervisor(/*new_directory=*/false);
  thread_.Call([&] {
    EXPECT_FALSE(launcher_->processes().contains(stray.pid));
    EXPECT_TRUE(launcher_->processes().contains(other.pid));
  });
}

TEST(SupervisorValidate, RefusesObjectsItCannotRun) {
  EXPECT_TRUE(Supervisor::Validate(ResourceEvent()).ok());
  watch::v1::Event event = ReplicaEvent("westus", "atlantis");
  EXPECT_EQ(ErrorReason(Supervisor::Validate(event)), "UNKNOWN_REGION");
  event = ReplicaEvent("../..", "westus");
  EXPECT_EQ(ErrorReason(Supervisor::Validate(event)), "UNUSABLE_OBJECT");
  event = ReplicaEvent("westus", "westus");
  event.mutable_replica()->set_name("resources/contoso/replicas/other");
  EXPECT_THAT(std::string(Supervisor::Validate(event).message()), HasSubstr("other"));
}

TEST_F(SupervisorShell, InstancesBeginWithTheLinksAndAreToldOfChanges) {
  TwoInstances();
  const auto launched = thread_.Call([&] { return launcher_->launched(); });
  const std::string file = dir_.path() + "/supervisor/links.pb";
  EXPECT_THAT(launched[2].arguments, Contains("--links=" + file));
  EXPECT_THAT(launched[2].arguments, Contains("--when_full=drop-oldest"));
  EXPECT_THAT(launched[2].arguments, Contains("--joins_wait=2s"));
  const auto plan_in_file = [&] {
    fault::v1::LinkPlan plan;
    EXPECT_TRUE(plan.ParseFromString(*ReadFile(file)));
    return plan;
  };
  EXPECT_EQ(plan_in_file().faults_size(), 0);
  EXPECT_GT(plan_in_file().number(), 0u);
  AllReady();
  ASSERT_TRUE(WaitUntilReady(kDeadlineNs).ok());
  ASSERT_TRUE(thread_.Eventually([&] { return pusher_.calls.size() == 2; }));
  thread_.Call([&] { pusher_.AnswerAll(thread_.get()); });

  bool done = false;
  thread_.Call([&] {
    supervisor_->SetLinkFault(LinkFaultKind::kPartition, "eastus", "contoso/westus", false, 0,
                              [&](const absl::StatusOr<Fault>& fault) { done = fault.ok(); });
    EXPECT_FALSE(done) << "nobody does it yet";
    ASSERT_EQ(pusher_.calls.size(), 2u);
    EXPECT_EQ(pusher_.calls[0].object, "resources/contoso");
    EXPECT_EQ(pusher_.calls[0].plan.faults(0).b().instance(), "resources/contoso/replicas/westus");
  });
  EXPECT_EQ(plan_in_file().faults_size(), 1);
  thread_.Call([&] { pusher_.AnswerAll(thread_.get()); });
  EXPECT_TRUE(thread_.Eventually([&] { return done; }));
}

TEST_F(SupervisorShell, AnInstanceThatRestartsOrMissedTheLinksIsToldAgain) {
  TwoInstances();
  AllReady();
  ASSERT_TRUE(thread_.Eventually([&] { return pusher_.calls.size() == 2; }));
  // One that does not answer is asked again, and holds a verb up for two seconds at most.
  thread_.Call([&] { pusher_.AnswerAll(thread_.get(), absl::UnavailableError("not yet")); });
  EXPECT_TRUE(thread_.Eventually([&] { return pusher_.calls.size() == 2; }));
  thread_.Call([&] { pusher_.AnswerAll(thread_.get()); });
  KillProcess("westus");
  ASSERT_TRUE(thread_.Eventually([&] { return launcher_->launched().size() == 5; }));
  WriteReadyFile("contoso__westus", ProcessCalled("westus").pid());
  ASSERT_TRUE(thread_.Eventually([&] { return pusher_.calls.size() == 1; }));
  EXPECT_EQ(thread_.Call([&] { return pusher_.calls[0].object; }), "resources/contoso/replicas/westus");
}

}  // namespace
}  // namespace nonet::supervisor
