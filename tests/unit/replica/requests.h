// Requests to the REST data plane as a signed caller makes them, and what is decided of them.
//
//   const Message m = Sent(Rest("POST", "/api/hubs/chat/:send"));
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"
#include "replica/server/instance_config.h"
#include "replica/server/rest_api.h"
#include "tests/unit/replica/jwt.h"

namespace nonet::replica {

inline constexpr int64_t kNowS = 1'700'000'000;
inline constexpr int64_t kNowNs = kNowS * kNanosPerSecond;
inline constexpr char kKey[] = "PRIMARYPRIMARYPRIMARYPRIMARYPRIMARY1";

inline InstanceConfig Config() {
  InstanceConfig config;
  config.complete = true;
  config.resource_host = "contoso.webpubsub.azure.com";
  config.instance_host = "contoso-westus-1a2b3c4d.webpubsub.azure.com";
  config.tag = "1a2b3c4d";
  config.keys = {kKey, "SECONDARYSECONDARYSECONDARYSECONDARY"};
  config.hubs["open"] = {true, 20 * kNanosPerSecond};
  return config;
}

inline http::Request Rest(std::string method, std::string path, std::string query = "",
                          std::string type = "text/plain", std::string body = "hi") {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.target = request.query.empty() ? request.path : request.path + "?" + request.query;
  request.body = std::move(body);
  const std::string token = SignJwt(absl::StrCat(R"({"aud":"http://contoso.webpubsub.azure.com)",
                                                 request.target, R"(","exp":)", kNowS + 60, "}"),
                                    kKey);
  request.headers = {{"host", "contoso.webpubsub.azure.com"}, {"authorization", "Bearer " + token}};
  if (!type.empty()) request.headers.emplace_back("content-type", type);
  return request;
}

inline RestDecision Decide(const http::Request& request, const InstanceConfig& config = Config()) {
  return DecideRest(request, RestContext{config, "", kNowNs});
}

inline Message Sent(const http::Request& request) {
  RestDecision decision = Decide(request);
  if (const auto* response = std::get_if<http::Response>(&decision)) {
    ADD_FAILURE() << response->status << " " << response->body;
    return {};
  }
  return std::get<Message>(decision);
}

inline Question Asked(const http::Request& request) {
  const RestDecision decision = Decide(request);
  const auto* asked = std::get_if<RestQuestion>(&decision);
  EXPECT_NE(asked, nullptr);
  return asked == nullptr ? Question() : asked->question;
}

}  // namespace nonet::replica
