// The filter language: what it says of connections, what it refuses and in which words, and its bounds.
#include "replica/core/odata_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/hub.h"
#include "replica/core/limits.h"
#include "replica/core/odata_text.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

struct Somebody {
  std::string user = "user-ab-de";
  std::vector<std::string> groups = {"group1", "group2"};
  std::string connection = "c1.00000001";
};

bool Matches(const std::string& text, const Somebody& who = {}) {
  const auto filter = ParseFilter(text);
  if (!filter.ok()) {
    ADD_FAILURE() << filter.status();
    return false;
  }
  EXPECT_EQ((*filter)->text(), text);
  absl::btree_map<std::string, uint64_t> groups;
  for (const std::string& group : who.groups) groups[group] = 0;
  return (*filter)->Matches({who.connection, who.user, groups});
}

std::string Error(const std::string& text) {
  const auto filter = ParseFilter(text);
  if (filter.ok()) {
    ADD_FAILURE() << text << " is taken";
    return "";
  }
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(filter.status()), "FILTER_INVALID");
  return std::string(filter.status().message());
}

const Somebody kNobody{"", {}, "c2.00000001"};

TEST(ODataFilter, MatchesAsDocumented) {
  for (const char* text : {
           "userId eq 'user-ab-de'",
           "userId ne 'user1'",
           "connectionId ne '123'",
           "connectionId eq 'c1.00000001'",
           "'group1' in groups",
           "'group1' in groups or 'group7' in groups or 'group3' in groups",
           "userId in ('user1', 'user-ab-de','x') and 'group1' in groups",
           "userId eq 'user-ab-de' and connectionId ne '123'",
           "userId eq 'user-ab-de' and (not ('group7' in groups))",
           "length(userId) le 10 and length(userId) gt 3",
           "not endswith(userId, 'milk')",
           "endswith(userId,'de')",
           "startswith(userId,'user')",
           "contains(userId,'-ab-')",
           "indexof(userId,'-ab-') ge 0",
           "indexof(userId,'-ab-') eq 4",
           "indexof(userId,'milk') eq -1",
           "substring(userId,5,2) eq 'ab'",
           "substring(userId,8) eq 'de'",
           "toupper(userId) eq 'USER-AB-DE'",
           "tolower('USER-AB-DE') eq userId",
           "trim(concat('  ', userId)) eq userId",
           "concat(userId, '!') eq 'user-ab-de!'",
           "length(groups) gt 1",
           "length(groups) eq 2",
           "length(userId) eq +10",
           "'a' in ('a', null)",
           "'group1' in ((groups))",
           "true",
           "not false",
           "not not true",
           "(true)",
           "USERID eq 'user-ab-de' and StartsWith(ConnectionID,'c1') and 'group1' in Groups",
       }) {
    EXPECT_TRUE(Matches(text)) << text;
  }
  for (const char* text : {
           "userId eq 'User-ab-de'",
           "'Group1' in groups",
           "'group' in groups",
           "userId in ('user1')",
           "userId eq null",
           "length(userId) gt 10",
           "false",
           "startswith(userId,'ser')",
           "userId eq 10",
           "1 in groups",
           "null in groups",
       }) {
    EXPECT_FALSE(Matches(text)) << text;
  }
}

TEST(ODataFilter, ReadsDoubledQuotesAndEveryCharacter) {
  EXPECT_TRUE(Matches("userId eq 'vic''s'", {"vic's"}));
  EXPECT_TRUE(Matches("userId in ('O''Brien, Jane','x')", {"O'Brien, Jane"}));
  EXPECT_TRUE(Matches("userId eq ''''", {"'"}));
  EXPECT_TRUE(Matches("userId ne ''", {"x"}));
  EXPECT_TRUE(Matches("userId eq '(ü) and 😀'", {"(ü) and 😀"}));
  EXPECT_TRUE(Matches("\tuserId\neq 'a'  ", {"a"}));
  EXPECT_TRUE(Matches("length(userId)eq 1 and'a'in('a')", {"a"}));
}

