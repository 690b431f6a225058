#include "replica/codec/client_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Type = ClientFrame::Type;

ClientFrame Parsed(absl::string_view text) {
  ClientFrameParser parser;
  ClientFrame frame;
  const absl::Status status = parser.Parse(text, &frame);
  EXPECT_TRUE(status.ok()) << text << ": " << status;
  return frame;
}

TEST(ClientFrameParser, ReadsWhatTheClientSdkSends) {
  ClientFrame f = Parsed(R"({"type":"joinGroup","group":"g1","ackId":1})");
  EXPECT_EQ(f.type, Type::kJoinGroup);
  EXPECT_EQ(f.group, "g1");
  EXPECT_EQ(f.ack_id, 1u);

  f = Parsed(
      R"({"type":"sendToGroup","group":"g1","ackId":2,"noEcho":true,"dataType":"text","data":"hello"})");
  EXPECT_EQ(f.type, Type::kSendToGroup);
  EXPECT_TRUE(f.no_echo);
  EXPECT_EQ(f.data_type, DataType::kText);
  EXPECT_EQ(f.data, "hello");

  f = Parsed(R"({"type":"sendToGroup","group":"g1","noEcho":false,"dataType":"json","data":{"a":1}})");
  EXPECT_EQ(f.ack_id, std::nullopt);
  EXPECT_EQ(f.data, R"({"a":1})");

  f = Parsed(R"({"type":"sendToGroup","group":"g1","ackId":3,"dataType":"binary","data":"AQI="})");
  EXPECT_EQ(f.data_type, DataType::kBinary);
  EXPECT_EQ(f.data, "\x01\x02");

  EXPECT_EQ(Parsed(R"({"type":"sequenceAck","sequenceId":9007199254740993})").sequence_id, 9007199254740993u);
  EXPECT_EQ(Parsed(R"({"type":"ping"})").type, Type::kPing);
  EXPECT_EQ(Parsed(R"({"type":"event","event":"evt","ackId":5,"dataType":"text","data":"x"})").event, "evt");
}

TEST(ClientFrameParser, KeepsJsonDataByteForByte) {
  for (const char* data : {R"({ "b" : 1.50 , "a":[1, 2 ,{"x":"]}\""}] })", "1e300", "-0.0", "true",
                           R"("a\u0041")", "[]", R"("\\")", "[ \"\\\\\" , {} ]"}) {
    EXPECT_EQ(Parsed(absl::StrCat(R"({"x":[{"data":0}],"type":"sendToGroup","group":"g", "data" : )", data,
                                  R"( , "z":1})"))
                  .data,
              data);
  }
}

TEST(ClientFrameParser, TakesTheLastOfRepeatedProperties) {
  const ClientFrame f =
      Parsed(R"({"type":"ping","type":"sendToGroup","group":"a","data":1,"group":"b","data":[2]})");
  EXPECT_EQ(f.group, "b");
  EXPECT_EQ(f.data, "[2]");
  // An escaped name is the same name.
  EXPECT_EQ(Parsed(R"({"type":"sendToGroup","group":"a","d\u0061ta":3})").data, "3");
}

TEST(ClientFrameParser, ComparesTypesWithoutCaseAndIgnoresUnknownProperties) {
  EXPECT_EQ(Parsed(R"({"TYPE":1,"type":"JoinGroup","group":"g","future":{"a":[]}})").type, Type::kJoinGroup);
}

TEST(ClientFrameParser, TakesMetadataInsteadOfData) {
  const ClientFrame f = Parsed(R"({"type":"sendToGroup","group":"g","metadata":{"k":"v","k2":"w"}})");
  EXPECT_EQ(f.data_type, DataType::kText);
  EXPECT_EQ(f.data, "");
  EXPECT_THAT(f.metadata, ElementsAre(Pair("k", "v"), Pair("k2", "w")));
}

