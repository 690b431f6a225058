#include "replica/codec/peer_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

MessagePtr Full() {
  auto m = std::make_shared<Message>();
  m->sequence = 9'000'000'000;
  m->hub = "chat";
  m->target = Target::kGroup;
  m->target_name = "g";
  m->data_type = DataType::kJson;
  m->data = std::string(300, 'x');
  m->from_user_id = "ann";
  m->excluded_connections = {"c1.00000001", ""};
  m->metadata = {{"k", "v"}, {"empty", ""}};
  m->accepted_wall_ns = 1'700'000'000'000'000'000;
  m->ttl_ms = 30'000;
  return m;
}

MessagePtr Least(uint64_t sequence) {
  auto m = std::make_shared<Message>();
  m->sequence = sequence;
  m->hub = "chat";
  return m;
}

Batch Sample() {
  Batch batch;
  batch.first_position = 7;
  batch.messages = {Full(), Least(9'000'000'001)};
  return batch;
}

PeerRequest Of(Batch batch) {
  PeerRequest request;
  request.batch = std::move(batch);
  return request;
}

std::string Generated(const PeerRequest& value, int64_t sent_ns) {
  peer::v1::SyncRequest request;
  ToProto(value, &request);
  request.set_sent_ns(sent_ns);
  return request.SerializeAsString();
}

TEST(PeerWire, WritesWhatTheGeneratedCodeWrites) {
  PeerRequest request = Of(Sample());
  EXPECT_EQ(EncodeRequest(request, 123), Generated(request, 123));
  EXPECT_EQ(EncodeRequest(request, 0), Generated(request, 0));
  request.interest_ack = InterestAck{300, true};
  EXPECT_EQ(EncodeRequest(request, 5), Generated(request, 5));
  request.batch.messages = {Least(1)};
  EXPECT_EQ(EncodeRequest(request, 5), Generated(request, 5));
  request.batch.gaps = {{3, 6, 10, 20, "chat", GapCause::kAged}};
  request.questions.emplace_back().hub = "chat";
  EXPECT_EQ(EncodeRequest(request, 5), Generated(request, 5));
}

TEST(PeerWire, WritesAMessageForSeveralPeersOnce) {
  const PeerRequest one = Of(Sample());
  const std::string alone = EncodeRequest(one, 5);
  EXPECT_EQ(one.batch.messages[0]->wire, "");
  const PeerRequest two = one, three = one;  // Three logs have them.
  EXPECT_EQ(EncodeRequest(two, 5), alone);
  const char* wire = one.batch.messages[0]->wire.data();
  EXPECT_NE(one.batch.messages[0]->wire, "");
  EXPECT_EQ(EncodeRequest(three, 5), alone);
  EXPECT_EQ(one.batch.messages[0]->wire.data(), wire);
}

TEST(PeerWire, ReadsWhatItWrote) {
  PeerRequest whole = Of(Sample());
  whole.interest_ack = InterestAck{300, false};
  for (const bool gaps : {false, true}) {
    if (gaps) whole.batch.gaps = {{3, 6, 10, 20, "chat", GapCause::kAged}};
    const std::string bytes = EncodeRequest(whole, 123);
    const auto request = DecodeRequest(bytes);
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->sent_ns, 123);
    EXPECT_EQ(request->bytes, bytes.size());
    EXPECT_EQ(Generated(std::get<PeerRequest>(request->value), 123), Generated(whole, 123));
  }
}

TEST(PeerWire, ReadsTheOtherKinds) {
  const auto hello =
      DecodeRequest(EncodeRequest(Hello{"resources/r", "resources/r", "00000000000000aa", "", 0}, 1));
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(std::get<Hello>(hello->value).epoch, "00000000000000aa");
  PeerRequest ask;
  ask.interest_ack = InterestAck{5, true};
  Question& question = ask.questions.emplace_back();
  question.id = 9;
  question.operation = Operation::kCheck;
  question.hub = "chat";
  question.target = Target::kUser;
  question.target_name = "ann";
  question.permission = Permission::kJoinLeaveGroup;
  const auto request = DecodeRequest(EncodeRequest(ask, 2));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(Generated(std::get<PeerRequest>(request->value), 2), Generated(ask, 2));
  PeerResponse said;
  said.ack = MessageAck{77, 0, true};
  said.interest = Interest{3, 5, false, 0, false, {{"chat", Target::kGroup, "g", false}}};
  said.answers = {Answer{9, 2, 1, 0, {{"c.00000001", "ann"}}}};
  const auto response = DecodeResponse(EncodeResponse(said, 3));
  ASSERT_TRUE(response.ok());
  const auto& got = std::get<PeerResponse>(response->value);
  EXPECT_EQ(EncodeResponse(got, 3), EncodeResponse(said, 3));
  EXPECT_EQ(got.ack->position, 77u);
  EXPECT_TRUE(got.ack->rewind);
  EXPECT_EQ(response->sent_ns, 3);
}

TEST(PeerWire, RefusesEveryTruncationOrLosesWholeMessages) {
  const std::string whole = EncodeRequest(Of(Sample()), 123);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto request = DecodeRequest(whole.substr(0, size));
    // Only sent_ns may be missing unnoticed: it is the last field.
    if (request.ok()) {
      EXPECT_EQ(std::get<PeerRequest>(request->value).batch.messages.size(), 2u);
    }
  }
  EXPECT_FALSE(DecodeRequest("").ok());
  EXPECT_FALSE(DecodeRequest("\xff\xff\xff").ok());
  EXPECT_FALSE(DecodeResponse("\xff").ok());
}

TEST(PeerWire, RefusesMessagesThatNobodyMayGet) {
  const auto error = [](void (*spoil)(Message&)) {
    Batch batch;
    auto m = std::make_shared<Message>(*Full());
    spoil(*m);
    batch.messages = {Full(), m};
    return std::string(DecodeRequest(EncodeRequest(Of(batch), 1)).status().message());
  };
  EXPECT_THAT(error([](Message& m) { m.hub = "Chat"; }), HasSubstr("bad hub"));
  EXPECT_THAT(error([](Message& m) { m.hub = ""; }), HasSubstr("bad hub"));
  EXPECT_THAT(error([](Message& m) { m.target = static_cast<Target>(9); }), HasSubstr("unknown target"));
  EXPECT_THAT(error([](Message& m) { m.data_type = static_cast<DataType>(0); }), HasSubstr("data type"));
  EXPECT_THAT(error([](Message& m) { m.target_name = ""; }), HasSubstr("no target name"));
  EXPECT_THAT(error([](Message& m) {
                m.data_type = DataType::kText;
                m.data = "\xff";
              }),
              HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace nonet::replica
