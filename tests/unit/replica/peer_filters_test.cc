// Filters on their way between instances.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "common/base/error.h"
#include "replica/codec/peer_wire.h"
#include "replica/core/odata_filter.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

MessagePtr Plain(uint64_t sequence) {
  auto m = std::make_shared<Message>();
  m->sequence = sequence;
  m->hub = "chat";
  return m;
}

PeerRequest Of(Batch batch) {
  PeerRequest request;
  request.batch = std::move(batch);
  return request;
}

MessagePtr Filtered(uint64_t sequence, const std::string& filter) {
  auto m = std::make_shared<Message>(*Plain(sequence));
  m->filter = *ParseFilter(filter);
  return m;
}

// In both ways a request is read: the short one, and the generated code's when there is more in it.
TEST(PeerFilters, AreCarriedAndARunOfOneIsParsedOnce) {
  Batch batch;
  batch.messages = {Filtered(1, "userId eq 'a'"), Filtered(2, "userId eq 'a'"), Plain(3),
                    Filtered(4, "userId eq 'a'"), Filtered(5, "true")};
  for (const bool gaps : {false, true}) {
    if (gaps) batch.gaps = {{3, 6, 10, 20, "chat", GapCause::kAged}};
    const auto request = DecodeRequest(EncodeRequest(Of(batch), 1));
    ASSERT_TRUE(request.ok()) << request.status();
    const auto& read = std::get<PeerRequest>(request->value).batch.messages;
    ASSERT_EQ(read.size(), 5u);
    ASSERT_NE(read[0]->filter, nullptr);
    EXPECT_EQ(read[0]->filter->text(), "userId eq 'a'");
    EXPECT_TRUE(read[0]->filter->Matches({"c", "a", {}}));
    EXPECT_FALSE(read[0]->filter->Matches({"c", "b", {}}));
    EXPECT_EQ(read[1]->filter, read[0]->filter);
    EXPECT_EQ(read[2]->filter, nullptr);
    EXPECT_EQ(read[3]->filter, read[0]->filter);
    EXPECT_EQ(read[4]->filter->text(), "true");
  }
}

TEST(PeerFilters, AreCarriedByQuestions) {
  PeerRequest ask;
  Question& question = ask.questions.emplace_back();
  question.operation = Operation::kAddToGroups;
  question.hub = "chat";
  question.target = Target::kAll;
  question.filter = *ParseFilter("'g' in groups");
  const auto request = DecodeRequest(EncodeRequest(ask, 2));
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& read = std::get<PeerRequest>(request->value).questions;
  ASSERT_EQ(read.size(), 1u);
  ASSERT_NE(read[0].filter, nullptr);
  EXPECT_EQ(read[0].filter->text(), "'g' in groups");
}

TEST(PeerFilters, AreRefusedWhenNobodyCanReadThem) {
  class Foreign final : public ConnectionFilter {
    bool Matches(const Subject&) const override { return true; }
    absl::string_view text() const override { return "userId like 'a%'"; }
  };
  auto m = std::make_shared<Message>(*Plain(1));
  m->filter = std::make_shared<Foreign>();
  Batch batch;
  batch.messages = {m};
  PeerRequest ask;
  ask.questions.emplace_back().operation = Operation::kExists;
  ask.questions[0].target = Target::kAll;
  ask.questions[0].filter = m->filter;
  for (const bool gaps : {false, true}) {
    if (gaps) batch.gaps = {{3, 6, 10, 20, "chat", GapCause::kAged}};
    for (const PeerRequest& request : {Of(batch), ask}) {
      const absl::Status status = DecodeRequest(EncodeRequest(request, 1)).status();
      EXPECT_EQ(ErrorReason(status), "PEER_MESSAGE_INVALID");
      EXPECT_THAT(std::string(status.message()), HasSubstr("Invalid syntax for 'userId like"));
    }
  }
}

}  // namespace
}  // namespace nonet::replica
