#include "tools/cli/render/answer.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

steering::v1::ExplainResponse Sample() {
  steering::v1::ExplainResponse explanation;
  explanation.mutable_answer()->set_name("contoso.webpubsub.azure.com");
  explanation.mutable_answer()->set_exists(true);
  explanation.mutable_answer()->set_cname("contoso-westus-1a2b3c4d.webpubsub.azure.com");
  explanation.mutable_answer()->mutable_ttl()->set_seconds(90);
  explanation.mutable_answer()->set_address("127.80.55.1");
  explanation.set_client_region("westus2");
  auto* near = explanation.add_candidates();
  near->set_name("resources/contoso/replicas/westus");
  near->set_region("westus");
  near->set_rtt_ms(23);
  near->set_monitor_status("Online");
  near->set_chosen(true);
  auto* far = explanation.add_candidates();
  far->set_name("resources/contoso");
  far->set_region("eastus");
  far->set_rtt_ms(65);
  far->set_monitor_status("Degraded");
  far->set_excluded_because("its probes fail");
  explanation.add_sentences("The client is in westus2.");
  explanation.add_sentences("westus is the nearest.");
  return explanation;
}

TEST(Answer, ReadsLikeAZoneFile) {
  EXPECT_EQ(Answer(Sample().answer()).text,
            "contoso.webpubsub.azure.com  90s  CNAME  contoso-westus-1a2b3c4d.webpubsub.azure.com\n"
            "contoso-westus-1a2b3c4d.webpubsub.azure.com  90s  A  127.80.55.1\n");
  EXPECT_EQ(Answer(Sample().answer()).document["ttl"], "90s");
}

TEST(Answer, UnknownNamesDoNotExist) {
  steering::v1::ResolveResponse answer;
  answer.set_name("nobody.webpubsub.azure.com");
  EXPECT_EQ(Answer(answer).text, "nobody.webpubsub.azure.com does not exist\n");
  EXPECT_TRUE(Answer(answer).names.empty());
}

TEST(Answer, NothingEligibleIsSaid) {
  steering::v1::ResolveResponse answer;
  answer.set_name("contoso.webpubsub.azure.com");
  answer.set_exists(true);
  EXPECT_EQ(Answer(answer).text, "contoso.webpubsub.azure.com exists, but nothing is eligible to answer\n");
}

TEST(Explanation, SaysItInSentencesAndEndsWithTheAnswer) {
  const View view = Explanation(Sample());
  EXPECT_EQ(view.text.find("The client is in westus2.\nwestus is the nearest.\n"), 0u) << view.text;
  EXPECT_TRUE(view.text.ends_with(Answer(Sample().answer()).text)) << view.text;
  EXPECT_EQ(view.document["candidates"][0]["chosen"], true);
  EXPECT_EQ(view.document["candidates"][1]["excludedBecause"], "its probes fail");
  EXPECT_EQ(view.document["answer"]["address"], "127.80.55.1");
}

}  // namespace
}  // namespace nonet::cli
