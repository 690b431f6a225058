// The supervisor's files: state, settings, cluster.json, ready files, the lock.
#include "common/process/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "tests/contract/supervisor/loop_thread.h"
#include "tests/contract/supervisor/temp_dir.h"
#include "tools/supervisor/server/cluster_file.h"
#include "tools/supervisor/server/directory_lock.h"
#include "tools/supervisor/server/ready_files.h"
#include "tools/supervisor/server/state_file.h"

namespace nonet::supervisor {
namespace {

using ::testing::HasSubstr;

State SomeState() {
  State state;
  state.processes.push_back({.key = kControlplaneKey,
                             .kind = ProcessKind::kControlplane,
                             .identity = {.pid = 7, .start_time = 18'446'744'073'709'551'615u},
                             .launches = 3});
  state.processes.push_back({.key = "resources/contoso/replicas/westus",
                             .instance = {.object = "resources/contoso/replicas/westus",
                                          .resource_id = "contoso",
                                          .replica_id = "westus",
                                          .region = "westus",
                                          .uid = "u",
                                          .generation = 2,
                                          .stopped = true},
                             .address = "127.80.51.1",
                             .generation = 1,
                             .blackhole = true,
                             .start_wall_ns = 1'700'000'000'000'000'001});
  state.faults.push_back(
      {.kind = Fault::Kind::kRegionDown, .subject = "eastus", .mode = RegionDownMode::kHang});
  state.faults.push_back({.kind = Fault::Kind::kPause, .subject = "resources/contoso"});
  state.faults.push_back({.kind = Fault::Kind::kKill, .subject = kDnsresolverKey, .start_wall_ns = 5});
  state.faults.push_back({.kind = Fault::Kind::kLink,
                          .subject = "loss",
                          .link = {.kind = LinkFaultKind::kLoss,
                                   .a = {.kind = LinkSide::Kind::kClients},
                                   .b = {.kind = LinkSide::Kind::kInstance, .name = "resources/contoso"},
                                   .one_way = true,
                                   .amount = 50'000}});
  state.released.push_back({.address = "127.80.1.1", .wall_ns = 99});
  return state;
}

TEST(StateFile, ComesBackAsItWasWritten) {
  const std::string text = EncodeState(SomeState());
  const absl::StatusOr<State> state = DecodeState(text, "state.json");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(EncodeState(*state), text);
  EXPECT_EQ(state->processes[1].instance, SomeState().processes[1].instance);
  EXPECT_EQ(state->processes[0].identity, SomeState().processes[0].identity);
  EXPECT_EQ(state->faults[0].mode, RegionDownMode::kHang);
  EXPECT_EQ(state->faults[3].link, SomeState().faults[3].link);
}

TEST(StateFile, NamesTheFileThatCannotBeRead) {
  for (std::string text :
       {std::string(""), std::string("{"), std::string("[]"), std::string("{\"version\": 2}"),
        std::string("{\"version\": 1}"), EncodeState(SomeState()).substr(0, 100)}) {
    const absl::Status status = DecodeState(text, "/d/state.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("/d/state.json"));
  }
  auto json = nlohmann::json::parse(EncodeState(SomeState()));
  json["processes"][0]["pid"] = "seven";
  EXPECT_THAT(std::string(DecodeState(json.dump(), "f").status().message()), HasSubstr("pid"));
  json = nlohmann::json::parse(EncodeState(SomeState()));
  json["faults"][0]["kind"] = "earthquake";
  EXPECT_THAT(std::string(DecodeState(json.dump(), "f").status().message()), HasSubstr("earthquake"));
  json = nlohmann::json::parse(EncodeState(SomeState()));
  json["faults"][3]["link"]["a"]["kind"] = "moon";
  EXPECT_THAT(std::string(DecodeState(json.dump(), "f").status().message()), HasSubstr("moon"));
}

TEST(SettingsFile, ComesBackAsItWasWritten) {
  Settings settings;
  settings.net = "127.91";
  settings.dns_listen = {"127.91.0.53:53"};
  settings.ttl_ns = 5 * kNanosPerSecond;
  settings.open = true;
  settings.resolver_flags = {"rrl=0", "probe_status=200-299,301"};
  settings.when_full = "refuse";
  settings.joins_wait_ns = 0;
  EXPECT_EQ(*DecodeSettings(EncodeSettings(settings), "f"), settings);
  EXPECT_EQ(DecodeSettings("{}", "f").status().code(), absl::StatusCode::kDataLoss);
  auto before = nlohmann::json::parse(EncodeSettings(settings));
  before.erase("open");
  before.erase("resolverFlags");
  before.erase("whenFull");
  before.erase("joinsWaitNs");
  EXPECT_FALSE(DecodeSettings(before.dump(), "f")->open);
  EXPECT_EQ(DecodeSettings(before.dump(), "f")->joins_wait_ns, Settings().joins_wait_ns);
}

std::map<std::string, watch::v1::Event> SomeObjects() {
  std::map<std::string, watch::v1::Event> objects;
  resource::v1::Resource& resource = *objects["resources/contoso"].mutable_resource();
  resource.set_name("resources/contoso");
  resource.set_resource_group("nonet");
  resource.set_subscription("00000000-0000-0000-0000-000000000000");
  resource.set_location("eastus");
  resource.set_host_name("contoso.webpubsub.test");
  resource.mutable_instance()->set_host_name("contoso-eastus-00000001.webpubsub.test");
  resource::v1::Replica& replica = *objects["resources/contoso/replicas/westus"].mutable_replica();
  replica.set_name("resources/contoso/replicas/westus");
  replica.set_location("westus");
  replica.mutable_instance()->set_host_name("contoso-westus-00000002.webpubsub.test");
  objects["resources/contoso/keys"].mutable_access_keys()->set_primary_key("secret");
  return objects;
}

TEST(ClusterFile, HasTheDocumentedShape) {
  Settings settings;
  settings.base_port = 9000;
  const std::vector<ProcessView> processes = {
      {.key = "resources/contoso", .identity = {.pid = 7}, .address = "127.80.15.1"},
      {.key = "resources/contoso/replicas/westus", .address = "127.80.51.1"}};
  const auto actual = nlohmann::json::parse(RenderClusterFile(settings, "/d", processes, SomeObjects()));
  const auto expected = nlohmann::json::parse(R"({
    "cluster": "contoso",
    "controlplane": {"grpc": "127.0.0.1:9000", "http": "http://127.0.0.1:9001",
                     "https": "https://127.0.0.1:9002", "admin": "127.0.0.1:9003", "armTokenFile": "/d/token"},
    "dns": {"address": "127.0.0.1:9053", "grpc": "127.0.0.1:9054", "admin": "127.0.0.1:9055"},
    "supervisor": {"grpc": "127.0.0.1:9010", "admin": "127.0.0.1:9011"},
    "caFile": "/d/ca.pem",
    "peerTls": false,
    "resources": [{
      "name": "contoso", "resourceGroup": "nonet", "subscription": "00000000-0000-0000-0000-000000000000",
      "hostName": "contoso.webpubsub.test",
      "connectionString": "Endpoint=https://contoso.webpubsub.test:8443;AccessKey=secret;Version=1.0;",
      "httpConnectionString": "Endpoint=http://contoso.webpubsub.test:8080;AccessKey=secret;Version=1.0;",
      "instances": [
        {"name": "contoso", "role": "primary", "region": "eastus",
         "hostName": "contoso-eastus-00000001.webpubsub.test", "address": "127.80.15.1",
         "http": "http://127.80.15.1:8080", "https": "https://127.80.15.1:8443", "grpc": "127.80.15.1:8081", "peer": "127.80.15.1:8083",
         "admin": "127.80.15.1:8082", "pid": 7},
        {"name": "westus", "role": "replica", "region": "westus",
         "hostName": "contoso-westus-00000002.webpubsub.test", "address": "127.80.51.1",
         "http": "http://127.80.51.1:8080", "https": "https://127.80.51.1:8443", "grpc": "127.80.51.1:8081", "peer": "127.80.51.1:8083",
         "admin": "127.80.51.1:8082", "pid": null}]}]})");
  EXPECT_EQ(actual, expected) << actual.dump(2);
}

TEST(ClusterFile, NamesNoTokenWhereNoneIsNeeded) {
  Settings settings;
  settings.open = true;
  const auto file = nlohmann::json::parse(RenderClusterFile(settings, "/d", {}, {}));
  EXPECT_TRUE(file["controlplane"]["armTokenFile"].is_null());
}

TEST(ClusterFile, LeavesOutWhatIsBeingDeleted) {
  auto objects = SomeObjects();
  objects["resources/contoso/replicas/westus"].mutable_replica()->set_provisioning_state(
      resource::v1::PROVISIONING_STATE_DELETING);
  auto file = nlohmann::json::parse(RenderClusterFile({}, "/d", {}, objects));
  EXPECT_EQ(file["resources"][0]["instances"].size(), 1u);
  objects["resources/contoso"].mutable_resource()->set_provisioning_state(
      resource::v1::PROVISIONING_STATE_DELETING);
  file = nlohmann::json::parse(RenderClusterFile({}, "/d", {}, objects));
  EXPECT_TRUE(file["resources"].empty());
}

TEST(DirectoryLock, ASecondSupervisorIsRefusedByNameUntilTheFirstEnds) {
  TempDir dir;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> first = DirectoryLock::Take(dir.path());
  ASSERT_TRUE(first.ok());
  const absl::Status second = DirectoryLock::Take(dir.path()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(second), "ALREADY_RUNNING");
  EXPECT_THAT(std::string(second.message()), HasSubstr(dir.path()));
  EXPECT_THAT(std::string(second.message()), HasSubstr(std::to_string(getpid())));
  first->reset();
  EXPECT_TRUE(DirectoryLock::Take(dir.path()).ok());
}

TEST(ReadyFiles, TellsANewFileAndReadsItsPid) {
  TempDir dir;
  LoopThread thread;
  std::vector<std::string> seen;
  std::unique_ptr<ReadyFiles> files;
  thread.Call([&] {
    files =
        *ReadyFiles::Watch(thread.get(), dir.path(), [&](const std::string& stem) { seen.push_back(stem); });
  });
  ASSERT_TRUE(WriteFileAtomic(dir.path() + "/contoso__westus.json", R"({"pid": 42, "addresses": {}})").ok());
  EXPECT_TRUE(thread.Eventually(
      [&] { return std::find(seen.begin(), seen.end(), "contoso__westus") != seen.end(); }));
  thread.Call([&] {
    EXPECT_EQ(*files->ReadPid("contoso__westus"), 42);
    EXPECT_EQ(files->ReadPid("nobody").status().code(), absl::StatusCode::kNotFound);
  });
  ASSERT_TRUE(WriteFileAtomic(dir.path() + "/broken.json", "{").ok());
  thread.Call([&] {
    EXPECT_EQ(files->ReadPid("broken").status().code(), absl::StatusCode::kInvalidArgument);
    files.reset();
  });
}

TEST(ReadyFiles, AMissingDirectoryIsAnError) {
  LoopThread thread;
  thread.Call([&] { EXPECT_FALSE(ReadyFiles::Watch(thread.get(), "/missing/run", {}).ok()); });
}

}  // namespace
}  // namespace nonet::supervisor
