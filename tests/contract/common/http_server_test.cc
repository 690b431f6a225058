// The HTTP server against raw sockets: requests, limits, time, and peers that vanish.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
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

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::string_view kGet = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

Response Text(std::string body) {
  return {.status = 200, .content_type = "text/plain", .body = std::move(body), .headers = {}};
}

class HttpServer : public OverBoth {
 protected:
  ~HttpServer() override {
    loop_.Call([&] {
      kept_.clear();
      server_.reset();
    });
  }

  // Answers "METHOD target body"; /keep keeps the reply, /drop drops it.
  void Listen(ServerOptions options = {}) {
    loop_.Call([&] {
      auto server =
          Server::Listen(loop_.get(), Over(std::move(options)), [this](Request request, Reply reply) {
            ++requests_;
            last_ = request;
            if (request.path == "/drop") return;
            if (request.path == "/keep") return kept_.push_back(std::move(reply));
            if (request.path == "/end") server_.reset();
            reply(Text(absl::StrCat(request.method, " ", request.target, " ", request.body)));
          });
      ASSERT_TRUE(server.ok()) << server.status();
      server_ = *std::move(server);
      port_ = server_->port();
    });
  }

  int requests() {
    return loop_.Call([&] { return requests_; });
  }
  void Advance(int64_t ns) {
    // What the server has begun ends at the time it began: the end of a write, whose bytes have come already,
    // may be queued behind the turn it began in, and that behind another.
    for (int i = 0; i < 3; ++i) loop_.Call([] {});
    clock_.AdvanceNs(ns);
    loop_.Call([] {});
  }

  SimulatedClock clock_;
  LoopThread loop_{clock_};
  std::unique_ptr<Server> server_;
  std::deque<Reply> kept_;
  Request last_;
  int requests_ = 0;
  uint16_t port_ = 0;
};

TEST_P(HttpServer, AnswersOneRequestAfterTheOther) {
  Listen();
  Client client(port_);
  for (const char* target : {"/a?b=c", "/d"}) {
    client.Send(absl::StrCat("POST ", target, " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"));
    const std::string response = client.ReceiveResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("connection: keep-alive"));
    EXPECT_THAT(response, EndsWith(absl::StrCat("POST ", target, " hi")));
  }
  EXPECT_EQ(loop_.Call([&] { return last_.peer_address; }), "127.0.0.1");
}

TEST_P(HttpServer, AnswersPipelinedRequestsInOrder) {
  Listen();
  Client client(port_);
  std::string all;
  for (int i = 0; i < 50; ++i) absl::StrAppend(&all, "GET /", i, " HTTP/1.1\r\nhost: x\r\n\r\n");
  client.Send(all);
  for (int i = 0; i < 50; ++i) EXPECT_THAT(client.ReceiveResponse(), EndsWith(absl::StrCat("GET /", i, " ")));
}

TEST_P(HttpServer, KeepsPipelinedRequestsWaitingForALateReply) {
  Listen();
  Client client(port_);
  client.Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\nGET /next HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 1; }));
  EXPECT_EQ(requests(), 1);
  loop_.Call([&] { kept_[0](Text("late")); });
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("late"));
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("GET /next "));
}

TEST_P(HttpServer, TakesARequestByteByByte) {
  Listen();
  Client client(port_);
  for (const char c : absl::string_view(
           "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")) {
    client.Send(absl::string_view(&c, 1));
    loop_.Call([] {});
  }
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("PUT /x ab"));
  EXPECT_TRUE(loop_.Call([&] { return last_.chunked; }));
}

