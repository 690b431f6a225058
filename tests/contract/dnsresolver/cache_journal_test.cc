#include "dnsresolver/server/cache_journal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace nonet::dns {
namespace {

IpPrefix Ip(absl::string_view text) { return *IpPrefix::Parse(text); }

Response Answer(int32_t resource, int32_t endpoint, absl::string_view clients = "") {
  Response response;
  response.bytes = 100;
  response.resource = resource;
  response.endpoint = endpoint;
  if (!clients.empty()) response.holds_for = Ip(clients);
  return response;
}

TEST(CacheJournal, TellsWhoWasToldWhatUntilItRunsOut) {
  CacheJournal journal;
  journal.Note(7, Answer(3, 2, "10.15.3.0/24"), Ip("192.0.2.1"), 1000, 90);
  journal.Note(7, Answer(3, 1), Ip("fd00::1"), 1010, 30);
  const std::vector<CacheJournal::Entry> live = journal.Live(1039);
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0].resolver, Ip("fd00::1"));
  EXPECT_EQ(live[0].clients.length, 0);
  EXPECT_EQ(live[0].expires_s, 1040);
  EXPECT_EQ(live[1].resolver, Ip("192.0.2.1"));
  EXPECT_EQ(live[1].clients, Ip("10.15.3.0/24"));
  EXPECT_EQ(live[1].revision, 7u);
  EXPECT_EQ(live[1].resource, 3u);
  EXPECT_EQ(live[1].endpoint, 2u);
  EXPECT_EQ(live[1].answered_s, 1000);
  EXPECT_EQ(journal.Live(1040).size(), 1u);
  EXPECT_TRUE(journal.Live(1090).empty());
}

TEST(CacheJournal, TheNewestAnswerOfACacheCounts) {
  CacheJournal journal;
  journal.Note(7, Answer(3, 2), Ip("192.0.2.1"), 1000, 90);
  journal.Note(8, Answer(3, 0), Ip("192.0.2.1"), 1050, 90);
  const std::vector<CacheJournal::Entry> live = journal.Live(1060);
  ASSERT_EQ(live.size(), 1u);
  EXPECT_EQ(live[0].endpoint, 0u);
  EXPECT_EQ(live[0].expires_s, 1140);
}

TEST(CacheJournal, LeavesOutWhatLedToNoEndpoint) {
  CacheJournal journal;
  journal.Note(7, Answer(-1, -1), Ip("192.0.2.1"), 1000, 90);
  Response unsent = Answer(1, 1);
  unsent.bytes = 0;
  journal.Note(7, unsent, Ip("192.0.2.1"), 1000, 90);
  EXPECT_TRUE(journal.Live(1000).empty());
}

TEST(CacheJournal, IsBoundedAndReadersSeeWholeEntriesOnly) {
  CacheJournal journal;
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&journal, &stop, w] {
      for (uint32_t i = 0; !stop; ++i) {
        const uint32_t value = i * 2 + static_cast<uint32_t>(w);
        const std::array<uint8_t, 4> bytes = {10, static_cast<uint8_t>(value >> 16),
                                              static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
        const IpPrefix address = IpPrefix::FromBytes(IpFamily::kV4, bytes, 32);
        Response response = Answer(static_cast<int32_t>(value & 0xFFFFFF), 1);
        response.holds_for = address;
        journal.Note(value & 0xFFFFFF, response, address, 1000, 90);
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    const std::vector<CacheJournal::Entry> live = journal.Live(1000);
    ASSERT_LE(live.size(), kKnownCachesMax);
    for (const CacheJournal::Entry& entry : live) {
      ASSERT_EQ(entry.resolver, entry.clients);
      ASSERT_EQ(entry.revision, entry.resource);
      ASSERT_EQ(static_cast<uint32_t>(absl::Uint128High64(entry.clients.bits) >> 32) & 0xFFFFFF,
                entry.resource);
    }
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace nonet::dns