TEST(ODataFilter, BindsNotThenComparisonThenAndThenOr) {
  EXPECT_TRUE(Matches("true or false and false"));
  EXPECT_FALSE(Matches("(true or false) and false"));
  EXPECT_TRUE(Matches("not true eq false"));
  EXPECT_FALSE(Matches("not (true ne false)"));
  EXPECT_TRUE(Matches("not false and true"));
  EXPECT_TRUE(Matches("true eq true or false"));
  EXPECT_TRUE(Matches("('group1' in groups) eq true"));
  const std::string chain =
      "length(userId) gt 0 and length(userId) lt 3 or length(userId) gt 7 and length(userId) lt 10";
  for (const char* user : {"a", "ab", "abc", "1234567", "12345678", "123456789", "1234567890"}) {
    const size_t n = std::string(user).size();
    EXPECT_EQ(Matches(chain, {user}), (n > 0 && n < 3) || (n > 7 && n < 10)) << user;
  }
}

TEST(ODataFilter, TakesNullForWhatIsMissing) {
  EXPECT_TRUE(Matches("userId eq null", kNobody));
  EXPECT_TRUE(Matches("userId in ('a', null)", kNobody));
  EXPECT_TRUE(Matches("userId ne 'a'", kNobody));
  EXPECT_TRUE(Matches("userId ne ''", kNobody));
  EXPECT_TRUE(Matches("tolower(userId) eq null", kNobody));
  EXPECT_TRUE(Matches("trim(toupper(userId)) eq null", kNobody));
  EXPECT_TRUE(Matches("substring(userId, 1) eq null", kNobody));
  EXPECT_TRUE(Matches("length(userId) eq null", kNobody));
  EXPECT_TRUE(Matches("indexof(userId, 'a') eq -1", kNobody));
  EXPECT_TRUE(Matches("concat(userId, 'a') eq 'a'", kNobody));
  EXPECT_TRUE(Matches("concat('a', userId) eq 'a'", kNobody));
  EXPECT_TRUE(Matches("concat(userId, null) eq null", kNobody));
  EXPECT_TRUE(Matches("not (length(userId) gt 5)", kNobody));
  EXPECT_TRUE(Matches("length(groups) eq 0", kNobody));
  for (const char* order : {"gt", "ge", "lt", "le"}) {
    EXPECT_FALSE(Matches(absl::StrCat("length(userId) ", order, " 0"), kNobody)) << order;
    EXPECT_FALSE(Matches(absl::StrCat("null ", order, " null"), kNobody)) << order;
  }
  EXPECT_FALSE(Matches("contains(userId, '')", kNobody));
  EXPECT_FALSE(Matches("startswith('a', null)"));
  EXPECT_FALSE(Matches("endswith(null, 'a')"));
}

TEST(ODataFilter, CutsTextsInsideTheirBoundsOnly) {
  EXPECT_TRUE(Matches("substring(userId, 3) eq ''", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, 4) eq null", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, -1) eq null", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, 1, 2) eq 'bc'", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, 1, 3) eq null", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, 1, -1) eq null", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, 0, 2147483647) eq null", {"abc"}));
  EXPECT_TRUE(Matches("substring(userId, indexof(userId, '-')) eq '-c'", {"ab-c"}));
  EXPECT_TRUE(Matches("indexof(userId, '') eq 0", {"abc"}));
}

TEST(ODataFilter, CountsUtf16UnitsAsAzureDoes) {
  EXPECT_TRUE(Matches("length(userId) eq 4", {"ü😀!"}));
  EXPECT_TRUE(Matches("indexof(userId, '!') eq 3", {"ü😀!"}));
  EXPECT_TRUE(Matches("substring(userId, 1, 2) eq '😀'", {"ü😀!"}));
  EXPECT_TRUE(Matches("substring(userId, 2) eq null", {"ü😀!"}));     // Inside a character.
  EXPECT_TRUE(Matches("substring(userId, 0, 2) eq null", {"ü😀!"}));  // The same.
}

