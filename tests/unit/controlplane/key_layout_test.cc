// The bytes of the store. Twins are in tests/contract/controlplane.
#include "controlplane/store/key_layout.h"

#include <gtest/gtest.h>

#include <map>

namespace nonet::controlplane::layout {
namespace {

using Pairs = std::map<std::string, std::string>;

void Apply(Pairs& pairs, const StoreBatch& batch) {
  for (const Write& write : Writes(batch)) {
    if (write.value) {
      pairs[write.key] = *write.value;
    } else if (write.end.empty()) {
      pairs.erase(write.key);
    } else {
      pairs.erase(pairs.lower_bound(write.key), pairs.lower_bound(write.end));
    }
  }
}

std::string Problem(Pairs pairs) {
  for (const Write& write : Writes(Identity{"c1", "h1"})) pairs.emplace(write.key, *write.value);
  Reader reader;
  for (const auto& [key, value] : pairs) {
    if (const auto why = reader.Add(key, value)) return *why;
  }
  return reader.Finish().value_or("");
}

Object ResourceAt(const std::string& name, uint64_t revision) {
  Object object;
  object.set_name(name);
  object.mutable_resource()->set_name(name);
  SetRevision(object, revision);
  return object;
}

StoreBatch Batch(uint64_t revision, std::vector<Object> events) {
  StoreBatch batch;
  batch.revision = revision;
  LogEntry& entry = batch.log.emplace_back();
  entry.revision = revision;
  for (Object& event : events) entry.events.push_back(std::make_shared<const Object>(std::move(event)));
  return batch;
}

TEST(KeyLayout, WritesOnlyTheNewestVersionOfAnObject) {
  StoreBatch batch = Batch(1, {ResourceAt("resources/Contoso", 1)});
  batch.revision = 2;
  batch.log.push_back({2, {std::make_shared<const Object>(ResourceAt("resources/Contoso", 2))}});
  size_t objects = 0;
  for (const Write& write : Writes(batch)) objects += write.key == "o/resources/contoso";
  EXPECT_EQ(objects, 1u);
}

TEST(KeyLayout, KeepsOperationsUntilTheyAreForgotten) {
  Pairs pairs;
  StoreBatch batch = Batch(1, {ResourceAt("resources/a", 1)});
  resource::v1::Operation operation;
  operation.set_name("operations/1");
  operation.set_revision(1);
  batch.operations.put[1] = std::make_shared<const resource::v1::Operation>(operation);
  Apply(pairs, batch);
  EXPECT_EQ(Problem(pairs), "");
  Reader reader;
  for (const auto& [key, value] : pairs) ASSERT_FALSE(reader.Add(key, value).has_value());
  const StoredState state = reader.Take();
  ASSERT_EQ(state.operations.size(), 1u);
  EXPECT_EQ(state.operations[0].name(), "operations/1");
  batch = Batch(2, {ResourceAt("resources/a", 2)});
  batch.operations.forgotten.push_back({1, 1});
  Apply(pairs, batch);
  for (const auto& [key, value] : pairs) EXPECT_NE(key[0], 'p');
}

TEST(KeyLayout, NeverWritesLogEntriesBelowTheFloor) {
  Pairs pairs;
  Apply(pairs, Batch(1, {ResourceAt("resources/a", 1)}));
  Apply(pairs, Batch(2, {ResourceAt("resources/a", 2)}));
  StoreBatch batch = Batch(3, {ResourceAt("resources/a", 3)});
  batch.log_floor_before = 0;
  batch.log_floor = 2;
  Apply(pairs, batch);
  EXPECT_EQ(Problem(pairs), "");
  size_t entries = 0;
  for (const auto& [key, value] : pairs) entries += key[0] == 'l';
  EXPECT_EQ(entries, 1u);
}

TEST(KeyLayout, SortsRevisionsByNumber) {
  Pairs pairs;
  for (uint64_t r = 1; r <= 300; ++r) Apply(pairs, Batch(r, {ResourceAt("resources/a", r)}));
  EXPECT_EQ(Problem(pairs), "");
}

TEST(KeyLayout, NoticesPartsThatDoNotFit) {
  Pairs good;
  for (uint64_t r = 1; r <= 3; ++r) Apply(good, Batch(r, {ResourceAt("resources/a", r)}));
  ASSERT_EQ(Problem(good), "");

  Pairs lost_revision = good;
  lost_revision.erase("m/revision");
  EXPECT_EQ(Problem(lost_revision), "revision 0 is stored, but the log ends at 3");

  Pairs gap = good;
  gap.erase(std::string("l/\0\0\0\0\0\0\0\2", 10));
  EXPECT_EQ(Problem(gap), "the log lacks revision 2");

  Pairs garbage = good;
  garbage["o/resources/a"] = "\xff\xff";
  EXPECT_EQ(Problem(garbage), "the value of key o/resources/a cannot be read");

  Pairs stranger = good;
  stranger["x/what"] = "";
  EXPECT_EQ(Problem(stranger), "the key x/what is of no known kind");

  Pairs swapped = good;
  swapped["o/resources/b"] = good["o/resources/a"];
  EXPECT_EQ(Problem(swapped), "the value of key o/resources/b cannot be read");
}

TEST(KeyLayout, RefusesAStoreWithoutAName) {
  Reader reader;
  EXPECT_EQ(reader.Finish().value_or(""), "it does not say which store it is");
}

// The bytes of schema 1, as its writer made them: a log entry had no time, and the store no name.
Pairs SchemaOne() {
  watch::v1::WatchResponse entry;
  entry.set_kind(watch::v1::WatchResponse::KIND_CHANGES);
  entry.set_revision(1);
  *entry.add_events() = ResourceAt("resources/a", 1);
  const std::string one("\0\0\0\0\0\0\0\1", 8);
  return {{"m/schema", one},
          {"m/revision", one},
          {"o/resources/a", Serialize(ResourceAt("resources/a", 1))},
          {"l/" + one, Serialize(entry)}};
}

TEST(KeyLayout, ReadsWhatSchemaOneWroteOnceItIsMigrated) {
  Pairs pairs = SchemaOne();
  EXPECT_NE(Problem(pairs), "");
  Migration migration(1, {"c1", "h1"});
  for (const auto& [key, value] : pairs) migration.Add(key, value);
  for (Write& write : migration.Take()) pairs[write.key] = *write.value;
  Reader reader;
  for (const auto& [key, value] : pairs) EXPECT_EQ(reader.Add(key, value).value_or(""), "");
  EXPECT_EQ(reader.Finish().value_or(""), "");
  const StoredState state = reader.Take();
  EXPECT_EQ(state.cluster, "c1");
  EXPECT_EQ(state.history, "h1");
  ASSERT_EQ(state.log.size(), 1u);
  EXPECT_EQ(state.log[0].wall_ns, 0);
  ASSERT_EQ(state.log[0].events.size(), 1u);
  EXPECT_EQ(state.log[0].events[0]->name(), "resources/a");
}

TEST(KeyLayout, KeepsTheTimeOfALogEntry) {
  Pairs pairs;
  StoreBatch batch = Batch(1, {ResourceAt("resources/a", 1)});
  batch.log[0].wall_ns = 1'700'000'000'123'456'789;
  Apply(pairs, batch);
  for (const Write& write : Writes(Identity{"c1", "h1"})) pairs[write.key] = *write.value;
  Reader reader;
  for (const auto& [key, value] : pairs) EXPECT_EQ(reader.Add(key, value).value_or(""), "");
  EXPECT_EQ(reader.Take().log[0].wall_ns, 1'700'000'000'123'456'789);
}

}  // namespace
}  // namespace nonet::controlplane::layout
