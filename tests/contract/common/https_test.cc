// What only TLS can get wrong: certificates, hands that are never shaken, and clients in the clear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock/simulated_clock.h"
#include "common/http/client.h"
#include "common/http/server.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/contract/common/tls_pair.h"

namespace nonet::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::string_view kGet = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

class Https : public testing::Test {
 protected:
  ~Https() override {
    loop_.Call([&] { server_.reset(); });
  }
  void Listen(ServerOptions options = {}) {
    options.tls = TestServer();
    loop_.Call([&] {
      server_ = *Server::Listen(loop_.get(), std::move(options), [this](Request, Reply reply) {
        ++requests_;
        reply(Response{});
      });
      port_ = server_->port();
    });
  }
  int requests() {
    return loop_.Call([&] { return requests_; });
  }

  // The last one's end may still be on its way to the server.
  bool ServedSoon() {
    for (int i = 0; i < 10'000; ++i) {
      RawSocket client(port_, 0, TestClient());
      if (client.tls()->state() != tls::Session::State::kOpen) continue;
      client.Send(kGet);
      return client.ReceiveResponse().substr(0, 12) == "HTTP/1.1 200";
    }
    return false;
  }

  SimulatedClock clock_;
  LoopThread loop_{clock_};
  std::unique_ptr<Server> server_;
  int requests_ = 0;
  uint16_t port_ = 0;
};

TEST_F(Https, SpeaksTls13AndHttp11) {
  Listen();
  RawSocket client(port_, 0, TestClient());
  EXPECT_EQ(client.tls()->version(), "TLSv1.3");
  EXPECT_EQ(client.tls()->protocol(), "http/1.1");
}

TEST_F(Https, IsNotBelievedByWhoTrustsAnotherAuthority) {
  Listen();
  RawSocket stranger(port_, 0, StrangersClient());
  EXPECT_EQ(stranger.tls()->state(), tls::Session::State::kFailed);
  EXPECT_TRUE(stranger.AtEnd());
  RawSocket client(port_, 0, TestClient());
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Https, TellsAClientInTheClearWhatIsWrong) {
  Listen();
  RawSocket client(port_);
  client.Send(kGet);
  const std::string response = client.ReceiveResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(response, HasSubstr("this port speaks HTTPS"));
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(requests(), 0);
}

TEST_F(Https, AnswersGarbageWithAnAlertAndTheEnd) {
  Listen();
  RawSocket client(port_);
  client.Send(std::string("\x16\x03\x01\x00\x05nonse", 10));
  EXPECT_THAT(client.Receive(1), "\x15") << "RFC 8446 section 5.1: an alert";
  client.ReceiveAll();
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(requests(), 0);
}

TEST_F(Https, BoundsAHandshakeInTime) {
  Listen();
  RawSocket silent(port_);
  RawSocket slow(port_);
  slow.Send("\x16\x03");
  RawSocket client(port_, 0, TestClient());
  client.Send(
      kGet);  // A client of TLS 1.3 has shaken hands before the server has; this tells when both have.
  client.ReceiveResponse();
  loop_.Call([] {});
  clock_.AdvanceNs(10 * kNanosPerSecond);
  loop_.Call([] {});
  EXPECT_TRUE(silent.AtEnd());
  EXPECT_TRUE(slow.AtEnd());
  client.Send(kGet);  // Whoever has shaken hands has the idle time.
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Https, BoundsHandshakesInNumber) {
  Listen({.handshakes_max = 2});
  RawSocket open(port_, 0, TestClient());  // Finished: does not count.
  open.Send(kGet);
  open.ReceiveResponse();
  auto first = std::make_unique<RawSocket>(port_);
  RawSocket second(port_);
  EXPECT_TRUE(RawSocket(port_).AtEnd()) << "the third unfinished one";
  open.Send(kGet);
  EXPECT_THAT(open.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
  first->CloseWithReset();
  EXPECT_TRUE(ServedSoon()) << "its place is free again";
}

TEST_F(Https, FreesTheirPlacesHoweverHandshakesEnd) {
  Listen({.handshakes_max = 1});
  EXPECT_TRUE(ServedSoon());
  RawSocket(port_).CloseWithReset();
  EXPECT_TRUE(ServedSoon());
  RawSocket(port_).Send(kGet);
  EXPECT_TRUE(ServedSoon());
  RawSocket(port_).Send(std::string("\x16\x03\x01\x00\x05nonse", 10));
  EXPECT_TRUE(ServedSoon());
  { RawSocket stranger(port_, 0, StrangersClient()); }
  EXPECT_TRUE(ServedSoon());
}

TEST_F(Https, SurvivesPeersThatVanishAtAnyByteOfTheHandshake) {
  Listen();
  tls::Session hello(TestClient(), "localhost");
  const std::string bytes = hello.TakeOutput();
  for (size_t cut = 0; cut <= bytes.size(); cut += 7) {
    RawSocket polite(port_);
    polite.Send(bytes.substr(0, cut));
    RawSocket rude(port_);
    rude.Send(bytes.substr(0, cut));
    rude.CloseWithReset();
  }
  RawSocket client(port_, 0, TestClient());
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Https, IsFoundHealthyByAProbe) {
  Listen();
  absl::Notification done;
  std::unique_ptr<Call> call;
  std::optional<absl::StatusOr<GetResult>> result;
  loop_.Call([&] {
    call = Get(loop_.get(), {.scheme = Scheme::kHttps, .address = "127.0.0.1", .port = port_, .host = "x"},
               [&](absl::StatusOr<GetResult> got) {
                 result = std::move(got);
                 done.Notify();
               });
  });
  done.WaitForNotification();
  ASSERT_TRUE(result->ok()) << result->status();
  EXPECT_EQ((*result)->status, 200);
  loop_.Call([&] { call.reset(); });
}

}  // namespace
}  // namespace nonet::http
