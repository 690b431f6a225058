// Two ends of common/h2 with nothing between them but the bytes.
#include "common/h2/grpc_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace nonet::h2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPath[] = "/nonet.peer.v1.PeerSync/Sync";

// One end, and what it was told.
struct End {
  explicit End(GrpcSession::Side side) : session(side, Record()) {}
  GrpcSession::Events Record() {
    GrpcSession::Events events;
    events.on_call = [this](CallId id, const std::string& path) {
      calls.push_back(id);
      log.push_back(absl::StrCat("call ", path));
    };
    events.on_message = [this](CallId id, std::string message) {
      log.push_back(absl::StrCat(message.size() > 40 ? absl::StrCat(message.size(), " bytes") : message));
      messages.push_back(std::move(message));
      if (pause_after_each) session.SetReading(id, false);
      if (finish_after_each) session.Finish(id, {});
    };
    events.on_last_message = [this](CallId) { log.push_back("last"); };
    events.on_end = [this](CallId, CallEnd end) {
      log.push_back(absl::StrCat("end ", end.code, " ", end.message));
      ends.push_back(std::move(end));
    };
    return events;
  }
  std::string Output() {
    std::string out;
    session.TakeOutput(&out);
    return out;
  }
  bool pause_after_each = false, finish_after_each = false;
  std::vector<CallId> calls;
  std::vector<std::string> messages, log;
  std::vector<CallEnd> ends;
  GrpcSession session;
};

class GrpcSessionTest : public ::testing::Test {
 protected:
  // Until neither has anything to say. `piece`: how many bytes arrive at once.
  void Exchange(size_t piece = SIZE_MAX) {
    while (Pass(client_, server_, piece) | Pass(server_, client_, piece)) {
    }
  }
  static bool Pass(End& from, End& to, size_t piece = SIZE_MAX) {
    const std::string bytes = from.Output();
    for (size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
      const absl::Status status = to.session.Receive(absl::string_view(bytes).substr(at, piece));
      EXPECT_TRUE(status.ok()) << status;
    }
    return !bytes.empty();
  }
  CallId Call() { return client_.session.Call(kPath, "127.0.0.1:8083", "http"); }

  End client_{GrpcSession::Side::kClient}, server_{GrpcSession::Side::kServer};
};

TEST_F(GrpcSessionTest, MessagesGoBothWaysHoweverTheBytesArrive) {
  for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX}) {
    End client(GrpcSession::Side::kClient), server(GrpcSession::Side::kServer);
    const auto exchange = [&] {
      while (Pass(client, server, piece) | Pass(server, client, piece)) {
      }
    };
    const CallId call = client.session.Call(kPath, "127.0.0.1:8083", "http");
    client.session.Write(call, "hello");
    EXPECT_FALSE(client.session.greeted());
    exchange();
    EXPECT_TRUE(client.session.greeted() && server.session.greeted());
    ASSERT_THAT(server.log, ElementsAre(absl::StrCat("call ", kPath), "hello"));
    server.session.Write(server.calls[0], "welcome");
    client.session.Write(call, "");
    exchange();
    client.session.Write(call, "more");
    exchange();
    EXPECT_THAT(client.log, ElementsAre("welcome"));
    EXPECT_THAT(server.log, ElementsAre(absl::StrCat("call ", kPath), "hello", "", "more"));
    EXPECT_EQ(client.session.calls(), 1u);
  }
}

TEST_F(GrpcSessionTest, AnEndComesBehindTheMessagesWithWhatItSays) {
  const CallId call = Call();
  Exchange();
  server_.session.Write(server_.calls[0], "last words");
  const std::string details(
      "\0\x01\xFF"
      "details",
      10);
  server_.session.Finish(server_.calls[0], {9, "100 %: h\xC3\xB6her\nZeile", details});
  Exchange();
  ASSERT_EQ(client_.log.size(), 2u);
  EXPECT_EQ(client_.log[0], "last words");
  ASSERT_EQ(client_.ends.size(), 1u);
  EXPECT_EQ(client_.ends[0].code, 9);
  EXPECT_EQ(client_.ends[0].message, "100 %: h\xC3\xB6her\nZeile");
  EXPECT_EQ(client_.ends[0].details, details);
  // Who finished is told nothing, and nobody remembers the call.
  EXPECT_THAT(server_.ends, IsEmpty());
  EXPECT_EQ(client_.session.calls(), 0u);
  EXPECT_EQ(server_.session.calls(), 0u);
  client_.session.Write(call, "too late");  // Says nothing.
  EXPECT_EQ(client_.Output(), "");
}