TEST(ODataFilter, MapsTheCasesOfLettersOfTwoBytes) {
  EXPECT_TRUE(Matches("tolower(userId) eq 'äöü ß ÿ šž άσ жё ա'", {"ÄÖÜ ß Ÿ ŠŽ ΆΣ ЖЁ Ա"}));
  EXPECT_TRUE(Matches("toupper(userId) eq 'ÄÖÜ ß Ÿ ŠŽ ΆΣΣ ЖЁ Ա'", {"äöü ß ÿ šž άσς жё ա"}));
  EXPECT_TRUE(Matches("toupper(userId) eq userId", {"日本 😀 ×÷ ıİ"}));
  EXPECT_TRUE(Matches("tolower(userId) eq '×÷'", {"×÷"}));
}

TEST(ODataFilter, TrimsEveryWhiteSpace) {
  EXPECT_TRUE(Matches("trim(userId) eq 'a b'", {" \t\n\u00A0\u2003\u3000a b\u2028\u0085 "}));
  EXPECT_TRUE(Matches("trim(userId) eq ''", {" \u00A0"}));
  EXPECT_TRUE(Matches("trim(userId) eq 'ü'", {"ü"}));
}

TEST(ODataFilter, NamesWrongTypesAsAzureDoes) {
  EXPECT_EQ(Error("not length(userId) gt 5"),
            "Invalid syntax for 'not length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')");
  EXPECT_EQ(Error("( not 'a' )"),
            "Invalid syntax for 'not 'a'': Type 'string', expect 'bool'. (Parameter 'filter')");
  EXPECT_EQ(Error("userId lt 1"),
            "Invalid syntax for 'userId lt 1': Type 'string', expect 'int'. (Parameter 'filter')");
  EXPECT_EQ(Error("ab eq 1"),
            "Invalid syntax for 'ab eq 1': Token 'ab' is not supported. (Parameter 'filter')");
  EXPECT_EQ(
      Error("invalid(ab,c)"),
      "Invalid syntax for 'invalid(ab,c)': Token 'invalid(ab,c)' is not supported. (Parameter 'filter')");
  EXPECT_EQ(Error("userId"),
            "Invalid syntax for 'userId': Type 'string', expect 'bool'. (Parameter 'filter')");
  EXPECT_EQ(Error("true and 1"),
            "Invalid syntax for 'true and 1': Type 'int', expect 'bool'. (Parameter 'filter')");
  EXPECT_EQ(Error("'a' in userId"),
            "Invalid syntax for ''a' in userId': Type 'string', expect 'collection'. (Parameter 'filter')");
}

TEST(ODataFilter, RefusesTypesThatDoNotFit) {
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{
           {"null", "Type 'null', expect 'bool'"},
           {"groups", "Type 'collection', expect 'bool'"},
           {"not null", "Type 'null', expect 'bool'"},
           {"not 'g' in groups", "'not 'g''"},
           {"not userId eq null", "'not userId'"},
           {"true or tolower(userId)", "Type 'null', expect 'bool'"},
           {"tolower(userId) gt 5", "Type 'string', expect 'int'"},
           {"'a' lt 'b'", "Type 'string', expect 'int'"},
           {"true gt false", "Type 'bool', expect 'int'"},
           {"groups eq 'a'", "Type 'collection'"},
           {"groups in ('a')", "Type 'collection'"},
           {"'a' in ('b', groups)", "Type 'collection'"},
           {"tolower(1) eq 'a'", "Type 'int', expect 'string'"},
           {"contains(userId, 1)", "Type 'int', expect 'string'"},
           {"contains(groups, 'a')", "Type 'collection', expect 'string'"},
           {"substring(userId, 'a') eq 'a'", "Type 'string', expect 'int'"},
           {"substring(userId, null) eq 'a'", "Type 'null', expect 'int'"},
           {"substring(userId, length(userId)) eq 'a'", "Type 'null', expect 'int'"},
           {"concat(groups, 'a') eq 'a'", "Type 'collection', expect 'string'"},
           {"length(5) eq 1", "Invalid token 'length(5)'"},
           {"length(userId, userId) eq 1", "Invalid token 'length(userId, userId)'"},
           {"substring('a') eq 'a'", "Invalid token"},
           {"true and missing", "Token 'missing' is not supported"},
           {"user.name eq 'a'", "Token 'user.name' is not supported"},
           {"'a' in rooms", "Token 'rooms' is not supported"},
       }) {
    EXPECT_THAT(Error(text), HasSubstr(part)) << text;
  }
}

