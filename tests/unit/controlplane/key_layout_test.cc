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
    } else {
      pairs.erase(write.key);
    }
  }
}

std::string Problem(const Pairs& pairs) {
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
  batch.log.push_back({revision, std::move(events)});
  return batch;
}

TEST(KeyLayout, WritesOnlyTheNewestVersionOfAnObject) {
  StoreBatch batch = Batch(1, {ResourceAt("resources/Contoso", 1)});
  batch.revision = 2;
  batch.log.push_back({2, {ResourceAt("resources/Contoso", 2)}});
  size_t objects = 0;
  for (const Write& write : Writes(batch)) objects += write.key == "o/resources/contoso";
  EXPECT_EQ(objects, 1u);
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

}  // namespace
}  // namespace nonet::controlplane::layout
