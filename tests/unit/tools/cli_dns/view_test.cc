#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/cli/render/answer.h"
#include "tools/cli/render/dns.h"

namespace nonet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(DnsView, HistorySaysWhatEachTableChanged) {
  steering::v1::ListTablesResponse tables;
  steering::v1::PastTable& table = *tables.add_tables();
  table.set_number(12);
  table.set_cause("health");
  table.set_ttl_s(90);
  steering::v1::VerdictChange& verdict = *table.add_verdicts();
  verdict.set_name("resources/contoso/replicas/westus");
  verdict.set_from("Online");
  verdict.set_to("Degraded");
  verdict.set_detail("connection refused");
  table.add_objects("-resources/contoso/replicas/eastasia");
  const View view = TableHistory(tables);
  EXPECT_THAT(Render(view, Format::kTable, {}),
              AllOf(HasSubstr("12"), HasSubstr("westus Online -> Degraded (connection refused)"),
                    HasSubstr("configuration of -eastasia")));
  EXPECT_EQ(view.document[0]["verdicts"][0]["to"], "Degraded");
  EXPECT_EQ(Render(view, Format::kName, {}), "12\n");
}

TEST(DnsView, DiffNamesWhoIsAnsweredOtherwise) {
  steering::v1::DiffTablesResponse diff;
  EXPECT_EQ(Render(TableChanges(diff, "11", "12"), Format::kTable, {}),
            "Every answer is the same in 11 and 12.\n");
  steering::v1::AnswerChange& change = *diff.add_changes();
  change.set_resource("resources/contoso");
  change.set_from("contoso-westus-0a1b2c3d.webpubsub.azure.com");
  for (const char* region : {"a", "b", "c", "d", "e", "f"}) change.add_regions(region);
  EXPECT_THAT(
      Render(TableChanges(diff, "11", "12"), Format::kTable, {}),
      AllOf(HasSubstr("a, b, c, d and 2 more"), HasSubstr("contoso-westus-0a1b2c3d"), HasSubstr("nothing")));
}

TEST(DnsView, ExplanationOfSeveralAddressesHasALineEach) {
  steering::v1::ExplainResponse explanation;
  explanation.mutable_answer()->set_name("contoso.webpubsub.azure.com");
  explanation.mutable_answer()->set_exists(true);
  explanation.mutable_answer()->mutable_ttl()->set_seconds(90);
  explanation.mutable_answer()->set_address("127.80.0.1, 127.80.0.2");
  explanation.add_sentences("Because.");
  explanation.set_method("multivalue");
  const View view = Explanation(explanation);
  EXPECT_THAT(view.text,
              AllOf(HasSubstr("Because.\n"), HasSubstr("A  127.80.0.1\n"), HasSubstr("A  127.80.0.2\n")));
  EXPECT_EQ(view.document["method"], "multivalue");
}

}  // namespace
}  // namespace nonet::cli
