// WebSocket upgrades and the byte streams behind them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock/simulated_clock.h"
#include "common/http/server.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/common/over_both.h"
#include "tests/contract/common/raw_socket.h"

namespace nonet::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const std::string> Bytes(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

std::string UpgradeRequest(absl::string_view target = "/") {
  return absl::StrCat("GET ", target,
                      " HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
                      "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

class HttpStream : public OverBoth {
 protected:
  HttpStream() {
    loop_.Call([this] {
      server_ = *Server::Listen(
          loop_.get(), Over({}), [](Request, Reply reply) { reply(Response{}); },
          [this](Request request, std::unique_ptr<Upgrade> upgrade) {
            OnUpgrade(request, std::move(upgrade));
          });
      port_ = server_->port();
    });
  }
  ~HttpStream() override {
    loop_.Call([this] {
      stream_.reset();
      upgrade_.reset();
      server_.reset();
    });
  }

  void OnUpgrade(const Request& request, std::unique_ptr<Upgrade> upgrade) {
    if (request.path == "/drop") return;
    if (request.path == "/keep") {
      upgrade_ = std::move(upgrade);
      return;
    }
    if (request.path == "/refuse") {
      return upgrade->Refuse({.status = 401, .content_type = "", .body = "no", .headers = {}});
    }
    stream_ = upgrade->Accept(request.path == "/proto" ? "json.webpubsub.azure.v1" : "");
    if (request.path != "/late") StartStream();
  }

  void StartStream() {
    stream_->Start({.on_data =
                        [this](absl::string_view bytes) {
                          received_.append(bytes.data(), bytes.size());
                          if (on_data_) on_data_();
                        },
                    .on_closed = [this] { ++closed_; },
                    .on_drained = [this] { ++drained_; }});
  }

  // Sends the request and takes the 101.
  void Open(Client& client, absl::string_view target = "/") {
    client.Send(UpgradeRequest(target));
    ASSERT_THAT(client.ReceiveUntil("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    ASSERT_TRUE(loop_.Eventually([&] { return stream_ == nullptr || stream_->queued_bytes() == 0; }));
  }
  bool Received(absl::string_view text) {
    return loop_.Eventually([&] { return received_ == text; });
  }
  bool Closed() {
    return loop_.Eventually([&] { return closed_ == 1; });
  }
  void Write(std::string bytes) {
    loop_.Call([&] { stream_->Write(Bytes(std::move(bytes))); });
  }

  SimulatedClock clock_;
  LoopThread loop_{clock_};
  std::unique_ptr<Server> server_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Upgrade> upgrade_;
  std::function<void()> on_data_;
  std::string received_;
  int closed_ = 0;
  int drained_ = 0;
  uint16_t port_ = 0;
};

TEST_P(HttpStream, BeginsWithTheAnswerOfTheRfc) {
  Client client(port_);
  client.Send(UpgradeRequest("/proto"));
  const std::string head = client.ReceiveUntil("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(head, HasSubstr("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(head, HasSubstr("sec-websocket-protocol: json.webpubsub.azure.v1\r\n"));
}

TEST_P(HttpStream, CarriesBytesBothWays) {
  Client client(port_);
  Open(client);
  client.Send("hello");
  EXPECT_TRUE(Received("hello"));
  Write("world");
  EXPECT_EQ(client.Receive(5), "world");
}

TEST_P(HttpStream, DeliversBytesGluedBehindTheRequest) {
  Client client(port_);
  client.Send(UpgradeRequest() + "early");
  ASSERT_THAT(client.ReceiveUntil("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_TRUE(Received("early"));
  client.Send(" and late");
  EXPECT_TRUE(Received("early and late"));
}

TEST_P(HttpStream, KeepsEarlyBytesUntilItIsStarted) {
  Client client(port_);
  client.Send(UpgradeRequest("/late") + "early");
  ASSERT_THAT(client.ReceiveUntil("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  loop_.Call([&] { StartStream(); });
  EXPECT_TRUE(Received("early"));
}

TEST_P(HttpStream, IsDecidedLater) {
  Client client(port_);
  client.Send(UpgradeRequest("/keep"));
  ASSERT_TRUE(loop_.Eventually([&] { return upgrade_ != nullptr; }));
  loop_.Call([&] {
    stream_ = upgrade_->Accept("");
    upgrade_.reset();
    StartStream();
  });
  EXPECT_THAT(client.ReceiveUntil("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST_P(HttpStream, IsClosedFromTheStartWhenThePeerWentMeanwhile) {
  Client client(port_);
  client.Send(UpgradeRequest("/keep"));
  ASSERT_TRUE(loop_.Eventually([&] { return upgrade_ != nullptr; }));
  loop_.Call([&] {
    server_.reset();  // As good as any way to lose it.
    stream_ = upgrade_->Accept("");
    stream_->Write(Bytes("x"));
    StartStream();
  });
  EXPECT_TRUE(Closed());
}

TEST_P(HttpStream, IsRefusedWithTheAnswerGiven) {
  Client client(port_);
  client.Send(UpgradeRequest("/refuse"));
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  client.Send(UpgradeRequest("/drop"));  // The connection goes on.
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 500 "));
}

TEST_P(HttpStream, IsRefusedForABadHandshakeAndWhereNobodySpeaksIt) {
  Client bad(port_);
  bad.Send(
      "GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: "
      "8\r\n\r\n");
  const std::string response = bad.ReceiveResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(response, HasSubstr("sec-websocket-version: 13\r\n"));
  auto plain = loop_.Call([&] { return *Server::Listen(loop_.get(), Over({}), [](Request, Reply) {}); });
  Client client(plain->port());
  client.Send(UpgradeRequest());
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 400 "));
  loop_.Call([&] { plain.reset(); });
}

TEST_P(HttpStream, SendsAllOfOneTurnInOrder) {
  Client client(port_);
  Open(client);
  std::string expected;
  loop_.Call([&] {
    for (int i = 0; i < 5'000; ++i) {  // More than one system call takes.
      const std::string bytes = absl::StrCat("<", i, ">");
      expected += bytes;
      stream_->Write(Bytes(bytes));
    }
    EXPECT_EQ(stream_->queued_bytes(), expected.size());
  });
  EXPECT_EQ(client.Receive(expected.size()), expected);
  EXPECT_TRUE(loop_.Eventually([&] { return drained_ >= 1 && stream_->queued_bytes() == 0; }));
}

TEST_P(HttpStream, CountsWhatASlowPeerLeavesQueued) {
  Client client(port_, 4096);
  Open(client);
  const std::string big(16 * 1024 * 1024, 'x');
  Write(big);
  Write("end");
  loop_.Call([] {});
  // Less what the sockets' buffers took.
  const size_t queued = loop_.Call([&] { return stream_->queued_bytes(); });
  EXPECT_GT(queued, big.size() / 4);
  EXPECT_LE(queued, big.size() + 3);
  EXPECT_EQ(client.Receive(big.size()).size(), big.size());
  EXPECT_EQ(client.Receive(3), "end");
  EXPECT_TRUE(loop_.Eventually([&] { return stream_->queued_bytes() == 0; }));
}

TEST_P(HttpStream, KeepsTheOrderOfCopiedAndSharedBytes) {
  Client client(port_);
  Open(client);
  std::string expected;
  loop_.Call([&] {
    for (int i = 0; i < 2000; ++i) {
      const std::string piece(static_cast<size_t>(i % 97) * (i % 10 == 0 ? 50 : 1) + 1,
                              static_cast<char>('a' + i % 26));
      expected += piece;
      if (i % 2 == 0) {
        stream_->Append(piece);
      } else {
        stream_->Write(Bytes(piece));
      }
    }
    EXPECT_EQ(stream_->queued_bytes(), expected.size());
  });
  EXPECT_EQ(client.Receive(expected.size()), expected);
  EXPECT_TRUE(loop_.Eventually([&] { return stream_->queued_bytes() == 0; }));
}

TEST_P(HttpStream, SaysOnceThatThePeerClosed) {
  Client polite(port_);
  Open(polite);
  polite.ShutdownSend();
  EXPECT_TRUE(Closed());
  EXPECT_TRUE(polite.AtEnd());
  loop_.Call([&] { stream_->Abort(); });
  loop_.Call([&] { stream_->Write(Bytes("x")); });
  loop_.Call([&] { stream_->CloseAfterWrites(); });
  loop_.Call([&] { EXPECT_EQ(closed_, 1); });
}

TEST_P(HttpStream, SurvivesAResetWhileWriting) {
  Client client(port_, 4096);
  Open(client);
  for (int i = 0; i < 64; ++i) Write(std::string(256 * 1024, 'x'));
  client.Receive(1000);
  client.CloseWithReset();
  EXPECT_TRUE(Closed());
  loop_.Call([&] { EXPECT_EQ(stream_->queued_bytes(), 0u); });
}

TEST_P(HttpStream, SendsWhatIsQueuedBeforeItCloses) {
  Client client(port_);
  Open(client);
  const std::string big(8 * 1024 * 1024, 'x');
  loop_.Call([&] {
    stream_->Write(Bytes(big));
    stream_->Write(Bytes("bye"));
    stream_->CloseAfterWrites();
    stream_->Write(Bytes("too late"));
  });
  client.Send("unread by anybody");  // Must not cost the peer our last words.
  EXPECT_EQ(client.ReceiveAll(), big + "bye");
  loop_.Call([&] { EXPECT_EQ(closed_, 0); });
  client.ShutdownSend();
  EXPECT_TRUE(Closed());
  EXPECT_EQ(loop_.Call([&] { return received_; }), "");
}

TEST_P(HttpStream, SaysItsLastWordsToAPeerThatClosedItsSide) {
  Client client(port_);
  Open(client);
  on_data_ = [&] {
    stream_->Write(Bytes("bye"));
    stream_->CloseAfterWrites();
  };
  client.Send("close");
  client.ShutdownSend();
  EXPECT_EQ(client.ReceiveAll(), "bye");
  EXPECT_TRUE(Closed());
}

TEST_P(HttpStream, AbortsAPeerThatNeverTakesTheLastWords) {
  Client client(port_, 4096);
  Open(client);
  loop_.Call([&] {
    stream_->Write(Bytes(std::string(32 * 1024 * 1024, 'x')));
    stream_->CloseAfterWrites();
  });
  clock_.AdvanceNs(5 * kNanosPerSecond);
  EXPECT_TRUE(Closed());
}

TEST_P(HttpStream, AbortsWithAReset) {
  Client client(port_);
  Open(client);
  loop_.Call([&] {
    stream_->Abort();
    EXPECT_EQ(closed_, 0);  // Never from inside.
  });
  EXPECT_TRUE(client.AtEnd());
  EXPECT_FALSE(client.Send("x") && client.Send("y"));
  EXPECT_TRUE(Closed());
}

TEST_P(HttpStream, CallsNobodyOnceDestroyed) {
  Client client(port_);
  Open(client);
  Write("x");
  loop_.Call([&] { stream_.reset(); });
  EXPECT_TRUE(loop_.Eventually([&] { return client.AtEnd() || !client.Receive(1).empty(); }));
  loop_.Call([&] { EXPECT_EQ(closed_, 0); });
}

TEST_P(HttpStream, MayBeDestroyedInItsOwnCallbacks) {
  on_data_ = [&] { stream_.reset(); };
  Client client(port_);
  Open(client);
  client.Send(std::string(1'000'000, 'x'));
  EXPECT_TRUE(client.AtEnd());
  loop_.Call([&] { EXPECT_EQ(closed_, 0); });
}

TEST_P(HttpStream, IsAbortedWithItsServer) {
  Client client(port_);
  Open(client);
  Write(std::string(1'000'000, 'x'));
  loop_.Call([&] { server_.reset(); });
  EXPECT_TRUE(Closed());
  client.ReceiveAll();
  EXPECT_TRUE(client.AtEnd());
}

INSTANTIATE_TEST_SUITE_P(Both, HttpStream, testing::Bool(), OverBoth::Name);

TEST(HttpStreamAtTheEnd, OutlivesItsLoopsLastTurn) {
  // The process stops with streams open and nobody turns the loop any more: all is taken down in any order.
  struct Session {
    explicit Session(EventLoop& loop_in) : loop(loop_in), timer(loop.RunAfter(kNanosPerSecond, [] {})) {}
    ~Session() {
      loop.Cancel(timer);
      loop.Post([] {});
      stream->Abort();
    }
    EventLoop& loop;
    EventLoop::TimerId timer;
    std::unique_ptr<Stream> stream;
  };
  SimulatedClock clock;
  EventLoop loop(clock);
  auto server = *Server::Listen(
      loop, {}, [](Request, Reply) {},
      [&](Request, std::unique_ptr<Upgrade> upgrade) {
        auto session = std::make_shared<Session>(loop);
        session->stream = upgrade->Accept("");
        session->stream->Start({.on_data = [session](absl::string_view) {}, .on_closed = [session] {}});
        session->stream->Write(Bytes("x"));
        loop.Post([&] { loop.Stop(); });
      });
  RawSocket client(server->port());
  client.Send(UpgradeRequest());
  loop.Run();
  server.reset();
}

}  // namespace
}  // namespace nonet::http
