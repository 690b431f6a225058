#include "tools/cli/env/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

ClientPlace WestEurope(const std::string& preload) {
  return {.connection_string = "Endpoint=https://contoso.webpubsub.azure.com:8443;AccessKey=k'1;Version=1.0;",
          .authority_file = "/d/ca.pem",
          .dns = "127.0.0.1:7853",
          .zone = "webpubsub.azure.com",
          .region = FindRegion("eastus"),
          .preload_path = preload};
}

// What a shell has in `name` after eval of the lines.
std::string Evaluated(const std::string& lines, const std::string& name) {
  const std::string command = "unset NODE_OPTIONS\n" + lines + "printf %s \"$" + name + "\"";
  FILE* shell = popen(("/bin/sh -c " + ShellQuote(command)).c_str(), "r");
  std::string out;
  std::array<char, 1024> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), shell)) > 0;) out.append(buffer.data(), n);
  EXPECT_EQ(pclose(shell), 0);
  return out;
}

TEST(Env, NamesWhatThePreloadScriptReads) {
  EXPECT_THAT(
      EnvironmentOf(WestEurope("/d/env/preload-eastus.cjs")),
      ElementsAre(Pair("WebPubSubConnectionString",
                       "Endpoint=https://contoso.webpubsub.azure.com:8443;AccessKey=k'1;Version=1.0;"),
                  Pair("NODE_EXTRA_CA_CERTS", "/d/ca.pem"), Pair("NONET_DNS", "127.0.0.1:7853"),
                  Pair("NONET_ZONE", "webpubsub.azure.com"), Pair("NONET_FROM", "eastus"),
                  Pair("NONET_CLIENT_ADDRESS", "127.143.0.1"),
                  Pair("NODE_OPTIONS", "--require \"/d/env/preload-eastus.cjs\"")));
}

TEST(Env, LinesSurviveTheShell) {
  const std::string lines = ShellLines(EnvironmentOf(WestEurope("/a dir/it's $HOME/preload.cjs")));
  EXPECT_EQ(Evaluated(lines, "WebPubSubConnectionString"),
            "Endpoint=https://contoso.webpubsub.azure.com:8443;AccessKey=k'1;Version=1.0;");
  EXPECT_EQ(Evaluated(lines, "NODE_OPTIONS"), "--require \"/a dir/it's $HOME/preload.cjs\"");
}

TEST(Env, NodeOptionsKeepWhatIsThere) {
  const std::string lines = ShellLines(EnvironmentOf(WestEurope("/p.cjs")));
  EXPECT_EQ(Evaluated("NODE_OPTIONS=--trace-warnings\n" + lines, "NODE_OPTIONS"),
            "--trace-warnings --require \"/p.cjs\"");
}

TEST(Env, PreloadScriptIsEmbedded) {
  EXPECT_NE(PreloadScript().find("NONET_DNS"), absl::string_view::npos);
  EXPECT_NE(PreloadScript().find("NONET_CLIENT_ADDRESS"), absl::string_view::npos);
  EXPECT_EQ(PreloadScript().back(), '\n') << "whole, to the last line";
}

}  // namespace
}  // namespace nonet::cli