TEST(ClientFrameParser, KnowsWhatIsAbsent) {
  EXPECT_EQ(Parsed(R"({"type":"invoke","invocationId":"1","target":"event","event":"e","data":1})").id, "1");
  EXPECT_EQ(Parsed(R"({"type":"setGroupState","group":"g","ackId":7})").type, Type::kUnsupported);
  EXPECT_TRUE(Parsed(R"({"type":"sendToGroup","group":"g","stream":{"streamId":"s"}})").starts_stream);
}

TEST(ClientFrameParser, RefusesBadFramesAndSaysWhy) {
  ClientFrameParser parser;
  ClientFrame frame;
  for (const char* text : {"",
                           " ",
                           "{",
                           "[]",
                           "null",
                           "1",
                           "{}",
                           R"({"type":1})",
                           R"({"type":"nope"})",
                           R"({"type":"ping"}x)",
                           R"({"type":"joinGroup"})",
                           R"({"type":"joinGroup","group":""})",
                           R"({"type":"joinGroup","group":"  "})",
                           R"({"type":"joinGroup","group":1})",
                           R"({"type":"joinGroup","group":"g","ackId":-1})",
                           R"({"type":"joinGroup","group":"g","ackId":1.5})",
                           R"({"type":"joinGroup","group":"g","ackId":"1"})",
                           R"({"type":"sendToGroup","group":"g"})",
                           R"({"type":"sendToGroup","group":"g","data":null})",
                           R"({"type":"sendToGroup","group":"g","dataType":"text","data":1})",
                           R"({"type":"sendToGroup","group":"g","dataType":"binary","data":"A"})",
                           R"({"type":"sendToGroup","group":"g","dataType":"binary","data":"!!!!"})",
                           R"({"type":"sendToGroup","group":"g","dataType":"xml","data":"a"})",
                           R"({"type":"sendToGroup","group":"g","noEcho":1,"data":1})",
                           R"({"type":"sendToGroup","group":"g","ttlSeconds":301,"data":1})",
                           R"({"type":"sendToGroup","group":"g","metadata":{"bad key":"v"},"data":1})",
                           R"({"type":"sendToGroup","group":"g","data":{"a":}})",
                           R"({"type":"event","data":1})",
                           R"({"type":"sequenceAck"})",
                           R"({"type":"sequenceAck","sequenceId":18446744073709551616})"}) {
    const absl::Status status = parser.Parse(text, &frame);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(status.message().empty());
  }
  // The parser goes on after a bad frame.
  EXPECT_TRUE(parser.Parse(R"({"type":"ping"})", &frame).ok());
}

TEST(ClientFrameParser, LimitsGroupNames) {
  ClientFrameParser parser;
  ClientFrame frame;
  const auto join = [&](const std::string& group) {
    return parser.Parse(absl::StrCat(R"({"type":"joinGroup","group":")", group, "\"}"), &frame).ok();
  };
  EXPECT_TRUE(join(std::string(1024, 'g')));
  EXPECT_FALSE(join(std::string(1025, 'g')));
}

TEST(ClientFrameParser, SurvivesMutatedFrames) {
  ClientFrameParser parser;
  ClientFrame frame;
  const std::string valid =
      R"({"type":"sendToGroup","group":"g\u00e9","ackId":3,"noEcho":true,"ttlSeconds":5,"metadata":{"k":"v"},"data":{"a":[1,"x\\",null]}})";
  int accepted = 0;
  for (uint64_t seed = 0; seed < 5'000; ++seed) {
    Random random(seed);
    std::string text = valid;
    for (uint64_t i = random.Below(6); i > 0; --i) {
      const size_t at = random.Below(text.size());
      switch (random.Below(3)) {
        case 0:
          text[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          text.erase(at, random.Below(8));
          break;
        default:
          text.insert(at, 1, "{}[]\",:\\"[random.Below(8)]);
      }
    }
    if (parser.Parse(text, &frame).ok()) {
      ++accepted;
      if (frame.type == Type::kSendToGroup && frame.data_type == DataType::kJson) {
        EXPECT_TRUE(IsJson(frame.data)) << "seed " << seed << ": " << frame.data;
      }
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace nonet::replica
