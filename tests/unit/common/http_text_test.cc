// What common/http makes of text: queries, escapes, responses, the WebSocket handshake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/http/handshake.h"
#include "common/http/parser.h"
#include "common/http/response.h"
#include "common/http/server.h"

namespace nonet::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(Query, IsDecodedInOrderWithRepeatedNames) {
  EXPECT_THAT(*ParseQuery("a=b&c=d+e&a=%2F%3d"),
              ElementsAre(Pair("a", "b"), Pair("c", "d e"), Pair("a", "/=")));
  EXPECT_THAT(*ParseQuery("flag&x=&=y&&k=v=w"),
              ElementsAre(Pair("flag", ""), Pair("x", ""), Pair("", "y"), Pair("k", "v=w")));
  EXPECT_THAT(*ParseQuery(""), ElementsAre());
}

TEST(Query, KeepsAnEncodedPlusAndAmpersand) {
  EXPECT_THAT(*ParseQuery("a=1%2B1&b=x%26y"), ElementsAre(Pair("a", "1+1"), Pair("b", "x&y")));
}

TEST(Query, WithABadEscapeIsRefused) {
  for (const char* query : {"a=%", "a=%2", "a=%zz", "%g0=1", "a=b&c=%1"}) {
    EXPECT_EQ(ParseQuery(query).status().code(), absl::StatusCode::kInvalidArgument) << query;
  }
}

TEST(PercentDecode, LeavesPlusAlone) {
  EXPECT_EQ(*PercentDecode("a+b%20c%00"), std::string("a+b c\0", 6));
  EXPECT_EQ(PercentDecode("%a").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RequestHeader, IsTheFirstOfItsName) {
  const Request request = {.method = "GET",
                           .target = "/",
                           .path = "/",
                           .query = "",
                           .headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}},
                           .body = "",
                           .peer_address = "127.0.0.1"};
  EXPECT_EQ(*request.Header("a"), "1");
  EXPECT_EQ(request.Header("c"), nullptr);
}

Response MakeResponse(int status, std::string body, Headers headers = {}) {
  return {
      .status = status, .content_type = "text/plain", .body = std::move(body), .headers = std::move(headers)};
}

TEST(FormatResponse, HasLengthTypeAndConnection) {
  EXPECT_EQ(FormatResponse(MakeResponse(200, "hi", {{"x-a", "b"}}), false, true),
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-a: b\r\ncontent-length: 2\r\n"
            "connection: keep-alive\r\n\r\nhi");
}

TEST(FormatResponse, SendsTheLengthButNoBodyForHead) {
  const std::string text = FormatResponse(MakeResponse(200, "hello"), true, false);
  EXPECT_THAT(text, HasSubstr("content-length: 5\r\n"));
  EXPECT_THAT(text, testing::EndsWith("connection: close\r\n\r\n"));
}

TEST(FormatResponse, HasNoLengthWhereThereCanBeNoBody) {
  const std::string text = FormatResponse(MakeResponse(204, "dropped"), false, true);
  EXPECT_THAT(text, Not(HasSubstr("content-length")));
  EXPECT_THAT(text, Not(HasSubstr("dropped")));
}

TEST(FormatResponse, LeavesOutHeadersThatBreakTheMessageApart) {
  const std::string text = FormatResponse(MakeResponse(200, "",
                                                       {{"a", "1\r\nset-cookie: x"},
                                                        {"b\n", "2"},
                                                        {"", "3"},
                                                        {"Content-Length", "99"},
                                                        {"Transfer-Encoding", "chunked"},
                                                        {"c", std::string("x\0y", 3)}}),
                                          false, true);
  EXPECT_EQ(
      text,
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n");
}

TEST(ErrorResponse, IsShortJson) {
  const Response response = ErrorResponse(431, "say \"less\"\r\n");
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body,
            R"({"error": {"code": "RequestHeaderFieldsTooLarge", "message": "say \"less\"  "}})");
}

TEST(Handshake, AnswersTheKeyOfTheRfc) {  // RFC 6455 section 1.3.
  EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

Request GoodUpgrade() {
  return {.method = "GET",
          .target = "/",
          .path = "/",
          .query = "",
          .headers = {{"host", "x"},
                      {"connection", "keep-alive, Upgrade"},
                      {"upgrade", "WebSocket"},
                      {"sec-websocket-version", "13"},
                      {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}},
          .body = "",
          .peer_address = "127.0.0.1"};
}

Request Without(Request request, absl::string_view name, const char* value = nullptr) {
  std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
  if (value != nullptr) request.headers.emplace_back(std::string(name), value);
  return request;
}

TEST(Handshake, AcceptsAGoodOneInAnyCase) {
  EXPECT_TRUE(WantsWebSocket(GoodUpgrade()));
  EXPECT_EQ(*CheckHandshake(GoodUpgrade()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, IsNotWantedForAnotherProtocol) {
  EXPECT_FALSE(WantsWebSocket(Without(GoodUpgrade(), "upgrade", "h2c")));
  EXPECT_FALSE(WantsWebSocket(Without(GoodUpgrade(), "upgrade")));
}

TEST(Handshake, RefusesWhatTheRfcForbids) {
  Request post = GoodUpgrade();
  post.method = "POST";
  for (const Request& bad : {
           post,
           Without(GoodUpgrade(), "connection"),
           Without(GoodUpgrade(), "connection", "keep-alive"),
           Without(GoodUpgrade(), "sec-websocket-version"),
           Without(GoodUpgrade(), "sec-websocket-version", "8"),
           Without(GoodUpgrade(), "sec-websocket-key"),
           Without(GoodUpgrade(), "sec-websocket-key", "not base64!!"),
           Without(GoodUpgrade(), "sec-websocket-key", "c2hvcnQ="),
       }) {
    EXPECT_EQ(CheckHandshake(bad).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(RequestParser, TakesOneRequestAndLeavesTheNext) {
  const std::string two =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Y: Z\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n";
  RequestParser parser(1024, 1024);
  EXPECT_EQ(parser.Put(two), two.find("GET"));
  ASSERT_TRUE(parser.done());
  EXPECT_TRUE(parser.keep_alive());
  const Request request = parser.Take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.path, "/a");
  EXPECT_EQ(request.query, "b=c");
  EXPECT_EQ(request.body, "hi");
  EXPECT_THAT(request.headers, ElementsAre(Pair("host", "x"), Pair("x-y", "Z"), Pair("content-length", "2")));
  EXPECT_FALSE(request.chunked);
}

TEST(RequestParser, SaysTheSameHoweverTheBytesAreCut) {
  const std::string text =
      "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n";
  for (size_t step = 1; step < text.size(); ++step) {
    RequestParser parser(1024, 1024);
    std::string in;
    for (size_t at = 0; at < text.size(); at += step) {
      in += text.substr(at, step);
      in.erase(0, parser.Put(in));
      ASSERT_FALSE(parser.failed()) << step << " " << parser.error().message;
    }
    ASSERT_TRUE(parser.done()) << step;
    const Request request = parser.Take();
    EXPECT_EQ(request.body, "abcde");
    EXPECT_TRUE(request.chunked);
  }
}

TEST(RequestParser, RefusesGarbage) {
  for (const char* text : {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                           "GET / HTTP/1.1\r\n: x\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                           "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    RequestParser parser(1024, 1024);
    parser.Put(text);
    EXPECT_EQ(parser.error().status, 400) << text;
  }
}

}  // namespace
}  // namespace nonet::http
