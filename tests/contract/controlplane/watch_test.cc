// Service and watch over a loopback port, with the WatchClient that every subscriber uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "controlplane/store/memory_store.h"
#include "controlplane/store/rocksdb_store.h"
#include "tests/contract/controlplane/rig.h"
#include "tests/contract/controlplane/temp_dir.h"

namespace nonet::controlplane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using watch::v1::ROLE_DNSRESOLVER;
using watch::v1::ROLE_INSTANCE;
using watch::v1::ROLE_SUPERVISOR;
using Seen = Watcher::Seen;

TEST(Watch, StartsWithASnapshotThenChangesInOrder) {
  MemoryStore store;
  Rig rig(store);
  ASSERT_TRUE(rig.Create("contoso").ok());
  Watcher resolver(rig.address(), ROLE_DNSRESOLVER, "dnsresolver");
  ASSERT_TRUE(resolver.Reaches(1));
  resolver.Call([](WatchClient& client, Seen& seen) {
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(client.objects().size(), 1u);  // No keys for the resolver.
    ASSERT_EQ(seen.deltas.size(), 1u);
    EXPECT_FALSE(seen.deltas[0].from_disk);
  });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(rig.Tag("contoso", std::to_string(i)).ok());
  ASSERT_TRUE(resolver.Reaches(21));
  resolver.Call([](WatchClient&, Seen& seen) {
    ASSERT_EQ(seen.revisions.size(), 21u);
    for (size_t i = 0; i < 21; ++i) EXPECT_EQ(seen.revisions[i], i + 1);
  });
}

TEST(Watch, InstanceGetsKeysOfItsOwnResourceAndProgressForOthers) {
  MemoryStore store;
  Rig rig(store);
  ASSERT_TRUE(rig.Create("contoso").ok());
  Watcher instance(rig.address(), ROLE_INSTANCE, "resources/contoso");
  ASSERT_TRUE(instance.Reaches(1));
  ASSERT_TRUE(rig.Create("fabrikam").ok());
  ASSERT_TRUE(instance.Reaches(2));
  instance.Call([](WatchClient& client, Seen& seen) {
    EXPECT_EQ(client.objects().size(), 2u);
    EXPECT_TRUE(client.objects().contains("resources/contoso/keys"));
    EXPECT_EQ(seen.deltas.size(), 1u);
  });
}

TEST(Watch, ReconnectsAndResumesWithoutASnapshot) {
  MemoryStore store;
  auto rig = std::make_unique<Rig>(store);
  ControlPlaneServer::Options options;
  options.port = rig->port();
  ASSERT_TRUE(rig->Create("contoso").ok());
  ASSERT_TRUE(rig->Create("fabrikam").ok());
  Watcher supervisor(rig->address(), ROLE_SUPERVISOR, "supervisor");
  ASSERT_TRUE(supervisor.Reaches(2));
  rig.reset();
  ASSERT_TRUE(supervisor.Eventually([](WatchClient& client, Seen&) { return !client.connected(); }));
  rig = std::make_unique<Rig>(store, options);
  ASSERT_TRUE(rig->Tag("contoso", "1").ok());
  ASSERT_TRUE(supervisor.Reaches(3));
  supervisor.Call([](WatchClient& client, Seen& seen) {
    EXPECT_EQ(client.objects().size(), 4u);
    ASSERT_EQ(seen.deltas.size(), 2u);
    EXPECT_THAT(seen.deltas[1].changed, ElementsAre("resources/contoso"));  // Only what it missed.
  });
}

TEST(Watch, ResumesFromTheLogAndSnapshotsWhereItWasCompacted) {
  MemoryStore store;
  ControlPlaneServer::Options options;
  options.engine.log_events_max = 3;
  Rig rig(store, options);
  ASSERT_TRUE(rig.Create("contoso").ok());
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(rig.Tag("contoso", std::to_string(i)).ok());
  const auto first_after = [&](uint64_t resume_revision) {
    watch::v1::WatchRequest open;
    open.mutable_open()->set_role(ROLE_DNSRESOLVER);
    open.mutable_open()->set_subscriber("dnsresolver");
    open.mutable_open()->set_resume_revision(resume_revision);
    grpc::ClientContext context;
    auto stream = rig.watch->Watch(&context);
    stream->Write(open);
    watch::v1::WatchResponse response;
    EXPECT_TRUE(stream->Read(&response));
    context.TryCancel();
    stream->Finish();
    return response;
  };
  const auto caught_up = first_after(5);
  EXPECT_EQ(caught_up.kind(), watch::v1::WatchResponse::KIND_CHANGES);
  ASSERT_EQ(caught_up.events_size(), 2);
  EXPECT_EQ(caught_up.events(0).revision(), 6u);
  EXPECT_EQ(caught_up.events(1).revision(), 7u);
  EXPECT_EQ(first_after(7).kind(), watch::v1::WatchResponse::KIND_PROGRESS);
  const auto compacted = first_after(1);
  EXPECT_EQ(compacted.kind(), watch::v1::WatchResponse::KIND_SNAPSHOT);
  EXPECT_TRUE(compacted.last());
  EXPECT_EQ(compacted.revision(), 7u);
  EXPECT_EQ(first_after(8).kind(), watch::v1::WatchResponse::KIND_SNAPSHOT);  // Another history.
}

