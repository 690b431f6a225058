#include "replica/server/peer_wire.h"

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
  batch.previous_sequence = 7;
  batch.messages = {Full(), Least(9'000'000'001)};
  return batch;
}

std::string Generated(const Batch& batch, int64_t sent_ns) {
  peer::v1::SyncRequest request;
  ToProto(batch, &request);
  request.set_sent_ns(sent_ns);
  return request.SerializeAsString();
}

TEST(PeerWire, WritesWhatTheGeneratedCodeWrites) {
  EXPECT_EQ(EncodeRequest(Sample(), 123), Generated(Sample(), 123));
  EXPECT_EQ(EncodeRequest(Sample(), 0), Generated(Sample(), 0));
  Batch first;
  first.messages = {Least(1)};
  EXPECT_EQ(EncodeRequest(first, 5), Generated(first, 5));
}

TEST(PeerWire, ReadsWhatItWrote) {
  const std::string bytes = EncodeRequest(Sample(), 123);
  const auto request = DecodeRequest(bytes);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->sent_ns, 123);
  EXPECT_EQ(request->bytes, bytes.size());
  const Batch& batch = std::get<Batch>(request->value);
  EXPECT_EQ(Generated(batch, 123), Generated(Sample(), 123));
}

TEST(PeerWire, ReadsTheOtherKinds) {
  const auto hello = DecodeRequest(EncodeRequest(Hello{"resources/r", "resources/r", "00000000000000aa"}, 1));
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(std::get<Hello>(hello->value).epoch, "00000000000000aa");
  const auto ack = DecodeRequest(EncodeRequest(InterestAck{5}, 2));
  ASSERT_TRUE(ack.ok());
  EXPECT_EQ(std::get<InterestAck>(ack->value).version, 5u);
  const auto response = DecodeResponse(EncodeResponse(MessageAck{77}, 3));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(std::get<MessageAck>(response->value).sequence, 77u);
  EXPECT_EQ(response->sent_ns, 3);
}

TEST(PeerWire, RefusesEveryTruncationOrLosesWholeMessages) {
  const std::string whole = EncodeRequest(Sample(), 123);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto request = DecodeRequest(whole.substr(0, size));
    // Only sent_ns may be missing unnoticed: it is the last field.
    if (request.ok()) {
      EXPECT_EQ(std::get<Batch>(request->value).messages.size(), 2u);
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
    return std::string(DecodeRequest(EncodeRequest(batch, 1)).status().message());
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
