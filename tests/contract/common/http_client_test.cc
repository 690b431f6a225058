// One GET: what it gets, from where it asks, and how it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

#include "common/clock/simulated_clock.h"
#include "common/http/client.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/common/raw_socket.h"

namespace nonet::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpClient : public testing::Test {
 protected:
  void Begin(GetOptions options) {
    loop_.Call([&] {
      inside_ = true;
      call_ = Get(loop_.get(), std::move(options), [this](absl::StatusOr<GetResult> result) {
        EXPECT_FALSE(inside_);
        call_.reset();  // Always allowed.
        result_ = std::move(result);
        ++calls_;
      });
      inside_ = false;
    });
  }
  absl::StatusOr<GetResult> Result() {
    EXPECT_TRUE(loop_.Eventually([&] { return result_.has_value(); }));
    return loop_.Call([&] { return *result_; });
  }
  std::string Failure() { return std::string(Result().status().message()); }
  // Gets from a listener that answers with these bytes and closes.
  absl::StatusOr<GetResult> GetAnswer(absl::string_view bytes, size_t bytes_max = 16 * 1024) {
    SilentListener listener;
    Begin({.address = "127.0.0.1", .port = listener.port(), .response_bytes_max = bytes_max});
    request_ = listener.AnswerOne(bytes);
    return Result();
  }

  SimulatedClock clock_;
  LoopThread loop_{clock_};
  std::unique_ptr<Call> call_;
  std::optional<absl::StatusOr<GetResult>> result_;
  std::string request_;
  bool inside_ = false;
  int calls_ = 0;
};

TEST_F(HttpClient, GetsTheStatusFromTheSourceAddressGiven) {
  Request seen;
  std::unique_ptr<Server> server = loop_.Call([&] {
    return *Server::Listen(loop_.get(), {.address = "127.0.0.2"}, [&](Request request, Reply reply) {
      seen = std::move(request);
      reply({.status = 204, .content_type = "", .body = "", .headers = {}});
    });
  });
  Begin({.address = "127.0.0.2",
         .port = server->port(),
         .host = "contoso.webpubsub.azure.com",
         .path = "/api/health",
         .headers = {{"x-probe", "1"}},
         .bind_address = "127.143.0.53"});
  const auto result = Result();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 204);
  EXPECT_GE(result->elapsed_ns, 0);
  loop_.Call([&] {
    EXPECT_EQ(seen.peer_address, "127.143.0.53");
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, "/api/health");
    EXPECT_EQ(*seen.Header("host"), "contoso.webpubsub.azure.com");
    EXPECT_EQ(*seen.Header("x-probe"), "1");
    EXPECT_EQ(*seen.Header("connection"), "close");
    server.reset();
  });
}

TEST_F(HttpClient, IsRefused) {
  uint16_t port = 0;
  {
    SilentListener gone;
    port = gone.port();
  }
  Begin({.address = "127.0.0.1", .port = port});
  EXPECT_EQ(Result().status(), absl::UnavailableError("connection refused"));
}

TEST_F(HttpClient, TimesOutOnAnEndpointThatNeverAnswers) {
  SilentListener listener;
  Begin({.address = "127.0.0.1", .port = listener.port(), .timeout_ns = 10 * kNanosPerSecond});
  loop_.Call([] {});
  clock_.AdvanceNs(10 * kNanosPerSecond - 1);
  loop_.Call([] {});
  loop_.Call([&] { EXPECT_FALSE(result_.has_value()); });
  clock_.AdvanceNs(1);
  EXPECT_EQ(Result().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Result().status().message(), "timed out after 10 s");
}

TEST_F(HttpClient, TimesOutOnAnEndpointThatTrickles) {
  SilentListener listener;
  Begin({.address = "127.0.0.1", .port = listener.port(), .timeout_ns = 1500 * kNanosPerMilli});
  std::thread answer([&] {
    // The answer never ends; the peer's close would.
    clock_.AdvanceNs(1500 * kNanosPerMilli);
    loop_.Call([] {});
    listener.AnswerOne("HTTP/1.1 200 OK\r\n");
  });
  EXPECT_EQ(Result().status().message(), "timed out after 1.5 s");
  answer.join();
}

TEST_F(HttpClient, ReportsAnyFinalStatus) {
  EXPECT_EQ(GetAnswer("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 100\r\n\r\nbeginning")->status,
            503);
  EXPECT_THAT(request_, StartsWith("GET / HTTP/1.1\r\n"));
}

TEST_F(HttpClient, FollowsNoRedirect) {
  EXPECT_EQ(GetAnswer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n")->status, 302);
}

TEST_F(HttpClient, PassesOverInterimResponses) {
  EXPECT_EQ(
      GetAnswer(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
          ->status,
      200);
}

TEST_F(HttpClient, RefusesEndlessInterimResponses) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(GetAnswer(many).status(), absl::UnavailableError("too many interim responses"));
}

TEST_F(HttpClient, SaysThatThePeerClosedFirst) {
  EXPECT_EQ(GetAnswer("").status(), absl::UnavailableError("connection closed before a response"));
}

TEST_F(HttpClient, SaysThatTheAnswerWasCutOff) {
  EXPECT_EQ(GetAnswer("HTTP/1.1 200 OK\r\ncont").status(),
            absl::UnavailableError("connection closed before a response"));
}

TEST_F(HttpClient, RefusesGarbage) {
  EXPECT_THAT(std::string(GetAnswer("220 mail.example ESMTP\r\n\r\n").status().message()),
              StartsWith("malformed response: "));
}

TEST_F(HttpClient, RefusesHeadersAboveTheLimit) {
  const std::string head = "HTTP/1.1 200 OK\r\nx: " + std::string(2000, 'y') + "\r\n\r\n";
  EXPECT_THAT(std::string(GetAnswer(head, 1000).status().message()),
              HasSubstr("malformed response: header limit"));
}

TEST_F(HttpClient, SaysWhenTheSourceAddressIsNotOurs) {
  SilentListener listener;
  Begin({.address = "127.0.0.1", .port = listener.port(), .bind_address = "192.0.2.1"});
  EXPECT_THAT(Failure(), HasSubstr("cannot send from 192.0.2.1"));
}

TEST_F(HttpClient, RefusesWhatIsNoAddress) {
  Begin({.address = "localhost"});
  EXPECT_EQ(Result().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(HttpClient, IsCancelledAtAnyStage) {
  SilentListener listener;
  Begin({.address = "127.0.0.1", .port = listener.port()});
  loop_.Call([&] { call_.reset(); });
  Begin({.address = "127.0.0.1", .port = listener.port()});
  loop_.Call([] {});
  loop_.Call([&] { call_.reset(); });
  Begin({.address = "no address"});
  loop_.Call([&] { call_.reset(); });
  clock_.AdvanceNs(60 * kNanosPerSecond);
  loop_.Call([] {});
  loop_.Call([&] { EXPECT_LE(calls_, 1); });  // Only the last may have been told before it was cancelled.
}

}  // namespace
}  // namespace nonet::http