TEST(Watch, StartsFromItsStateFileWithoutAServer) {
  TempDir dir;
  std::string address;
  {
    MemoryStore store;
    Rig rig(store);
    address = rig.address();
    ASSERT_TRUE(rig.Create("contoso").ok());
    Watcher resolver(address, ROLE_DNSRESOLVER, "dnsresolver", dir.path("state"));
    ASSERT_TRUE(resolver.Reaches(1));
  }
  Watcher resolver(address, ROLE_DNSRESOLVER, "dnsresolver", dir.path("state"));
  resolver.Call([](WatchClient& client, Seen& seen) {
    EXPECT_FALSE(client.connected());
    ASSERT_EQ(seen.deltas.size(), 1u);
    EXPECT_TRUE(seen.deltas[0].from_disk);
    EXPECT_EQ(client.revision(), 1u);
    EXPECT_EQ(client.objects().at("resources/contoso").resource().host_name(), "contoso.webpubsub.azure.com");
  });
}

TEST(Watch, RefusalKeepsTheLastGoodVersionAndIsListed) {
  MemoryStore store;
  Rig rig(store);
  ASSERT_TRUE(rig.Create("contoso").ok());
  Watcher resolver(rig.address(), ROLE_DNSRESOLVER, "dnsresolver");
  ASSERT_TRUE(resolver.Reaches(1));
  resolver.Call([](WatchClient&, Seen& seen) { seen.refuse = true; });
  ASSERT_TRUE(rig.Tag("contoso", "1").ok());
  ASSERT_TRUE(resolver.Reaches(2));
  resolver.Call([](WatchClient& client, Seen& seen) {
    EXPECT_EQ(client.objects().at("resources/contoso").revision(), 1u);
    seen.refuse = false;
  });
  resource::v1::ListSubscribersResponse table;
  ASSERT_TRUE(resolver.Eventually([&](WatchClient&, Seen&) {
    grpc::ClientContext context;
    return rig.resources->ListSubscribers(&context, {}, &table).ok() &&
           table.subscribers(0).acknowledged_revision() == 2;
  }));
  EXPECT_EQ(table.subscribers(0).refusals().at("resources/contoso"), "not this one");
  ASSERT_TRUE(rig.Tag("contoso", "2").ok());
  ASSERT_TRUE(resolver.Reaches(3));
  EXPECT_EQ(
      resolver.Call([](WatchClient& c, Seen&) { return c.objects().at("resources/contoso").revision(); }),
      3u);
}

TEST(Watch, SecondStreamOfASubscriberEndsTheFirst) {
  MemoryStore store;
  Rig rig(store);
  watch::v1::WatchRequest open;
  open.mutable_open()->set_role(ROLE_DNSRESOLVER);
  open.mutable_open()->set_subscriber("dnsresolver");
  grpc::ClientContext first_context;
  auto first = rig.watch->Watch(&first_context);
  first->Write(open);
  watch::v1::WatchResponse response;
  ASSERT_TRUE(first->Read(&response));
  grpc::ClientContext second_context;
  auto second = rig.watch->Watch(&second_context);
  second->Write(open);
  ASSERT_TRUE(second->Read(&response));
  EXPECT_FALSE(first->Read(&response));
  const absl::Status ended = rpc::FromGrpc(first->Finish());
  EXPECT_EQ(ended.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(ended), "SECOND_STREAM");
  ASSERT_TRUE(rig.Create("contoso").ok());
  EXPECT_TRUE(second->Read(&response));  // Undisturbed.
  second->WritesDone();
  EXPECT_TRUE(second->Finish().ok());
}

TEST(Watch, RefusesWhatIsNoSubscriber) {
  MemoryStore store;
  Rig rig(store);
  const auto end_of = [&](const watch::v1::WatchRequest& first) {
    grpc::ClientContext context;
    auto stream = rig.watch->Watch(&context);
    stream->Write(first);
    watch::v1::WatchResponse response;
    while (stream->Read(&response)) {
    }
    return rpc::FromGrpc(stream->Finish());
  };
  watch::v1::WatchRequest request;
  request.mutable_ack()->set_revision(1);
  EXPECT_EQ(ErrorReason(end_of(request)), "INVALID_SUBSCRIBER");
  request.mutable_open()->set_role(ROLE_INSTANCE);
  request.mutable_open()->set_subscriber("resources/contoso");
  EXPECT_EQ(ErrorReason(end_of(request)), "RESOURCE_NOT_FOUND");
}

