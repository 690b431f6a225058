#include "replica/codec/ws_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/unit/replica/client_bytes.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;

struct Outcome {
  std::vector<std::string> events;  // "text:hello", "close 1000:bye", ...
  uint16_t error = 0;
  bool operator==(const Outcome&) const = default;
};

std::string Describe(const FrameReader::Event& event) {
  const std::string payload(event.payload);
  switch (event.opcode) {
    case Opcode::kText:
      return "text:" + payload;
    case Opcode::kBinary:
      return "binary:" + payload;
    case Opcode::kPing:
      return "ping:" + payload;
    case Opcode::kPong:
      return "pong:" + payload;
    case Opcode::kClose:
      return "close " + std::to_string(event.close_code) + ":" + payload;
    case Opcode::kContinuation:
      break;
  }
  return "?";
}

// Feeds the chunks one after the other.
Outcome Read(const std::vector<std::string>& chunks) {
  FrameReader reader;
  Outcome outcome;
  for (const std::string& chunk : chunks) {
    absl::string_view input = chunk;
    FrameReader::Event event;
    while (true) {
      const auto result = reader.Next(&input, &event);
      if (result == FrameReader::Result::kNeedMore) break;
      if (result == FrameReader::Result::kFailed) {
        outcome.error = reader.error_code();
        EXPECT_FALSE(reader.error().empty());
        return outcome;
      }
      outcome.events.push_back(Describe(event));
    }
    EXPECT_TRUE(input.empty());
  }
  return outcome;
}

TEST(FrameReader, ReadsTheSameHoweverTheBytesAreSplit) {
  const std::string bytes = ClientFrameBytes(0x81, "hello") + ClientFrameBytes(0x01, "frag") +
                            ClientFrameBytes(0x89, "png") + ClientFrameBytes(0x80, "ment") +
                            ClientFrameBytes(0x82, std::string(300, 'b')) + ClientFrameBytes(0x8A, "") +
                            ClientFrameBytes(0x88, std::string("\x03\xE8", 2) + "bye");
  const Outcome whole = Read({bytes});
  EXPECT_THAT(whole.events, ElementsAre("text:hello", "ping:png", "text:fragment",
                                        "binary:" + std::string(300, 'b'), "pong:", "close 1000:bye"));
  for (size_t at = 0; at <= bytes.size(); ++at) {
    EXPECT_EQ(Read({bytes.substr(0, at), bytes.substr(at)}), whole) << "split at " << at;
  }
  std::vector<std::string> single;
  for (const char c : bytes) single.emplace_back(1, c);
  EXPECT_EQ(Read(single), whole);
}

TEST(FrameReader, RefusesWhatTheRfcForbids) {
  const struct {
    const char* what;
    std::string bytes;
    uint16_t code;
  } cases[] = {
      {"unmasked", std::string("\x81\x02hi", 4), 1002},
      {"reserved bit", ClientFrameBytes(0xC1, "x"), 1002},
      {"reserved data opcode", ClientFrameBytes(0x83, "x"), 1002},
      {"reserved control opcode", ClientFrameBytes(0x8B, "x"), 1002},
      {"fragmented ping", ClientFrameBytes(0x09, "x"), 1002},
      {"long ping", ClientFrameBytes(0x89, std::string(126, 'x')), 1002},
      {"continuation of nothing", ClientFrameBytes(0x80, "x"), 1002},
      {"new message inside another", ClientFrameBytes(0x01, "a") + ClientFrameBytes(0x81, "b"), 1002},
      {"16-bit length not needed", std::string("\x81\xFE\x00\x05mask", 8), 1002},
      {"64-bit length not needed", std::string("\x81\xFF\0\0\0\0\0\0\xFF\xFFmask", 14), 1002},
      {"64-bit length with the top bit", std::string("\x81\xFF\x80\0\0\0\0\0\0\0mask", 14), 1002},
      {"text that is not UTF-8", ClientFrameBytes(0x81, "\xC3\x28"), 1007},
      {"surrogate in text", ClientFrameBytes(0x81, "\xED\xA0\x80"), 1007},
      {"close with one byte", ClientFrameBytes(0x88, "\x03"), 1002},
      {"close code 1005", ClientFrameBytes(0x88, std::string("\x03\xED", 2)), 1002},
      {"close code 999", ClientFrameBytes(0x88, std::string("\x03\xE7", 2)), 1002},
      {"close reason not UTF-8", ClientFrameBytes(0x88, std::string("\x03\xE8\xFF", 3)), 1007},
  };
  for (const auto& c : cases) EXPECT_EQ(Read({c.bytes}).error, c.code) << c.what;
}

