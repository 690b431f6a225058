#include "tools/cli/machine/cluster_file.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

TEST(ClusterFile, IsReadAndNullsAreEmpty) {
  const auto content = ParseClusterFile(R"({
    "cluster": "contoso",
    "controlplane": {"grpc": "127.0.0.1:7800", "http": null},
    "dns": {"address": "127.0.0.1:7853", "grpc": "127.0.0.1:7854"},
    "supervisor": null,
    "added": "later",
    "caFile": "/d/ca.pem",
    "resources": [{"name": "contoso", "resourceGroup": "nonet", "hostName": "contoso.webpubsub.azure.com",
                   "connectionString": "Endpoint=https://x;AccessKey=k;Version=1.0;",
                   "httpConnectionString": "Endpoint=http://x;AccessKey=k;Version=1.0;",
                   "instances": [{"name": "contoso", "role": "primary", "region": "eastus", "hostName": "h",
                                  "address": "127.80.15.1", "http": "http://127.80.15.1:8080", "pid": 42},
                                 {"name": "westus", "role": "replica", "region": "westus", "address": null, "pid": null}]}]})");
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->control_grpc, "127.0.0.1:7800");
  EXPECT_EQ(content->dns_address, "127.0.0.1:7853");
  EXPECT_EQ(content->supervisor_grpc, "");
  EXPECT_EQ(content->authority_file, "/d/ca.pem");
  ASSERT_EQ(content->resources.size(), 1u);
  EXPECT_EQ(content->resources[0].connection_string, "Endpoint=https://x;AccessKey=k;Version=1.0;");
  ASSERT_EQ(content->resources[0].instances.size(), 2u);
  EXPECT_EQ(content->resources[0].instances[0].pid, 42);
  EXPECT_EQ(content->resources[0].instances[1].address, "");
  EXPECT_EQ(content->document["added"], "later") << "what is not known is kept";
  EXPECT_EQ(Render(ClusterView(*content), Format::kName, {}), "contoso\nwestus\n");
}

TEST(ClusterFile, AnythingElseIsNone) {
  for (const char* text : {"", "{", "[]", "null", "\"x\""})
    EXPECT_FALSE(ParseClusterFile(text).has_value()) << text;
  EXPECT_TRUE(ParseClusterFile(R"({"resources": "none", "dns": 7})").has_value()) << "odd values are empty";
  EXPECT_FALSE(ReadClusterFile("/nowhere").has_value());
}

}  // namespace
}  // namespace nonet::cli