TEST_P(HttpServer, GivesHeadTheLengthWithoutTheBody) {
  Listen();
  Client client(port_);
  client.Send("HEAD /long HTTP/1.1\r\nhost: x\r\n\r\n");
  const std::string head = client.ReceiveUntil("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr(absl::StrCat("content-length: ", strlen("HEAD /long "), "\r\n")));
  client.Send(kGet);  // The next thing to come is its answer, not a body.
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_P(HttpServer, ClosesWhenAskedTo) {
  Listen();
  for (const char* request :
       {"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    Client client(port_);
    client.Send(request);
    EXPECT_THAT(client.ReceiveResponse(), HasSubstr("connection: close"));
    EXPECT_TRUE(client.AtEnd());
  }
}

TEST_P(HttpServer, Sends100ContinueWhereTheClientWaitsForIt) {
  Listen();
  Client client(port_);
  client.Send("POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hi");
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("POST /a hi"));
}

TEST_P(HttpServer, AnswersMalformedRequestsWith400AndCloses) {
  Listen();
  for (const char* request :
       {"\x16\x03\x01\x02\x00\x01\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/3.0\r\nhost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n"}) {
    Client client(port_);
    client.Send(request);
    const std::string response = client.ReceiveResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << request;
    EXPECT_THAT(response, HasSubstr(R"({"error": {"code": "BadRequest")"));
    EXPECT_TRUE(client.AtEnd());
  }
  EXPECT_EQ(requests(), 0);
}

TEST_P(HttpServer, Answers431OneByteAboveTheHeaderLimit) {
  Listen({.header_bytes_max = 1000});
  const auto request = [](size_t bytes) {
    std::string text = "GET / HTTP/1.1\r\nhost: x\r\nx: ";
    text += std::string(bytes - text.size() - 4, 'y');
    return text + "\r\n\r\n";
  };
  Client fits(port_);
  fits.Send(request(1000));
  EXPECT_THAT(fits.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
  Client above(port_);
  above.Send(request(1001));
  EXPECT_THAT(above.ReceiveResponse(), StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_TRUE(above.AtEnd());
}

TEST_P(HttpServer, Answers413OneByteAboveTheBodyLimit) {
  Listen({.body_bytes_max = 100});
  const auto chunked = [](size_t bytes) {
    return absl::StrCat("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", absl::Hex(bytes),
                        "\r\n", std::string(bytes, 'x'), "\r\n0\r\n\r\n");
  };
  const auto counted = [](size_t bytes) {
    return absl::StrCat("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ", bytes, "\r\n\r\n",
                        std::string(bytes, 'x'));
  };
  for (const std::string& fits : {counted(100), chunked(100)}) {
    Client client(port_);
    client.Send(fits);
    EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
  }
  for (const std::string& above : {counted(101), chunked(101), counted(5'000'000)}) {
    Client client(port_);
    client.Send(above.substr(0, 100'000));
    EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 413 Payload Too Large\r\n"));
  }
}

TEST_P(HttpServer, ClosesOneConnectionTooManyAtOnce) {
  Listen({.connections_max = 2});
  auto first = std::make_unique<Client>(port_);
  Client second(port_);
  for (Client* client : {first.get(), &second}) {
    client->Send(kGet);
    client->ReceiveResponse();
  }
  EXPECT_TRUE(Client(port_).AtEnd());
  first.reset();
  bool served = false;  // Its place is free again, once the server has seen the end.
  for (int i = 0; i < 10'000 && !served; ++i) {
    Client client(port_);
    client.Send(kGet);
    served = !client.ReceiveResponse().empty();
  }
  EXPECT_TRUE(served);
  second.Send(kGet);
  EXPECT_THAT(second.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_P(HttpServer, ClosesAnIdleConnectionInTime) {
  Listen();
  Client client(port_);
  client.Send(kGet);
  client.ReceiveResponse();
  Advance(60 * kNanosPerSecond - 1);
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
  Advance(60 * kNanosPerSecond);
  EXPECT_TRUE(client.AtEnd());
}

TEST_P(HttpServer, Answers408WhenARequestTakesTooLong) {
  Listen();
  Client client(port_);
  client.Send(kGet.substr(0, 10));
  // Whatever trickles in: the time counts from the first byte.
  ASSERT_TRUE(loop_.Eventually([&] {
    clock_.AdvanceNs(kNanosPerSecond);
    client.Send("x");
    return clock_.SteadyNs() >= 30 * kNanosPerSecond;
  }));
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(client.AtEnd());
}

TEST_P(HttpServer, LetsAHandlerTakeItsTime) {
  Listen();
  Client client(port_);
  client.Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 1; }));
  Advance(3600 * kNanosPerSecond);
  loop_.Call([&] { kept_[0](Text("late")); });
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("late"));
}

TEST_P(HttpServer, Answers500ForADroppedReply) {
  Listen();
  Client client(port_);
  client.Send("GET /drop HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_P(HttpServer, IgnoresAReplyThatComesTwiceOrTooLate) {
  Listen();
  auto client = std::make_unique<Client>(port_);
  client->Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 1; }));
  loop_.Call([&] {
    kept_[0](Text("first"));
    kept_[0](Text("second"));
  });
  EXPECT_THAT(client->ReceiveResponse(), EndsWith("first"));
  client->Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 2; }));
  client->CloseWithReset();
  loop_.Call([&] { kept_[1](Text("to nobody")); });
}

