#include "tools/cli/args/condition.h"

#include <gtest/gtest.h>

#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

TEST(Condition, ReadsEveryForm) {
  EXPECT_EQ(ParseCondition("ready")->kind, Condition::Kind::kReady);
  EXPECT_EQ(ParseCondition("converged")->kind, Condition::Kind::kConverged);
  EXPECT_EQ(ParseCondition("linked")->kind, Condition::Kind::kLinked);

  const Condition replica = ParseCondition("replica/westus=succeeded").value();
  EXPECT_EQ(replica.kind, Condition::Kind::kReplica);
  EXPECT_EQ(replica.subject, "westus");
  EXPECT_EQ(replica.value, "Succeeded") << "in the spelling of the output";
  EXPECT_EQ(replica.text, "replica/westus=succeeded");

  EXPECT_EQ(ParseCondition("replica/westus=deleted")->value, "deleted");
  EXPECT_EQ(ParseCondition("endpoint/contoso=Degraded")->kind, Condition::Kind::kEndpoint);
  EXPECT_EQ(ParseCondition("answer/westeurope=contoso")->subject, "westeurope");
  EXPECT_EQ(ParseCondition("process/contoso/westus=held")->subject, "contoso/westus");
}

TEST(Condition, RefusesTheRestAsUsage) {
  for (const char* text : {"", "moonrise", "ready=1", "linked=1", "replica", "replica/", "replica/westus",
                           "replica/westus=", "replica/=Succeeded", "replica/westus=Happy",
                           "endpoint/westus=ready", "answer/atlantis=contoso", "process/westus=Online"}) {
    const auto parsed = ParseCondition(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(ExitCode(parsed.status()), kExitUsage) << text;
    EXPECT_NE(ErrorText(parsed.status(), false).find("  try: "), std::string::npos) << text;
  }
}

TEST(Condition, SuggestsTheNearestWord) {
  EXPECT_NE(ParseCondition("endpont/westus=Online").status().message().find("did you mean endpoint?"),
            absl::string_view::npos);
  EXPECT_NE(ParseCondition("endpoint/westus=Onlin").status().message().find("did you mean Online?"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace nonet::cli