TEST(ODataFilter, RefusesBadSyntax) {
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{
           {"", "Expected a value, found the end"},
           {" ", "Expected a value, found the end"},
           {"userId eq", "found the end"},
           {"userId eq 'a", "no closing quote"},
           {"userId eq 'a''", "no closing quote"},
           {"userId 'a'", "found ''a''"},
           {"(true", "Expected an operator or ')', found the end"},
           {"true)", "found ')'"},
           {"()", "Expected a value, found ')'"},
           {"userId in ()", "Expected a value, found ')'"},
           {"userId in ('a',)", "Expected a value, found ')'"},
           {"userId in ('a' 'b')", "Expected ',' or ')'"},
           {"length() eq 1", "Expected a value"},
           {"length(userId eq 1", "Expected ',' or ')'"},
           {"and true", "Expected a value, found 'and'"},
           {"true and or true", "Expected a value, found 'or'"},
           {"userId EQ 'a'", "found 'EQ'"},
           {"length(userId) > 3", "found '>'"},
           {"userId == 'a'", "found '='"},
           {"userId eq \"a\"", "found '\"'"},
           {"userId eq -", "found '-'"},
           {"userId eq 1a", "found '1a'"},
           {"userId eq ü", "found 'ü'"},
           {"userId eq 2147483648", "Token '2147483648' is not supported"},
           {"userId eq -2147483649", "is not supported"},
           {"userId eq 99999999999999999999", "is not supported"},
           {"true eq true eq true", "Expected 'and', 'or' or the end, found 'eq'"},
           {"'a' in ('a') in (true)", "found 'in'"},
           {"TRUE", "Token 'TRUE' is not supported"},
       }) {
    EXPECT_THAT(Error(text), HasSubstr(part)) << text;
  }
  EXPECT_THAT(Error("userId eq '\xFF'"), HasSubstr("UTF-8"));
  EXPECT_TRUE(Matches("indexof('', 'a') gt -2147483648 and 1 lt 2147483647"));
}

TEST(ODataFilter, SaysWhereItIsWrong) {
  const auto where = [](const char* text) {
    const ErrorDetails details = GetErrorDetails(ParseFilter(text).status());
    return absl::StrCat(details.metadata.at("position"), " ", details.metadata.at("token"));
  };
  EXPECT_EQ(where("userId eq 'ü' and nobody"), "19 nobody");
  EXPECT_EQ(where("userId eq 'a' and (1 lt 'b')"), "25 'b'");
  EXPECT_EQ(where("userId eq"), "10 ");
  EXPECT_EQ(where("true AND true"), "6 AND");
  EXPECT_THAT(GetErrorDetails(ParseFilter("true AND true").status()).next_step, HasSubstr("lower case"));
  EXPECT_THAT(GetErrorDetails(ParseFilter("not length(userId) gt 5").status()).next_step,
              HasSubstr("parentheses"));
}

std::string Clauses(size_t count) {
  return absl::StrJoin(std::vector<std::string>(count, "userId eq 'nobody'"), " or ");
}