TEST_P(HttpServer, TakesAReplyFromAnotherThread) {
  Listen();
  Client client(port_);
  client.Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 1; }));
  Reply reply = loop_.Call([&] { return std::move(kept_[0]); });
  reply(Text("from afar"));
  EXPECT_THAT(client.ReceiveResponse(), EndsWith("from afar"));
}

TEST_P(HttpServer, SurvivesPeersThatVanishAtAnyByte) {
  Listen();
  const std::string request = "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
  for (size_t cut = 0; cut <= request.size(); ++cut) {
    Client polite(port_);
    polite.Send(request.substr(0, cut));
    Client rude(port_);
    rude.Send(request.substr(0, cut));
    rude.CloseWithReset();
  }
  Client client(port_);
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
}

TEST_P(HttpServer, MayBeDestroyedByItsOwnHandler) {
  Listen();
  Client client(port_);
  client.Send("GET /end HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_TRUE(client.AtEnd());
}

TEST_P(HttpServer, AbortsItsConnectionsWhenItGoes) {
  Listen();
  Client idle(port_);
  idle.Send(kGet);
  idle.ReceiveResponse();
  Client waiting(port_);
  waiting.Send("GET /keep HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(loop_.Eventually([&] { return kept_.size() == 1; }));
  loop_.Call([&] { server_.reset(); });
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_TRUE(waiting.AtEnd());
  loop_.Call([&] { kept_[0](Text("to nobody")); });
}

TEST_P(HttpServer, StopsListeningWhileConnectionsGoOn) {
  Listen();
  Client client(port_);
  client.Send(kGet);
  client.ReceiveResponse();
  loop_.Call([&] { server_->StopListening(); });
  client.Send(kGet);
  EXPECT_THAT(client.ReceiveResponse(), StartsWith("HTTP/1.1 200 "));
  loop_.Call([&] {  // Its port is free again.
    EXPECT_TRUE(Server::Listen(loop_.get(), {.port = port_}, [](Request, Reply) {}).ok());
  });
}

TEST_P(HttpServer, SaysWhyItCannotListen) {
  Listen();
  loop_.Call([&] {
    const auto taken = Server::Listen(loop_.get(), {.port = port_}, [](Request, Reply) {});
    EXPECT_EQ(taken.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(taken.status().message(),
              absl::StrCat("cannot listen on 127.0.0.1:", port_, ": Address already in use"));
    const auto bad = Server::Listen(loop_.get(), {.address = "localhost"}, [](Request, Reply) {});
    EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
  });
}

INSTANTIATE_TEST_SUITE_P(Both, HttpServer, testing::Bool(), OverBoth::Name);

}  // namespace
}  // namespace nonet::http
