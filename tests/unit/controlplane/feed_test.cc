// The change log and what streams are made of.
#include "controlplane/core/feed.h"

#include <gtest/gtest.h>

#include "controlplane/core/change_log.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchResponse;

const Scope kResolver{watch::v1::ROLE_DNSRESOLVER, "dnsresolver"};
const Scope kSupervisor{watch::v1::ROLE_SUPERVISOR, "supervisor"};
const Scope kContosoInstance{watch::v1::ROLE_INSTANCE, "resources/contoso"};

SharedObject Share(Object object) { return std::make_shared<const Object>(std::move(object)); }

LogEntry Entry(uint64_t revision, size_t events = 1) {
  return {revision, std::vector<SharedObject>(events, Share(Object()))};
}

TEST(ChangeLog, KeepsTheLatestEventsAndKnowsHowFarItReaches) {
  ChangeLog log(3);
  log.Restore(0, {});
  for (uint64_t r = 1; r <= 5; ++r) log.Append(Entry(r));
  EXPECT_EQ(log.floor(), 2u);
  EXPECT_FALSE(log.After(1).has_value());
  EXPECT_EQ(log.After(2)->size(), 3u);
  EXPECT_EQ(log.After(5)->size(), 0u);
  EXPECT_FALSE(log.After(6).has_value());  // The future: another history.
}

TEST(ChangeLog, DropsAPartOfTheBoundAtOnce) {
  ChangeLog log(128);
  log.Restore(0, {});
  uint64_t floors = 0;
  for (uint64_t r = 1; r <= 1000; ++r) {
    const uint64_t before = log.floor();
    log.Append(Entry(r));
    EXPECT_LE(log.entries().size(), 128u);
    EXPECT_GE(log.entries().size(), std::min<uint64_t>(r, 126));
    floors += log.floor() != before ? 1 : 0;
  }
  EXPECT_EQ(floors, 291u);  // At 129 entries, and at each third one after that.
}

TEST(ChangeLog, CountsEventsNotEntriesAndKeepsTheNewestWhole) {
  ChangeLog log(3);
  log.Restore(0, {});
  log.Append(Entry(1, 2));
  log.Append(Entry(2, 2));
  EXPECT_EQ(log.floor(), 1u);
  log.Append(Entry(3, 9));
  EXPECT_EQ(log.floor(), 2u);
  EXPECT_EQ(log.entries().size(), 1u);
}

TEST(Scope, DecidesWhatIsSeen) {
  const auto sees = [](const Scope& scope, const char* name) {
    return InScope(scope.role, scope.subscriber, name);
  };
  EXPECT_TRUE(sees(kResolver, "resources/contoso/replicas/westus"));
  EXPECT_FALSE(sees(kResolver, "resources/contoso/keys"));
  EXPECT_TRUE(sees(kSupervisor, "resources/contoso/keys"));
  EXPECT_TRUE(sees(kContosoInstance, "resources/contoso/keys"));
  EXPECT_TRUE(sees(kContosoInstance, "resources/contoso/replicas/westus"));
  EXPECT_FALSE(sees(kContosoInstance, "resources/contoso-2"));
  EXPECT_TRUE(sees({watch::v1::ROLE_INSTANCE, "resources/Contoso/replicas/westus"}, "resources/contoso"));
}

TEST(SnapshotFeed, OfNothingIsOneMarkedPart) {
  const auto parts = SnapshotFeed({}, kResolver, 7);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].kind, WatchResponse::KIND_SNAPSHOT);
  EXPECT_TRUE(parts[0].last);
  EXPECT_EQ(parts[0].revision, 7u);
}

Object Big(const std::string& id, size_t bytes, uint64_t revision) {
  Object object;
  object.set_name(ResourceName(id));
  object.set_revision(revision);
  (*object.mutable_resource()->mutable_tags())["t"] = std::string(bytes, 'x');
  return object;
}

TEST(SnapshotFeed, IsCutIntoPartsWithinTheBound) {
  std::map<std::string, SharedObject> objects;
  for (int i = 0; i < 30; ++i) {
    const std::string id = absl::StrFormat("r%02d", i);
    objects[ResourceName(id)] = Share(Big(id, 100'000, i + 1));
  }
  const auto parts = SnapshotFeed(objects, kSupervisor, 30);
  EXPECT_GE(parts.size(), 3u);
  size_t events = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_LE(ToResponse(parts[i]).ByteSizeLong(), kWatchResponseBytesMax + 1000);
    EXPECT_EQ(parts[i].last, i + 1 == parts.size());
    events += parts[i].events.size();
  }
  EXPECT_EQ(events, 30u);
}

TEST(ChangesFeed, LeavesOutOtherScopesAndMarksProgress) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("fabrikam")).ok());
  std::vector<const LogEntry*> entries;
  for (const LogEntry& entry : plane.stored.log) entries.push_back(&entry);
  const auto instance = ChangesFeed(entries, kContosoInstance, 2);
  ASSERT_EQ(instance.size(), 1u);
  EXPECT_EQ(instance[0].kind, WatchResponse::KIND_CHANGES);
  EXPECT_EQ(instance[0].events.size(), 2u);  // The resource and its keys.
  EXPECT_EQ(instance[0].revision, 2u);
  const auto resolver = ChangesFeed(entries, kResolver, 2);
  EXPECT_EQ(resolver[0].events.size(), 2u);  // Two resources, no keys.
  const auto nothing = ChangesFeed({entries[1]}, kContosoInstance, 2);
  EXPECT_EQ(nothing[0].kind, WatchResponse::KIND_PROGRESS);
  EXPECT_EQ(nothing[0].revision, 2u);
}