TEST(ODataFilter, IsBoundedInEveryWay) {
  EXPECT_FALSE(Matches(Clauses(100)));  // Documented to be safe.
  // Three terms a clause, one for the chain of them, and one for `true`.
  const size_t clauses = (kFilterTermsMax - 1) / 3;
  const std::string full = Clauses(clauses) + " or true";
  ASSERT_EQ(clauses * 3 + 2, kFilterTermsMax);
  EXPECT_TRUE(Matches(full));
  EXPECT_THAT(Error(full + " or true"), HasSubstr("more than 2000"));
  EXPECT_LT(Error(full + " or true").size(), 400u);

  const std::string padded = "true" + std::string(kFilterBytesMax - 4, ' ');
  EXPECT_TRUE(Matches(padded));
  EXPECT_THAT(Error(padded + " "), HasSubstr("32768 bytes"));

  const auto nested = [](size_t depth) { return std::string(depth, '(') + "true" + std::string(depth, ')'); };
  EXPECT_TRUE(Matches(nested(kFilterDepthMax)));
  EXPECT_THAT(Error(nested(kFilterDepthMax + 1)), HasSubstr("more than 100 levels"));
  EXPECT_THAT(Error(std::string(kFilterBytesMax, '(')), HasSubstr("more than 100 levels"));
  std::string nots, calls;
  for (int i = 0; i < 101; ++i) {
    nots += "not ";
    calls += "trim(";
  }
  EXPECT_THAT(Error(nots + "true"), HasSubstr("more than 100 levels"));
  EXPECT_THAT(Error(calls + "userId"), HasSubstr("more than 100 levels"));
}

TEST(ODataFilter, QuotesALittleOfWhatIsLong) {
  std::string ue = "x";
  while (ue.size() < 2'000) ue += "\u00FC";
  for (const std::string& text :
       {std::string(2'000, 'a') + " eq 1", "missing('" + ue + "')", "userId eq '" + ue,
        "userId eq " + std::string(2'000, '9'), "length('" + ue + "', 'a') eq 1", "true '" + ue + "'"}) {
    const absl::Status status = ParseFilter(text).status();
    EXPECT_LT(status.message().size(), 3 * kFilterPartShownMax) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("..."));
    EXPECT_TRUE(IsUtf8(absl::string_view(status.message().data(), status.message().size()))) << text;
    EXPECT_LE(GetErrorDetails(status).metadata.at("token").size(), kFilterPartShownMax + 3);
  }
}

TEST(ODataFilter, IsParsedOnceForARun) {
  const auto first = ParseFilter("userId eq 'a'");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*ParseFilter("userId eq 'a'", *first), *first);
  EXPECT_NE(*ParseFilter("userId eq 'b'", *first), *first);
  EXPECT_FALSE(ParseFilter("userId eq", *first).ok());
  EXPECT_TRUE(ParseFilter("true", nullptr).ok());
}

TEST(ODataFilter, ChoosesAmongTheAudienceAfterTheExcluded) {
  OwnInterest interest;
  HubTable hubs(interest);
  uint64_t change = 0;
  const auto add = [&](ConnectionKey key, std::string user, std::vector<std::string> groups) {
    ConnectionSpec spec;
    spec.key = key;
    spec.hub = "chat";
    spec.id = absl::StrCat("c", key);
    spec.user_id = std::move(user);
    spec.groups = std::move(groups);
    hubs.Add(std::move(spec), &change);
  };
  add(1, "ann", {"g"});
  add(2, "ann", {"g", "muted"});
  add(3, "bob", {"g"});
  add(4, "", {"g"});
  add(5, "ann", {});
  Message message;
  message.hub = "chat";
  message.target = Target::kGroup;
  message.target_name = "g";
  message.excluded_connections = {"c3"};
  message.filter = *ParseFilter("not ('muted' in groups)");
  std::vector<Connection*> out;
  hubs.Recipients(message, &out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0]->spec.key, 1u);
  EXPECT_EQ(out[1]->spec.key, 4u);
}

TEST(ODataText, FailsForNoBytes) {
  const std::string bad = "\xFF\xC3(\x80\xF0\x9F";
  std::string storage;
  EXPECT_EQ(odata::ToLower(bad, &storage), bad);
  EXPECT_EQ(odata::Trim(bad), bad);
  EXPECT_GE(odata::Length(bad), 0);
  for (int64_t at = -1; at < 12; ++at) {
    const auto part = odata::Substring(bad, at, std::nullopt);
    EXPECT_LE(part.value_or("").size(), bad.size());
  }
}

}  // namespace
}  // namespace nonet::replica