TEST_F(GrpcSessionTest, ACallThatIsRefusedHasAnEndAndNoMessage) {
  Call();
  Exchange();
  server_.session.Finish(server_.calls[0], {12, "there is no such thing here", {}});
  Exchange();
  EXPECT_THAT(client_.log, ElementsAre("end 12 there is no such thing here"));
  EXPECT_EQ(server_.session.calls(), 0u);
}

TEST_F(GrpcSessionTest, ACancelledCallEndsAtTheOtherEnd) {
  const CallId call = Call();
  client_.session.Write(call, "hello");
  Exchange();
  client_.session.Cancel(call);
  Exchange();
  ASSERT_EQ(server_.ends.size(), 1u);
  EXPECT_EQ(server_.ends[0].code, 1);
  EXPECT_THAT(client_.ends, IsEmpty());
  EXPECT_EQ(client_.session.calls() + server_.session.calls(), 0u);
}

TEST_F(GrpcSessionTest, WhoFinishesACallThatIsOverAlreadyIsToldNothingMore) {
  const CallId call = Call();
  Exchange();
  server_.finish_after_each = true;
  client_.session.Write(call, "last");
  std::string bytes = client_.Output();
  client_.session.Cancel(call);
  client_.session.TakeOutput(&bytes);
  ASSERT_TRUE(server_.session.Receive(bytes).ok());  // The message and the cancellation at once.
  EXPECT_THAT(server_.log, ElementsAre(absl::StrCat("call ", kPath), "last"));
  EXPECT_EQ(server_.session.calls(), 0u);
}

TEST_F(GrpcSessionTest, AnotherCallOfTheConnectionGoesOn) {
  const CallId one = Call(), two = Call();
  client_.session.Write(one, "one");
  client_.session.Write(two, "two");
  Exchange();
  client_.session.Cancel(one);
  server_.session.Write(server_.calls[1], "answer");
  Exchange();
  EXPECT_THAT(client_.messages, ElementsAre("answer"));
  EXPECT_EQ(server_.session.calls(), 1u);
}

TEST_F(GrpcSessionTest, TheLargestMessageGoesThroughAndWaitsForRoom) {
  const CallId call = Call();
  Exchange();
  std::string large(kMessageBytesMax, 'x');
  large[0] = 'a';
  large[kMessageBytesMax - 1] = 'z';
  client_.session.Write(call, large);
  const std::string first = client_.Output();
  EXPECT_FALSE(client_.session.Written(call));  // More than the other end gave room for.
  EXPECT_LE(first.size(), kCallWindowBytes + 100 * 1024u);
  ASSERT_TRUE(server_.session.Receive(first).ok());
  Exchange();
  EXPECT_TRUE(client_.session.Written(call));
  ASSERT_EQ(server_.messages.size(), 1u);
  EXPECT_TRUE(server_.messages[0] == large);
}

TEST_F(GrpcSessionTest, WhoDoesNotReadHoldsAtMostAWindow) {
  const CallId call = Call();
  server_.pause_after_each = true;
  size_t written = 0;
  constexpr size_t kSize = 10'000;
  for (; written < 1'000 && client_.session.Written(call); ++written) {
    client_.session.Write(call, absl::StrCat(written, std::string(kSize, ' ')));
    Exchange();
  }
  EXPECT_EQ(server_.messages.size(), 1u);
  EXPECT_NEAR(static_cast<double>(written), kCallWindowBytes / static_cast<double>(kSize), 3);
  // Each is told once it is asked for, in order.
  for (size_t i = 1; i < written; ++i) {
    server_.session.SetReading(server_.calls[0], true);
    Exchange();
    ASSERT_EQ(server_.messages.size(), i + 1);
    ASSERT_EQ(std::stoul(server_.messages[i]), i);
  }
  EXPECT_TRUE(client_.session.Written(call));
}

TEST_F(GrpcSessionTest, AnEndWaitsBehindMessagesThatAreNotRead) {
  Call();
  Exchange();
  client_.pause_after_each = true;
  server_.session.Write(server_.calls[0], "one");
  Exchange();
  server_.session.Write(server_.calls[0], "two");
  Exchange();
  server_.session.Finish(server_.calls[0], {5, "gone", {}});
  Exchange();
  EXPECT_THAT(client_.log, ElementsAre("one"));
  client_.session.SetReading(1, true);
  client_.session.SetReading(1, true);
  EXPECT_THAT(client_.log, ElementsAre("one", "two", "end 5 gone"));
  EXPECT_EQ(client_.session.calls(), 0u);
}

// A DATA frame of the first call.
std::string Data(const std::string& payload, int flags = 0) {
  std::string frame;
  for (const size_t byte : {payload.size() >> 16, payload.size() >> 8, payload.size()})
    frame += static_cast<char>(byte & 0xFF);
  frame += '\0';
  frame += static_cast<char>(flags);
  frame += std::string("\0\0\0\x01", 4);
  return frame + payload;
}

