#include "common/base/bearer.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"

namespace nonet {
namespace {

constexpr char kToken[] = "0123456789abcdef";

TEST(Bearer, AcceptsTheTokenOnly) {
  EXPECT_TRUE(CheckBearer("Bearer 0123456789abcdef", kToken).ok());
  EXPECT_TRUE(CheckBearer("bearer  0123456789abcdef ", kToken).ok()) << "RFC 9110: schemes in any case";
  for (const char* wrong : {"Bearer 0123456789abcdee", "Bearer 1123456789abcdef", "Bearer 0123456789abcde",
                            "Bearer 0123456789abcdef0", "Bearer 0123456789abcdef0123456789abcdef", "Bearer ",
                            "Bearer", "Basic 0123456789abcdef", "0123456789abcdef"}) {
    const absl::Status status = CheckBearer(wrong, kToken);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << wrong;
    EXPECT_EQ(ErrorReason(status), "TOKEN_REFUSED") << wrong;
    EXPECT_NE(GetErrorDetails(status).next_step, "") << wrong;
  }
}

TEST(Bearer, SaysThatTheHeaderIsMissing) { EXPECT_EQ(ErrorReason(CheckBearer("", kToken)), "TOKEN_MISSING"); }

TEST(Bearer, AnEmptyTokenAdmitsNobody) {
  EXPECT_EQ(ErrorReason(CheckBearer("Bearer ", "")), "TOKEN_REFUSED");
  EXPECT_EQ(ErrorReason(CheckBearer("Bearer x", "")), "TOKEN_REFUSED");
}

TEST(Bearer, NeverRepeatsTheTokenInAnError) {
  EXPECT_EQ(FormatError(CheckBearer("Bearer secret-of-mine", kToken)).find("secret-of-mine"),
            std::string::npos);
  EXPECT_EQ(FormatError(CheckBearer("Bearer x", kToken)).find(kToken), std::string::npos);
}

TEST(TokenFile, HoldsOneLine) {
  EXPECT_EQ(*ParseTokenFile("abc\n", "token"), "abc");
  for (const std::string& bad : {std::string(), std::string(" \n"), std::string("a\nb"), std::string("a b"),
                                 std::string(kTokenTextBytesMax + 1, 'a')}) {
    EXPECT_EQ(ErrorReason(ParseTokenFile(bad, "token").status()), "BAD_TOKEN_FILE") << bad.substr(0, 10);
  }
}

}  // namespace
}  // namespace nonet
