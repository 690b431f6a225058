// Processes of two versions: recorded bytes of the watch contract as it was before histories, and as it may
// be later, with fields, an object and a kind of message that this version does not know. Each line is one
// message in hexadecimal, as protoc encoded it from the .proto of that version.
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "common/watch/watch_state.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchRequest;
using watch::v1::WatchResponse;

// ---- The contract of commit e924a04: no history ----
// SNAPSHOT at 2: contoso at 1, its keys at 2.
constexpr char kOldSnapshot[] =
    "080112540a117265736f75726365732f636f6e746f736f10011a3d0a117265736f75726365732f636f6e746f736f220665617374"
    "7573"
    "c2021b636f6e746f736f2e7765627075627375622e617a7572652e636f6de202013112380a167265736f75726365732f636f6e74"
    "6f73"
    "6f2f6b65797310022a1c0a167265736f75726365732f636f6e746f736f2f6b657973e202013218022001";
constexpr char kOldDeletion[] = "0802121c0a167265736f75726365732f636f6e746f736f2f6b657973100330011803";
constexpr char kOldProgress[] = "08031809";  // At 9.
// The resolver, epoch 0123456789abcdef, from revision 1; then that it has 2 and refuses contoso at 1.
constexpr char kOldOpen[] = "0a230802120b646e737265736f6c7665721a10303132333435363738396162636465662001";
constexpr char kOldAck[] =
    "122b080212270a117265736f75726365732f636f6e746f736f10011a100a034241442209697420697320626164";

// ---- A later contract: Event.reason = 51, Event.novelty = 50 (an object), KIND_HINT = 50, Open.build = 52
// ---- SNAPSHOT at 2 of history aa: contoso at 1 with a reason, resources/contoso/novelty at 2.
constexpr char kNewSnapshot[] =
    "0801125e0a117265736f75726365732f636f6e746f736f10011a3d0a117265736f75726365732f636f6e746f736f220665617374"
    "7573"
    "c2021b636f6e746f736f2e7765627075627375622e617a7572652e636f6de20201319a03076372656174656412230a197265736f"
    "7572"
    "6365732f636f6e746f736f2f6e6f76656c747910029203030a0178180220012a1030303030303030303030303030306161";
constexpr char kNewHint[] = "08321802";
constexpr char kNewDeletion[] = "0802121f0a197265736f75726365732f636f6e746f736f2f6e6f76656c7479100330011803";
constexpr char kNewOpen[] =
    "0a3b0802120b646e737265736f6c7665721a103031323334353637383961626364656620012a1030303030303030303030303030"
    "3061"
    "61a20303322e30";

template <class Message>
Message Decode(absl::string_view hex) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(absl::HexStringToBytes(hex)));
  return message;
}

class Subscriber {
 public:
  std::optional<WatchClient::Delta> Take(absl::string_view hex) {
    auto delta = state.Receive(Decode<WatchResponse>(hex));
    if (delta) state.EndApply(state.BeginApply(delta->revision));
    return delta;
  }
  WatchState state{nullptr};
};

TEST(MixedVersions, FollowsAnOlderControlPlane) {
  Subscriber subscriber;
  ASSERT_TRUE(subscriber.Take(kOldSnapshot).has_value());
  EXPECT_EQ(subscriber.state.objects().size(), 2u);
  EXPECT_EQ(subscriber.state.objects().at("resources/contoso").resource().host_name(),
            "contoso.webpubsub.azure.com");
  EXPECT_EQ(subscriber.Take(kOldDeletion)->removed.size(), 1u);
  EXPECT_FALSE(subscriber.Take(kOldProgress).has_value());
  EXPECT_EQ(subscriber.state.acknowledged(), 9u);
  EXPECT_EQ(subscriber.state.history(), "");  // So it says none when it resumes.
}

TEST(MixedVersions, TakesUpAnOlderStateUnderANewerControlPlane) {
  Subscriber subscriber;
  subscriber.Take(kOldSnapshot);
  WatchResponse progress = Decode<WatchResponse>(kOldProgress);
  progress.set_history("00000000000000aa");
  subscriber.state.Receive(progress);
  EXPECT_EQ(subscriber.state.acknowledged(), 9u);
  EXPECT_EQ(subscriber.state.history(), "00000000000000aa");
}

TEST(MixedVersions, FollowsANewerControlPlane) {
  Subscriber subscriber;
  ASSERT_TRUE(subscriber.Take(kNewSnapshot).has_value());
  EXPECT_EQ(subscriber.state.objects().at("resources/contoso").resource().location(), "eastus");
  EXPECT_FALSE(subscriber.Take(kNewHint).has_value());
  EXPECT_EQ(subscriber.state.acknowledged(), 2u);
  EXPECT_EQ(subscriber.Take(kNewDeletion)->removed.size(), 1u);
  EXPECT_EQ(subscriber.state.objects().size(), 1u);
  EXPECT_EQ(subscriber.state.acknowledged(), 3u);
}

TEST(MixedVersions, KeepsWhatItDoesNotKnowOnDisk) {
  Subscriber subscriber;
  subscriber.Take(kNewSnapshot);
  WatchState next(nullptr);
  WatchClient::Delta delta;
  ASSERT_TRUE(next.Restore(subscriber.state.Encode(), delta).ok());
  for (const char* name : {"resources/contoso", "resources/contoso/novelty"}) {
    EXPECT_EQ(next.objects().at(name).SerializeAsString(),
              subscriber.state.objects().at(name).SerializeAsString());
  }
  EXPECT_NE(subscriber.state.objects().at("resources/contoso").SerializeAsString().find("created"),
            std::string::npos);  // The reason, which this version has no field for.
}

// Contoso at revision 1, a replica at 2, of history aa.
Plane Serving() {
  Plane first;
  first.CreateContoso();
  EXPECT_TRUE(first.AddReplica("westus").ok());
  first.stored.history = "00000000000000aa";
  return first.Restarted();
}

TEST(MixedVersions, ServesAnOlderSubscriber) {
  Plane plane = Serving();
  const WatchRequest open = Decode<WatchRequest>(kOldOpen);
  Effects effects;
  ASSERT_TRUE(plane.core.Open(open.open(), effects).ok());
  const Scope scope{open.open().role(), open.open().subscriber()};
  const auto feed = plane.core.InitialFeed(scope, open.open().resume_revision(), open.open().history());
  EXPECT_EQ(feed[0].kind, WatchResponse::KIND_CHANGES);  // Taken at its word.
  EXPECT_EQ(feed[0].revision, 2u);
  plane.core.Acknowledge("dnsresolver", Decode<WatchRequest>(kOldAck).ack(), plane.now, effects);
  EXPECT_EQ(plane.core.subscribers().Find("dnsresolver")->acknowledged, 2u);
  EXPECT_EQ(plane.core.subscribers().Find("dnsresolver")->refusals.size(), 1u);
}

TEST(MixedVersions, ServesANewerSubscriber) {
  Plane plane = Serving();
  const WatchRequest open = Decode<WatchRequest>(kNewOpen);
  Effects effects;
  ASSERT_TRUE(plane.core.Open(open.open(), effects).ok());
  const Scope scope{open.open().role(), open.open().subscriber()};
  EXPECT_EQ(plane.core.InitialFeed(scope, open.open().resume_revision(), open.open().history())[0].kind,
            WatchResponse::KIND_CHANGES);
}

}  // namespace
}  // namespace nonet::controlplane
