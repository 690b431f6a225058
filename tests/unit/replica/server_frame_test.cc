#include "replica/codec/server_frame.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace nonet::replica {
namespace {

using Json = nlohmann::json;

// The payload of one whole unmasked text frame.
Json Payload(const std::string& frame) {
  EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0x81);
  size_t at = 2;
  size_t size = static_cast<unsigned char>(frame[1]);
  const int bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (bytes > 0) {
    size = 0;
    for (int i = 0; i < bytes; ++i) size = size << 8 | static_cast<unsigned char>(frame[at++]);
  }
  EXPECT_EQ(frame.size() - at, size);
  return Json::parse(frame.substr(at));
}

TEST(ServerFrames, HaveTheDocumentedShapes) {
  EXPECT_EQ(
      Payload(ConnectedFrame("u1", "c.1", "tok")),
      Json::parse(
          R"({"type":"system","event":"connected","userId":"u1","connectionId":"c.1","reconnectionToken":"tok"})"));
  EXPECT_EQ(Payload(ConnectedFrame(std::nullopt, "c.1", std::nullopt)),
            Json::parse(R"({"type":"system","event":"connected","userId":null,"connectionId":"c.1"})"));
  EXPECT_EQ(Payload(DisconnectedFrame("bye")),
            Json::parse(R"({"type":"system","event":"disconnected","message":"bye"})"));
  EXPECT_EQ(Payload(AckSuccessFrame(7)), Json::parse(R"({"type":"ack","ackId":7,"success":true})"));
  EXPECT_EQ(
      Payload(AckErrorFrame(7, "Forbidden", "no \"g\"")),
      Json::parse(
          R"({"type":"ack","ackId":7,"success":false,"error":{"name":"Forbidden","message":"no \"g\""}})"));
  EXPECT_EQ(Payload(PongFrame()), Json::parse(R"({"type":"pong"})"));
  EXPECT_EQ(Payload(InvokeErrorFrame("1", "BadRequest", "m"))["success"], false);
  EXPECT_EQ(Payload(StreamClosedFrame("s", "BadRequest", "m"))["streamId"], "s");
}

std::string Whole(MessageFrame& frame, Encoding encoding, uint64_t sequence) {
  return absl::StrCat(frame.Head(encoding, sequence), frame.Tail(encoding));
}

Json Plain(const MessageFrame::View& view) {
  MessageFrame frame(view);
  return Payload(Whole(frame, Encoding::kJson, 0));
}

TEST(MessageFrame, CarriesEveryPayloadKind) {
  const auto plain = [](DataType type, absl::string_view data) {
    MessageFrame::View view;
    view.data_type = type;
    view.data = data;
    MessageFrame frame(view);
    return Payload(Whole(frame, Encoding::kJson, 0));
  };
  EXPECT_EQ(plain(DataType::kText, "a\n\"\x01é"),
            (Json{{"type", "message"}, {"from", "server"}, {"dataType", "text"}, {"data", "a\n\"\x01é"}}));
  EXPECT_EQ(plain(DataType::kJson, R"({"a":[1]})")["data"], Json::parse(R"({"a":[1]})"));
  EXPECT_EQ(plain(DataType::kBinary, "\x01\x02")["data"], "AQI=");
  EXPECT_EQ(plain(DataType::kProtobuf, "\x01\x02")["dataType"], "protobuf");
}

TEST(AppendJsonString, EscapesAtEveryPlaceOfALongText) {
  for (const char special : {'"', '\\', '\n', '\x01', '\x1f', '\x7f', ' '}) {
    for (size_t at = 0; at < 24; ++at) {
      std::string text(24, 'x');
      text[at] = special;
      std::string json;
      AppendJsonString(text, &json);
      EXPECT_EQ(Json::parse(json), text) << at;
    }
  }
  std::string json;
  AppendJsonString("grüße, 世界 — und so weiter", &json);
  EXPECT_EQ(Json::parse(json), "grüße, 世界 — und so weiter");
}

TEST(MessageFrame, TellsGroupAndSender) {
  const Metadata metadata = {{"k", "v"}};
  MessageFrame::View view;
  view.from_group = true;
  view.group = "g";
  view.from_user_id = "ann";
  view.data = "x";
  view.metadata = &metadata;
  EXPECT_EQ(
      Plain(view),
      Json::parse(
          R"({"type":"message","from":"group","group":"g","fromUserId":"ann","dataType":"text","data":"x","metadata":{"k":"v"}})"));
  view.from_user_id = "";
  EXPECT_EQ(Plain(view)["fromUserId"], nullptr);
}

TEST(MessageFrame, OnlyTheHeadDiffersBetweenReliableClients) {
  for (const size_t size : {1u, 80u, 125u, 200u, 65'400u, 70'000u}) {
    const std::string data(size, 'x');
    MessageFrame::View view;
    view.data = data;
    MessageFrame frame(view);
    for (const uint64_t sequence : {uint64_t{1}, uint64_t{99}, uint64_t{12'345'678'901}}) {
      const Json json = Payload(Whole(frame, Encoding::kJson, sequence));
      EXPECT_EQ(json["sequenceId"], sequence);
      EXPECT_EQ(json["data"], data);
    }
    // One copy of the rest, whoever shares it.
    EXPECT_EQ(frame.SharedTail(Encoding::kJson).get(), frame.SharedTail(Encoding::kJson).get());
    EXPECT_EQ(*frame.SharedTail(Encoding::kJson), frame.Tail(Encoding::kJson));
  }
}

}  // namespace
}  // namespace nonet::replica
