#include "dnsresolver/core/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/random.h"
#include "common/clock/clock.h"

namespace nonet::dns {
namespace {

using testing::ElementsAre;

HistoryRecord Record(uint64_t number, bool whole = false) {
  HistoryRecord record;
  record.set_number(number);
  record.mutable_time()->set_seconds(1000 + static_cast<int64_t>(number));
  record.mutable_time()->set_nanos(5);
  record.set_revision(number * 10);
  record.set_cause("health");
  record.set_ttl_s(90);
  record.set_whole(whole);
  return record;
}

void AddVerdict(HistoryRecord& record, const std::string& name, const std::string& status) {
  steering::v1::HistoryVerdict& verdict = *record.add_verdicts();
  verdict.set_name(name);
  verdict.set_status(status);
  verdict.set_detail(status == "Degraded" ? "refused" : "");
}

void AddObject(HistoryRecord& record, const std::string& name, const std::string& event) {
  steering::v1::HistoryObject& object = *record.add_objects();
  object.set_name(name);
  object.set_event(event);
}

TEST(History, ChecksumIsTheOneOfZlib) {
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926u);  // The check value of CRC-32/ISO-HDLC.
  EXPECT_EQ(Crc32(""), 0u);
}

TEST(History, ReadsWhatWasFramed) {
  std::string file;
  for (uint64_t i = 1; i <= 3; ++i) file += FrameRecord(Record(i));
  const HistoryContent content = ReadRecords(file);
  ASSERT_EQ(content.records.size(), 3u);
  EXPECT_EQ(content.records[2].number(), 3u);
  EXPECT_EQ(content.bytes, file.size());
  EXPECT_FALSE(content.torn);
}

TEST(History, StopsAtATornTailWhereverItIsCut) {
  const std::string first = FrameRecord(Record(1)), file = first + FrameRecord(Record(2));
  for (size_t cut = first.size() + 1; cut < file.size(); ++cut) {
    const HistoryContent content = ReadRecords(absl::string_view(file).substr(0, cut));
    ASSERT_EQ(content.records.size(), 1u) << cut;
    ASSERT_TRUE(content.torn) << cut;
    ASSERT_EQ(content.bytes, first.size()) << cut;
  }
}

TEST(History, NoticesAnyFlippedByte) {
  Random random(4);
  const std::string first = FrameRecord(Record(1));
  const std::string file = first + FrameRecord(Record(2));
  for (size_t at = first.size(); at < file.size(); ++at) {
    std::string bad = file;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random.Below(8)));
    const HistoryContent content = ReadRecords(bad);
    ASSERT_EQ(content.records.size(), 1u) << at;
    ASSERT_TRUE(content.torn) << at;
  }
}

TEST(History, RecordsAddUpAndSayWhatTheyChanged) {
  HistoryState state;
  HistoryRecord whole = Record(1, true);
  AddObject(whole, "a", "1");
  AddObject(whole, "b", "2");
  AddVerdict(whole, "a", "Online");
  HistoryChanges changes;
  state.Apply(whole, &changes);
  EXPECT_THAT(changes.objects, ElementsAre("a", "b"));
  EXPECT_THAT(changes.verdicts, ElementsAre(HistoryChanges::Verdict{"a", "", "Online", ""}));

  HistoryRecord next = Record(2);
  AddObject(next, "a", "1");  // Nothing new.
  AddObject(next, "c", "33");
  next.add_removed("b");
  AddVerdict(next, "a", "Degraded");
  state.Apply(next, &changes);
  EXPECT_THAT(changes.objects, ElementsAre("-b", "c"));
  EXPECT_THAT(changes.verdicts, ElementsAre(HistoryChanges::Verdict{"a", "Online", "Degraded", "refused"}));
  EXPECT_EQ(state.number, 2u);
  EXPECT_EQ(state.time_ns, 1002 * kNanosPerSecond + 5);
  EXPECT_EQ(state.objects.size(), 2u);
  EXPECT_EQ(state.bytes, 5u);  // "a" "1" "c" "33"

  HistoryRecord gone = Record(3);
  AddVerdict(gone, "a", "");
  state.Apply(gone, &changes);
  EXPECT_THAT(changes.verdicts, ElementsAre(HistoryChanges::Verdict{"a", "Degraded", "", ""}));
  EXPECT_TRUE(state.verdicts.empty());
}

TEST(History, AWholeRecordReplacesEverything) {
  HistoryState state;
  HistoryRecord whole = Record(1, true);
  AddObject(whole, "a", "1");
  AddVerdict(whole, "a", "Online");
  state.Apply(whole);
  HistoryRecord again = Record(2, true);
  AddObject(again, "b", "1");
  HistoryChanges changes;
  state.Apply(again, &changes);
  EXPECT_THAT(changes.objects, ElementsAre("-a", "b"));
  EXPECT_TRUE(state.verdicts.empty());
  EXPECT_EQ(state.bytes, 2u);
}

TEST(History, TheWholeOfAStateGivesTheStateBack) {
  HistoryState state, copy;
  HistoryRecord record = Record(7);
  AddObject(record, "a", "1");
  AddVerdict(record, "a", "Degraded");
  state.Apply(record);
  copy.Apply(state.Whole());
  EXPECT_EQ(copy, state);
}

}  // namespace
}  // namespace nonet::dns