TEST(FrameReader, TakesOneMebibyteAndNotOneByteMore) {
  const std::string largest(kMessageBytesMax, 'x');
  EXPECT_EQ(Read({ClientFrameBytes(0x82, largest)}).error, 0);
  EXPECT_EQ(Read({ClientFrameBytes(0x82, largest + "x")}).error, 1009);
  // Fragments count together.
  EXPECT_EQ(Read({ClientFrameBytes(0x02, largest), ClientFrameBytes(0x80, "x")}).error, 1009);
  // The limit starts anew with each message.
  EXPECT_EQ(Read({ClientFrameBytes(0x82, largest), ClientFrameBytes(0x82, largest)}).error, 0);
}

TEST(FrameReader, StaysFailed) {
  FrameReader reader;
  const std::string bad = ClientFrameBytes(0xC1, "x");
  absl::string_view input = bad;
  FrameReader::Event event;
  EXPECT_EQ(reader.Next(&input, &event), FrameReader::Result::kFailed);
  const std::string good = ClientFrameBytes(0x81, "x");
  input = good;
  EXPECT_EQ(reader.Next(&input, &event), FrameReader::Result::kFailed);
}

TEST(FrameReader, SurvivesRandomBytes) {
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    Random random(seed);
    std::string bytes = ClientFrameBytes(0x81, "seed") + ClientFrameBytes(0x02, "part");
    const size_t flips = random.Below(8);
    for (size_t i = 0; i < flips; ++i)
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    for (size_t i = random.Below(64); i > 0; --i) bytes.push_back(static_cast<char>(random.Below(256)));
    const Outcome whole = Read({bytes});
    const size_t at = random.Below(bytes.size());
    EXPECT_EQ(Read({bytes.substr(0, at), bytes.substr(at)}), whole) << "seed " << seed;
  }
}

TEST(EncodeFrame, UsesTheShortestLength) {
  EXPECT_EQ(EncodeFrame(Opcode::kText, "hi"), std::string("\x81\x02hi"));
  EXPECT_EQ(EncodeFrame(Opcode::kText, std::string(125, 'x')).size(), 125u + 2);
  EXPECT_EQ(EncodeFrame(Opcode::kBinary, std::string(126, 'x')).substr(0, 4),
            std::string("\x82\x7E\x00\x7E", 4));
  EXPECT_EQ(EncodeFrame(Opcode::kBinary, std::string(65535, 'x')).size(), 65535u + 4);
  EXPECT_EQ(EncodeFrame(Opcode::kBinary, std::string(65536, 'x')).substr(0, 10),
            std::string("\x82\x7F\0\0\0\0\0\x01\0\0", 10));
}

TEST(EncodeCloseFrame, CutsTheReasonAtACharacter) {
  EXPECT_EQ(EncodeCloseFrame(1008, "no"), std::string("\x88\x04\x03\xF0no"));
  const std::string long_reason = std::string(122, 'x') + "\xC3\xA9";  // The 123rd byte would be half of it.
  EXPECT_EQ(EncodeCloseFrame(1000, long_reason), std::string("\x88\x7C\x03\xE8", 4) + std::string(122, 'x'));
}

}  // namespace
}  // namespace nonet::replica
