// The history on a real disk: what is found again, after restarts too, and what stays bounded.
#include "dnsresolver/server/history_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/clock/clock.h"

namespace nonet::dns {
namespace {

using testing::HasSubstr;

class HistoryStoreTest : public testing::Test {
 protected:
  HistoryStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nonet-history-XXXXXX").string();
    NONET_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
  }
  ~HistoryStoreTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static HistoryStore::Addition First(int64_t second) {
    HistoryStore::Addition addition = Change(second, "resources/contoso", "Online");
    addition.cause = "configuration";
    addition.objects = {{"resources/contoso", std::string(200, 'x')}};
    addition.whole = true;
    return addition;
  }
  static HistoryStore::Addition Change(int64_t second, const std::string& name, const std::string& status) {
    HistoryStore::Addition addition;
    addition.wall_ns = second * kNanosPerSecond;
    addition.revision = 5;
    addition.cause = "health";
    addition.ttl_s = 90;
    addition.verdicts.push_back({.name = name, .status = status, .detail = "200 in 1 ms"});
    return addition;
  }
  static std::string StatusAt(const HistoryStore& store, int64_t second) {
    const absl::StatusOr<PastTableState> past = store.At(second * kNanosPerSecond);
    return past.ok() ? past->state.verdicts.at("resources/contoso").status
                     : std::string(ErrorReason(past.status()));
  }
  std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  std::string directory_;
};

TEST_F(HistoryStoreTest, TellsWhatWasInForceAtAnyTime) {
  HistoryStore store(directory_);
  EXPECT_EQ(store.Add(First(100)), 1u);
  EXPECT_EQ(store.Add(Change(110, "resources/contoso", "Degraded")), 2u);
  EXPECT_EQ(store.Add(Change(120, "resources/contoso", "Online")), 3u);
  EXPECT_EQ(StatusAt(store, 99), "BEFORE_HISTORY");
  EXPECT_EQ(StatusAt(store, 100), "Online");
  EXPECT_EQ(StatusAt(store, 109), "Online");
  EXPECT_EQ(StatusAt(store, 110), "Degraded");
  EXPECT_EQ(StatusAt(store, 119), "Degraded");
  EXPECT_EQ(StatusAt(store, 5000), "Online");
  EXPECT_EQ(store.At(115 * kNanosPerSecond)->until_ns, 120 * kNanosPerSecond);
  EXPECT_EQ(store.At(125 * kNanosPerSecond)->until_ns, 0);
  EXPECT_EQ(store.Number(2)->state.verdicts.at("resources/contoso").status, "Degraded");
  EXPECT_EQ(ErrorReason(store.Number(4).status()), "TABLE_UNKNOWN");
  EXPECT_THAT(store.Number(4).status().message(), HasSubstr("1 to 3"));
}

TEST_F(HistoryStoreTest, SurvivesRestartsAndCountsOn) {
  {
    HistoryStore store(directory_);
    store.Add(First(100));
    store.Add(Change(110, "resources/contoso", "Degraded"));
  }
  HistoryStore store(directory_);
  EXPECT_EQ(store.number(), 2u);
  EXPECT_EQ(StatusAt(store, 105), "Online");
  EXPECT_EQ(StatusAt(store, 300), "Degraded");
  EXPECT_EQ(store.Add(First(400)), 3u);
  EXPECT_EQ(StatusAt(store, 399), "Degraded");
  EXPECT_EQ(StatusAt(store, 400), "Online");
  EXPECT_EQ(store.At(200 * kNanosPerSecond)->until_ns, 400 * kNanosPerSecond);
}

TEST_F(HistoryStoreTest, LivesWithATornTail) {
  {
    HistoryStore store(directory_);
    store.Add(First(100));
    store.Add(Change(110, "resources/contoso", "Degraded"));
  }
  const std::filesystem::path file = Files().at(0);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  HistoryStore store(directory_);
  EXPECT_EQ(store.number(), 1u);
  EXPECT_EQ(StatusAt(store, 300), "Online");
  store.Add(Change(310, "resources/contoso", "Degraded"));
  EXPECT_EQ(StatusAt(store, 320), "Degraded");
}

TEST_F(HistoryStoreTest, PassesOverAFileWithoutAWholeRecord) {
  std::ofstream(directory_ + "/000000000009-0000000000000000001.log") << "no record";
  HistoryStore store(directory_);
  EXPECT_EQ(store.number(), 0u);
  store.Add(First(100));
  EXPECT_EQ(StatusAt(store, 100), "Online");
}

TEST_F(HistoryStoreTest, DeletesTheOldestFilesAndStaysWithinItsBounds) {
  HistoryBounds bounds;
  bounds.file_bytes_max = 2000;
  bounds.bytes_max = 10'000;
  HistoryStore store(directory_, bounds);
  store.Add(First(1000));
  for (int64_t i = 1; i < 1000; ++i) {
    store.Add(Change(1000 + i, "resources/contoso", i % 2 == 0 ? "Online" : "Degraded"));
    size_t bytes = 0;
    for (const auto& file : Files()) bytes += std::filesystem::file_size(file);
    ASSERT_LE(bytes, bounds.bytes_max + 400) << i;  // One record more than the bound, until it is checked.
  }
  EXPECT_EQ(StatusAt(store, 1000), "BEFORE_HISTORY");
  for (int64_t second = 1990; second < 2000; ++second) {
    EXPECT_EQ(StatusAt(store, second), second % 2 == 0 ? "Online" : "Degraded") << second;
  }
  // Each file stands alone: the configuration is in all of them.
  EXPECT_EQ(store.At(1990 * kNanosPerSecond)->state.objects.size(), 1u);
  EXPECT_EQ(HistoryStore(directory_, bounds).number(), 1000u);
}

TEST_F(HistoryStoreTest, KeepsAtMostSoManyFiles) {
  HistoryBounds bounds;
  bounds.files_max = 3;
  for (int64_t life = 0; life < 6; ++life) HistoryStore(directory_, bounds).Add(First(100 + life));
  EXPECT_EQ(Files().size(), 3u);
  EXPECT_EQ(ErrorReason(HistoryStore(directory_, bounds).Number(2).status()), "TABLE_UNKNOWN");
}

TEST_F(HistoryStoreTest, ListsTheNewestWithWhatTheyChanged) {
  HistoryStore store(directory_);
  store.Add(First(100));
  store.Add(Change(110, "resources/contoso", "Degraded"));
  store.Add(Change(120, "resources/contoso", "Online"));
  const TableList all = store.List(-1, 10);
  ASSERT_EQ(all.entries.size(), 3u);
  EXPECT_FALSE(all.truncated);
  EXPECT_EQ(all.entries[0].changes.objects, std::vector<std::string>{"resources/contoso"});
  EXPECT_EQ(all.entries[1].changes.verdicts.at(0).from, "Online");
  EXPECT_EQ(all.entries[1].changes.verdicts.at(0).to, "Degraded");
  const TableList one = store.List(-1, 1);
  EXPECT_TRUE(one.truncated);
  EXPECT_EQ(one.entries.at(0).number, 3u);
  EXPECT_EQ(store.List(110 * kNanosPerSecond, 10).entries.at(0).number, 3u);
}

TEST_F(HistoryStoreTest, KeepsNothingOfAConfigurationBeyondItsBound) {
  HistoryBounds bounds;
  bounds.state_bytes_max = 100;
  HistoryStore store(directory_, bounds);
  EXPECT_EQ(store.Add(First(100)), 1u);
  EXPECT_TRUE(Files().empty());
  EXPECT_EQ(StatusAt(store, 100), "BEFORE_HISTORY");
}

TEST(HistoryStore, CountsTablesWithoutADirectory) {
  HistoryStore store("");
  EXPECT_EQ(store.Add({}), 1u);
  EXPECT_EQ(store.Add({}), 2u);
  EXPECT_TRUE(store.List(-1, 10).entries.empty());
}

}  // namespace
}  // namespace nonet::dns
