// Filters at the door: which requests take one, and how a bad one is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/unit/replica/requests.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

// What it is refused with; "taken" when it is not.
std::string Refusal(const http::Request& request) {
  const RestDecision decision = Decide(request);
  const auto* response = std::get_if<http::Response>(&decision);
  return response == nullptr ? "taken" : absl::StrCat(response->status, " ", response->body);
}

TEST(RestFilters, GoWithSendsToMany) {
  for (const char* path :
       {"/api/hubs/chat/:send", "/api/hubs/chat/groups/g/:send", "/api/hubs/chat/users/ann/:send"}) {
    const Message m = Sent(Rest("POST", path, "filter=userId%20eq%20%27vic%27%27s%27&messageTtlSeconds=30"));
    ASSERT_NE(m.filter, nullptr) << path;
    EXPECT_EQ(m.filter->text(), "userId eq 'vic''s'");
    EXPECT_EQ(m.ttl_ms, 30'000u);
  }
  EXPECT_EQ(Sent(Rest("POST", "/api/hubs/chat/:send", "filter=")).filter, nullptr);
  EXPECT_EQ(Sent(Rest("POST", "/api/hubs/chat/:send")).filter, nullptr);
}

TEST(RestFilters, AreRefusedInAzuresWords) {
  const std::string path = "/api/hubs/chat/:send";
  EXPECT_EQ(Refusal(Rest("POST", path, "filter=not%20length(userId)%20gt%205")),
            "400 {\"code\":\"Error.BadRequest\",\"message\":\"Invalid syntax for 'not length(userId)': Type "
            "'null', expect 'bool'. (Parameter 'filter')\",\"target\":\"Request\",\"details\":[{\"code\":"
            "\"FILTER_INVALID\",\"message\":\"At character 5, length(userId): 'not' takes the next operand "
            "alone: put a comparison in parentheses\",\"target\":\"filter\"}]}");
  EXPECT_THAT(Refusal(Rest("POST", path, "filter=userId%20eq%20%22a%22")),
              HasSubstr("At character 11, \\\": the operators are"));
  EXPECT_THAT(Refusal(Rest("POST", path, "filter=userId%20eq%20%27%FF%27")), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(Refusal(Rest("POST", path, "filter=true&filter=false")), HasSubstr("may be given once"));
  EXPECT_THAT(Refusal(Rest("POST", "/api/hubs/chat/connections/c1/:send", "filter=true")),
              HasSubstr("takes no 'filter'"));
  EXPECT_THAT(Refusal(Rest("POST", "/api/hubs/chat/:closeConnections", "filter=true")), HasSubstr("400"));
}

TEST(RestFilters, ChooseWhoseGroupsChange) {
  const auto request = [](const char* operation, const char* body) {
    return Rest("POST", absl::StrCat("/api/hubs/chat/", operation), "", "application/json", body);
  };
  for (const char* operation : {":addToGroups", ":removeFromGroups"}) {
    const Question q = Asked(request(operation, R"({"groups":["g1","g2"],"filter":"userId eq 'u1'"})"));
    EXPECT_EQ(q.target, Target::kAll);
    EXPECT_EQ(q.groups, (std::vector<std::string>{"g1", "g2"}));
    ASSERT_NE(q.filter, nullptr);
    EXPECT_EQ(q.filter->text(), "userId eq 'u1'");
    EXPECT_EQ(Asked(request(operation, R"({"groups":["g1"],"filter":null})")).filter, nullptr);
    EXPECT_EQ(Asked(request(operation, R"({"groups":["g1"],"filter":""})")).filter, nullptr);
    EXPECT_EQ(Asked(request(operation, R"({"groups":["g1"]})")).filter, nullptr);
    EXPECT_THAT(Refusal(request(operation, R"({"groups":["g1"],"filter":"userId lt 1"})")),
                HasSubstr("Invalid syntax for 'userId lt 1': Type 'string', expect 'int'."));
    EXPECT_THAT(Refusal(request(operation, R"({"groups":["g1"],"filter":5})")), HasSubstr("must be a text"));
  }
}

}  // namespace
}  // namespace nonet::replica