TEST(Watch, SlowSubscriberIsCutOffAndDelaysNoOther) {
  MemoryStore store;
  ControlPlaneServer::Options options;
  options.queue_bytes_max = 64 * 1024;
  Rig rig(store, options);
  ASSERT_TRUE(rig.Create("contoso").ok());
  // A small window that does not grow, so that what is not read stays with the server soon.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 * 1024);
  const auto channel =
      grpc::CreateCustomChannel(rig.address(), grpc::InsecureChannelCredentials(), arguments);
  const auto stub = watch::v1::ConfigWatch::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(20, GPR_TIMESPAN)));
  auto slow = stub->Watch(&context);
  watch::v1::WatchRequest open;
  open.mutable_open()->set_role(ROLE_SUPERVISOR);
  open.mutable_open()->set_subscriber("supervisor");
  slow->Write(open);
  watch::v1::WatchResponse response;
  ASSERT_TRUE(slow->Read(&response));  // The snapshot; then it stops reading.
  Watcher resolver(rig.address(), ROLE_DNSRESOLVER, "dnsresolver");
  constexpr int kChanges = 60;
  for (int i = 0; i < kChanges; ++i) {
    ASSERT_TRUE(rig.Tag("contoso", std::string(250, static_cast<char>('a' + i % 26)), kTagsMax).ok());
    ASSERT_TRUE(resolver.Reaches(2 + i));  // Not delayed.
  }
  while (slow->Read(&response)) {
  }
  const absl::Status ended = rpc::FromGrpc(slow->Finish());
  EXPECT_EQ(ended.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(ended), "SUBSCRIBER_TOO_SLOW");
}

TEST(Convergence, AnswersWhenEverybodyHasAppliedAndNamesWhoHasNot) {
  MemoryStore store;
  Rig rig(store);
  ASSERT_TRUE(rig.Create("contoso").ok());
  Watcher resolver(rig.address(), ROLE_DNSRESOLVER, "dnsresolver");
  Watcher instance(rig.address(), ROLE_INSTANCE, "resources/contoso");
  ASSERT_TRUE(resolver.Reaches(1));
  absl::Status waited = rig.WaitInVain("resources/contoso");
  EXPECT_EQ(ErrorReason(waited), "NOT_CONVERGED");
  EXPECT_THAT(std::string(waited.message()), HasSubstr("contoso (Creating)"));

  watch::v1::Facts facts;
  facts.mutable_instance()->mutable_endpoint()->set_host("127.0.0.1");
  facts.mutable_instance()->set_serving(true);
  facts.mutable_instance()->set_generation(1);
  instance.Call([&](WatchClient& client, Seen&) { client.SetFacts(facts); });
  resource::v1::WaitForConvergenceResponse answer;
  ASSERT_TRUE(rig.Wait("resources/contoso", 5000, &answer).ok());
  EXPECT_TRUE(answer.exists());
  EXPECT_TRUE(answer.dnsresolver_seen());
  EXPECT_FALSE(answer.supervisor_seen());

  resolver.Call([](WatchClient&, Seen& seen) { seen.hold = true; });
  ASSERT_TRUE(rig.Tag("contoso", "1").ok());
  waited = rig.WaitInVain("resources/contoso");
  EXPECT_EQ(waited.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(waited.message()), HasSubstr("not acknowledged by dnsresolver"));
  ASSERT_TRUE(resolver.Eventually([](WatchClient&, Seen& seen) { return seen.held != nullptr; }));
  resolver.Call([](WatchClient&, Seen& seen) { seen.held(); });
  EXPECT_TRUE(rig.Wait("resources/contoso", 5000).ok());
}

TEST(Service, RequestIdSurvivesARestartOnDisk) {
  TempDir dir;
  resource::v1::Resource first;
  {
    auto store = *RocksDbStore::Open(dir.path("db"));
    Rig rig(*store);
    ASSERT_TRUE(rig.Create("contoso", "id-1", &first).ok());
    ASSERT_TRUE(rig.Tag("contoso", "1").ok());
  }
  auto store = *RocksDbStore::Open(dir.path("db"));
  Rig rig(*store);
  resource::v1::Resource again;
  ASSERT_TRUE(rig.Create("contoso", "id-1", &again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(ErrorReason(rig.Create("fabrikam", "id-1")), "REQUEST_ID_REUSED");
  resource::v1::GetResourceRequest request;
  request.set_name("resources/contoso");
  grpc::ClientContext context;
  resource::v1::Resource stored;
  ASSERT_TRUE(rig.resources->GetResource(&context, request, &stored).ok());
  EXPECT_EQ(stored.etag(), "2");
  EXPECT_EQ(stored.tags().at("n0"), "1");
}

TEST(Service, CarriesReasonNextStepAndMetadataOfARefusal) {
  MemoryStore store;
  Rig rig(store);
  ASSERT_TRUE(rig.Create("contoso").ok());
  const absl::Status refused = rig.Create("contoso");
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(refused), "RESOURCE_EXISTS");
  EXPECT_EQ(GetErrorDetails(refused).next_step, "nonet resource show --name contoso");
  EXPECT_EQ(GetErrorDetails(refused).metadata.at("resource"), "contoso");
}

}  // namespace
}  // namespace nonet::controlplane