TEST(ChangesFeed, ClaimsOnlyWholeRevisionsWhenCut) {
  LogEntry first{1, {Share(Big("a", 600'000, 1))}};
  LogEntry second{2, {Share(Big("b", 600'000, 2)), Share(Big("c", 600'000, 2))}};
  const auto parts = ChangesFeed({&first, &second}, kSupervisor, 2);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].revision, 1u);
  EXPECT_EQ(parts[1].revision, 1u);  // Half of revision 2 is not revision 2.
  EXPECT_EQ(parts[2].revision, 2u);
}

TEST(InitialFeed, ResumesWhereItCanAndSnapshotsWhereItCannot) {
  Plane plane({}, 4);
  plane.CreateContoso();                         // Two events.
  ASSERT_TRUE(plane.AddReplica("westus").ok());  // One each.
  ASSERT_TRUE(plane.AddReplica("westeurope").ok());
  auto feed = plane.core.InitialFeed(kSupervisor, 2);
  ASSERT_EQ(feed.size(), 1u);
  EXPECT_EQ(feed[0].kind, WatchResponse::KIND_CHANGES);
  EXPECT_EQ(feed[0].events.size(), 1u);
  EXPECT_EQ(plane.core.InitialFeed(kSupervisor, 3)[0].kind, WatchResponse::KIND_PROGRESS);
  EXPECT_EQ(plane.core.InitialFeed(kSupervisor, 0)[0].kind, WatchResponse::KIND_SNAPSHOT);
  EXPECT_EQ(plane.core.InitialFeed(kSupervisor, 99)[0].kind, WatchResponse::KIND_SNAPSHOT);
  ASSERT_TRUE(plane.AddReplica("northeurope").ok());  // Compacts the first.
  EXPECT_EQ(plane.core.InitialFeed(kSupervisor, 1)[0].kind, WatchResponse::KIND_CHANGES);
  ASSERT_TRUE(plane.AddReplica("uksouth").ok());
  ASSERT_TRUE(plane.AddReplica("japaneast").ok());
  EXPECT_EQ(plane.core.InitialFeed(kSupervisor, 1)[0].kind, WatchResponse::KIND_SNAPSHOT);
}

TEST(ChangeLog, IsBoundedInBytes) {
  ChangeLog log(ChangeLog::Limits{.bytes_max = 1000});
  for (uint64_t r = 1; r <= 5; ++r) {
    Object object;
    object.set_name(std::string(400, 'x'));
    log.Append({r, {Share(object)}});
    EXPECT_LE(log.bytes(), 1000u);
  }
  EXPECT_EQ(log.entries().size(), 2u);
  EXPECT_EQ(log.floor(), 3u);
  Object big;
  big.set_name(std::string(5000, 'x'));
  log.Append({6, {Share(big)}});
  EXPECT_EQ(log.entries().size(), 1u);  // The newest always stays.
  EXPECT_TRUE(log.Reaches(5));
}

TEST(ChangeLog, ForgetsWhatIsTooOldWhenTheNextComes) {
  ChangeLog log(ChangeLog::Limits{.age_max_ns = 100});
  for (uint64_t r = 1; r <= 3; ++r) log.Append({r, {Share(Object())}, static_cast<int64_t>(50 * r)});
  EXPECT_EQ(log.floor(), 0u);  // 50, 100, 150.
  log.Append({4, {Share(Object())}, 151});
  EXPECT_EQ(log.floor(), 1u);
}

TEST(Feed, SnapshotsWhoCountsInAnotherHistory) {
  Plane first;
  first.CreateContoso();
  ASSERT_TRUE(first.AddReplica("westus").ok());
  first.stored.history = "h2";
  const Plane plane = first.Restarted();
  const Scope scope{watch::v1::ROLE_SUPERVISOR, "supervisor"};
  EXPECT_EQ(plane.core.InitialFeed(scope, 1, "h2")[0].kind, WatchResponse::KIND_CHANGES);
  EXPECT_EQ(plane.core.InitialFeed(scope, 1, "h1")[0].kind, WatchResponse::KIND_SNAPSHOT);
  EXPECT_EQ(plane.core.InitialFeed(scope, 1)[0].kind, WatchResponse::KIND_CHANGES);  // An older subscriber.
  EXPECT_EQ(plane.core.InitialFeed(scope, 1, "h1")[0].history, "h2");
}

}  // namespace
}  // namespace nonet::controlplane
