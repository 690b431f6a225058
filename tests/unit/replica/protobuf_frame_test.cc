#include "replica/codec/protobuf_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "replica/codec/proto_wire.h"
#include "replica/codec/server_frame.h"
#include "replica/codec/ws_frame.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

std::string Field(uint32_t number, absl::string_view bytes) {
  std::string out;
  AppendBytes(number, bytes, &out);
  return out;
}

std::string Number(uint32_t number, uint64_t value) {
  std::string out;
  AppendUint(number, value, &out);
  return out;
}

// SendToGroupMessage with everything in it, as an UpstreamMessage.
std::string FullSend() {
  return Field(1, Field(1, "g") + Number(2, 7) + Field(3, Field(1, "hello")) + Number(4, 1) + Number(5, 30) +
                      Field(6, Field(1, "k") + Field(2, "v")));
}

TEST(ProtobufFrame, ReadsASend) {
  ClientFrame frame;
  ASSERT_TRUE(ParseProtobufFrame(FullSend(), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kSendToGroup);
  EXPECT_EQ(frame.group, "g");
  EXPECT_EQ(frame.ack_id, 7u);
  EXPECT_EQ(frame.data_type, DataType::kText);
  EXPECT_EQ(frame.data, "hello");
  EXPECT_TRUE(frame.no_echo);
  EXPECT_EQ(frame.ttl_seconds, 30u);
  EXPECT_EQ(frame.metadata, (Metadata{{"k", "v"}}));
}

TEST(ProtobufFrame, ReadsEveryKindOfData) {
  const auto type = [](uint32_t field, absl::string_view data) {
    ClientFrame frame;
    EXPECT_TRUE(ParseProtobufFrame(Field(1, Field(1, "g") + Field(3, Field(field, data))), &frame).ok());
    EXPECT_EQ(frame.data, data);
    return frame.data_type;
  };
  EXPECT_EQ(type(1, "text"), DataType::kText);
  EXPECT_EQ(type(2, "\xff\x01"), DataType::kBinary);
  EXPECT_EQ(type(3, "\x0a\x01x"), DataType::kProtobuf);
  EXPECT_EQ(type(4, R"({"a":1})"), DataType::kJson);
}

TEST(ProtobufFrame, ReadsTheOtherKinds) {
  ClientFrame frame;
  ASSERT_TRUE(ParseProtobufFrame(Field(6, Field(1, "g") + Number(2, 1)), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kJoinGroup);
  EXPECT_EQ(frame.ack_id, 1u);
  ASSERT_TRUE(ParseProtobufFrame(Field(7, Field(1, "g")), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kLeaveGroup);
  EXPECT_FALSE(frame.ack_id.has_value());
  ASSERT_TRUE(ParseProtobufFrame(Field(8, Number(1, 1234567890123)), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kSequenceAck);
  EXPECT_EQ(frame.sequence_id, 1234567890123u);
  ASSERT_TRUE(ParseProtobufFrame(Field(9, ""), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kPing);
  ASSERT_TRUE(
      ParseProtobufFrame(Field(5, Field(1, "e") + Field(2, Field(2, "x")) + Number(3, 4)), &frame).ok());
  EXPECT_EQ(frame.type, ClientFrame::Type::kEvent);
  EXPECT_EQ(frame.event, "e");
  EXPECT_EQ(frame.ack_id, 4u);
}

TEST(ProtobufFrame, IgnoresUnknownFields) {
  ClientFrame frame;
  EXPECT_TRUE(
      ParseProtobufFrame(Field(1, Field(1, "g") + Number(99, 5) + Field(3, Field(1, "x"))), &frame).ok());
  EXPECT_EQ(frame.data, "x");
}

TEST(ProtobufFrame, RefusesWhatIsWrong) {
  const auto error = [](const std::string& bytes) {
    ClientFrame frame;
    return std::string(ParseProtobufFrame(bytes, &frame).message());
  };
  EXPECT_THAT(error(""), HasSubstr("unknown kind"));
  EXPECT_THAT(error(Field(42, "")), HasSubstr("unknown kind"));
  EXPECT_THAT(error(Field(1, Field(3, Field(1, "x")))), HasSubstr("group"));
  EXPECT_THAT(error(Field(1, Field(1, "g"))), HasSubstr("data is required"));
  EXPECT_THAT(error(Field(1, Field(1, "g") + Field(3, Field(1, "\xff")))), HasSubstr("UTF-8"));
  EXPECT_THAT(error(Field(1, Field(1, "g") + Field(3, Field(4, "{")))), HasSubstr("JSON"));
  EXPECT_THAT(error(Field(1, Field(1, "g") + Field(3, Field(1, "x")) + Number(5, 301))), HasSubstr("300"));
}

TEST(ProtobufFrame, RefusesEveryTruncation) {
  const std::string whole = FullSend();
  for (size_t size = 0; size < whole.size(); ++size) {
    ClientFrame frame;
    EXPECT_FALSE(ParseProtobufFrame(whole.substr(0, size), &frame).ok()) << size;
  }
}

TEST(ProtoReader, RefusesNumbersAboveSixtyFourBits) {
  std::string bytes(1, '\x08');
  bytes.append(9, '\xff');
  const std::string most = bytes + '\x01', too_much = bytes + '\x02';
  ProtoReader fits(most);
  ASSERT_TRUE(fits.Next());
  EXPECT_EQ(fits.number(), UINT64_MAX);
  ProtoReader above(too_much);
  EXPECT_FALSE(above.Next());
  EXPECT_FALSE(above.ok());
}

// The DownstreamMessage in a binary frame of less than 126 bytes.
std::string Body(const std::string& frame) {
  EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0x82);
  EXPECT_EQ(static_cast<size_t>(frame[1]), frame.size() - 2);
  return frame.substr(2);
}

TEST(ProtobufFrame, WritesControlFrames) {
  EXPECT_EQ(Body(ProtobufAckFrame(7, "", "")), Field(1, Number(1, 7) + Number(2, 1)));
  EXPECT_EQ(Body(ProtobufAckFrame(7, "Forbidden", "no")),
            Field(1, Number(1, 7) + Field(3, Field(1, "Forbidden") + Field(2, "no"))));
  EXPECT_EQ(Body(ProtobufPongFrame()), Field(4, ""));
  EXPECT_EQ(Body(ProtobufDisconnectedFrame("bye")), Field(3, Field(2, Field(2, "bye"))));
  EXPECT_EQ(Body(ProtobufConnectedFrame("ann", "c1", "tok")),
            Field(3, Field(1, Field(1, "c1") + Field(2, "ann") + Field(3, "tok"))));
}

TEST(ProtobufFrame, WritesDataMessages) {
  const Metadata metadata = {{"k", "v"}};
  MessageFrame::View view;
  view.from_group = true;
  view.group = "g";
  view.data_type = DataType::kJson;
  view.data = "[1]";
  view.metadata = &metadata;
  MessageFrame frame(view);
  const std::string rest =
      Field(1, "group") + Field(2, "g") + Field(3, Field(4, "[1]")) + Field(5, Field(1, "k") + Field(2, "v"));
  const auto whole = [&](uint64_t sequence) {
    return absl::StrCat(frame.Head(Encoding::kProtobuf, sequence), frame.Tail(Encoding::kProtobuf));
  };
  EXPECT_EQ(Body(whole(0)), Field(2, rest));
  EXPECT_EQ(Body(whole(300)), Field(2, Number(4, 300) + rest));
  // The same frame still tells clients of the other encoding.
  EXPECT_THAT(absl::StrCat(frame.Head(Encoding::kJson, 0), frame.Tail(Encoding::kJson)), HasSubstr("[1]"));
}

}  // namespace
}  // namespace nonet::replica
