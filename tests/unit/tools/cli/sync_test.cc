#include "tools/cli/render/sync.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tools/cli/args/parse.h"

namespace nonet::cli {
namespace {

constexpr char kEast[] = "resources/contoso";
constexpr char kWest[] = "resources/contoso/replicas/westus";

inspect::v1::Gap LostToWest(uint64_t first, uint64_t last) {
  inspect::v1::Gap gap;
  gap.set_cause("Aged");
  gap.set_origin(kEast);
  gap.set_epoch("00000000000000aa");
  gap.set_hub("chat");
  gap.set_first(first);
  gap.set_last(last);
  gap.set_messages(3);
  gap.mutable_notice_time()->set_seconds(1'700'000'000 + static_cast<int64_t>(first));
  return gap;
}

TEST(Gaps, OneThatBothEndsListIsOne) {
  std::vector<inspect::v1::ListGapsResponse> lists(2);
  lists[0].set_instance(kEast);
  *lists[0].add_gaps() = LostToWest(10, 20);
  lists[0].mutable_gaps(0)->set_peer(kWest);
  lists[1].set_instance(kWest);
  *lists[1].add_gaps() = LostToWest(10, 20);  // To itself.
  *lists[1].add_gaps() = LostToWest(5, 0);    // Open, and noticed before.
  const View view = Gaps(lists);
  ASSERT_EQ(view.document.size(), 2u);
  EXPECT_EQ(view.document[0]["first"], 5);
  EXPECT_EQ(view.document[0]["last"], nullptr);
  EXPECT_EQ(view.document[1]["origin"], kEast);
  EXPECT_EQ(view.document[1]["peer"], kWest);
  EXPECT_EQ(view.document[1]["messages"], 3);
  EXPECT_EQ(view.document[1]["listedBy"], Json({"contoso", "westus"}));
  EXPECT_EQ(view.table.rows.size(), 2u);
  EXPECT_EQ(Gaps({}).document, Json::array());
}

// An instance that accepted `accepted` messages for the other, of which it knows `delivered` delivered.
inspect::v1::Audit Counts(uint64_t accepted, uint64_t delivered) {
  inspect::v1::Audit audit;
  audit.set_instance(kEast);
  audit.set_epoch("00000000000000aa");
  inspect::v1::LinkAudit* to = audit.add_to();
  to->set_peer(kWest);
  to->set_life("00000000000000bb");
  to->set_linked(true);
  to->set_accepted_for(accepted);
  to->set_acknowledged(delivered);
  to->set_delivered(delivered);
  return audit;
}

TEST(AuditReport, TellsWhatDoesNotBalance) {
  const replica::Audit fits = AuditOf(Counts(7, 7)), differs = AuditOf(Counts(7, 6));
  View view = AuditReport({fits}, {});
  EXPECT_EQ(view.document["balanced"], true);
  EXPECT_EQ(view.document["complete"], true);
  EXPECT_EQ(view.document["links"][0]["delivered"], 7);
  const auto findings = replica::Judge({differs}, {differs});
  view = AuditReport({differs}, findings);
  EXPECT_EQ(view.document["balanced"], false) << view.document.dump(1);
  ASSERT_FALSE(view.document["findings"].empty());
  EXPECT_EQ(view.document["findings"][0]["origin"], kEast);
}

TEST(WhyReport, FollowsAMessage) {
  std::vector<inspect::v1::Why> told(2);
  told[0].set_instance(kEast);
  told[0].set_is_origin(true);
  told[0].set_remembered(true);
  told[0].mutable_accept_time()->set_seconds(1'700'000'000);
  inspect::v1::WhyPeer* peer = told[0].add_peers();
  peer->set_peer(kWest);
  peer->set_fate("Acknowledged");
  peer->set_linked(true);
  told[1].set_instance(kWest);
  told[1].set_remembered(true);
  told[1].set_recipients(2);
  told[1].mutable_accept_time()->set_seconds(1'700'000'000);
  told[1].mutable_receive_time()->set_seconds(1'700'000'000);
  told[1].mutable_receive_time()->set_nanos(1'500'000);
  const View view = WhyReport("contoso:00000000000000aa:1", told);
  EXPECT_EQ(view.document["instances"][0]["peers"][0]["fate"], "Acknowledged");
  EXPECT_EQ(view.document["instances"][1]["outcome"], "handed to 2 connections");
  ASSERT_EQ(view.table.rows.size(), 3u);
  EXPECT_EQ(view.table.rows[2][3].text, "1.5 ms");
}

TEST(Parse, ReadsTheVerbsOfSyncing) {
  const auto verb = [](std::vector<std::string> words) {
    const auto parsed = Parse(std::move(words), "1");
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return std::get<SyncOptions>(std::get<CommandLine>(*parsed).command);
  };
  EXPECT_EQ(verb({"gaps"}).verb, SyncVerb::kGaps);
  EXPECT_EQ(verb({"audit", "-n", "contoso"}).name, "contoso");
  EXPECT_EQ(verb({"why", "contoso:00c0ffee00c0ffee:17"}).message_id, "contoso:00c0ffee00c0ffee:17");
  EXPECT_FALSE(Parse({"why"}, "1").ok());
  EXPECT_FALSE(Parse({"gaps", "extra"}, "1").ok());
}

}  // namespace
}  // namespace nonet::cli