TEST_F(GrpcSessionTest, AMessageThatIsTooLargeOrCompressedEndsItsCall) {
  for (const auto& [prefix, code, text] : {std::tuple(std::string("\0\x01\0\0\x01", 5), 8, "16777217 bytes"),
                                           std::tuple(std::string("\x01\0\0\0\x05", 5), 12, "compressed")}) {
    End client(GrpcSession::Side::kClient), server(GrpcSession::Side::kServer);
    client.session.Call(kPath, "127.0.0.1:8083", "http");
    while (Pass(client, server) | Pass(server, client)) {
    }
    ASSERT_TRUE(server.session.Receive(Data(prefix + "some")).ok());
    ASSERT_EQ(server.ends.size(), 1u);
    EXPECT_EQ(server.ends[0].code, code);
    EXPECT_THAT(server.ends[0].message, HasSubstr(text));
    Pass(server, client);
    ASSERT_EQ(client.ends.size(), 1u);
    EXPECT_NE(client.ends[0].code, 0);
    EXPECT_EQ(server.session.calls(), 0u);
    // What was on its way disturbs nobody.
    EXPECT_TRUE(server.session.Receive(Data("rest")).ok());
  }
}

TEST_F(GrpcSessionTest, TheLastMessageIsTold) {
  const CallId call = Call();
  client_.session.Write(call, "only");
  Exchange();
  ASSERT_TRUE(server_.session.Receive(Data("", 1)).ok());  // END_STREAM
  EXPECT_THAT(server_.log, ElementsAre(absl::StrCat("call ", kPath), "only", "last"));
  server_.session.Finish(server_.calls[0], {});
  Exchange();
  EXPECT_THAT(client_.log, ElementsAre("end 0 "));
}

TEST_F(GrpcSessionTest, WhatIsNoHttp2EndsTheConnection) {
  EXPECT_FALSE(server_.session.Receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n").ok());
  End answered(GrpcSession::Side::kClient);
  answered.session.Call(kPath, "127.0.0.1:8083", "http");
  answered.Output();
  EXPECT_FALSE(answered.session.over());
  EXPECT_TRUE(answered.session.Receive("HTTP/1.1 400 Bad Request\r\n\r\n").ok());
  EXPECT_FALSE(answered.session.over()) << "the other end has yet to be told";
  EXPECT_NE(answered.Output(), "");
  EXPECT_TRUE(answered.session.over());
}

// Whatever is written, in whatever pieces it arrives and whenever it is read, it comes once and in order; and
// what is broken on its way ends a call or the connection and nothing else.
TEST_F(GrpcSessionTest, AnyExchangeInAnyPieces) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](size_t n) { return random() % n; };
    End client(GrpcSession::Side::kClient), server(GrpcSession::Side::kServer);
    const bool damage = seed % 4 == 3;
    const CallId call = client.session.Call(kPath, "127.0.0.1:8083", "http");
    std::string wire[2];  // To the server, to the client.
    std::vector<std::string> sent[2];
    bool broken = false;
    for (int step = 0; step < 400 && !broken; ++step) {
      const size_t to = below(2);
      End& sender = to == 0 ? client : server;
      End& receiver = to == 0 ? server : client;
      const CallId id = to == 0 ? call : (server.calls.empty() ? 0 : server.calls[0]);
      switch (below(4)) {
        case 0:
          if (id == 0 || !sender.session.Written(id) || !sender.ends.empty()) break;
          sent[to].push_back(
              std::string(below(8) == 0 ? below(300'000) : below(300), static_cast<char>('a' + step % 26)));
          sender.session.Write(id, sent[to].back());
          break;
        case 1:
          if (id != 0) sender.session.SetReading(id, below(3) != 0);
          break;
        default:
          sender.session.TakeOutput(&wire[to]);
          if (damage && step > 100 && !wire[to].empty())
            wire[to][below(wire[to].size())] ^= static_cast<char>(1 << below(8));
          const std::string piece = wire[to].substr(0, below(100'000));
          wire[to].erase(0, piece.size());
          broken = !receiver.session.Receive(piece).ok();
      }
    }
    if (damage) continue;
    ASSERT_FALSE(broken) << "seed " << seed;
    client.session.SetReading(call, true);
    if (!server.calls.empty()) server.session.SetReading(server.calls[0], true);
    for (int i = 0; i < 100; ++i) {
      client.session.TakeOutput(&wire[0]);
      ASSERT_TRUE(server.session.Receive(std::exchange(wire[0], {})).ok());
      server.session.TakeOutput(&wire[1]);
      ASSERT_TRUE(client.session.Receive(std::exchange(wire[1], {})).ok());
    }
    ASSERT_TRUE(server.messages == sent[0]) << "seed " << seed;
    ASSERT_TRUE(client.messages == sent[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace nonet::h2
