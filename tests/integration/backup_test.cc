// A backup of a running cluster, and what restoring it brings back: the configuration, at the instances and
// in DNS, not only in the store.
#include <gtest/gtest.h>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"

namespace nonet::testing {
namespace {

TEST(Backup, BringsBackWhatWasDeletedSince) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  const std::string file = cluster.dir() + "/contoso.backup";
  const std::string host_name = cluster.Instance("westus")["hostName"];
  const std::string key = cluster.PrimaryKey();
  cluster.Ok({"backup", file});

  EXPECT_NE(cluster.Nonet({"restore", file}).exit_code, 0) << "the cluster is running";
  cluster.Ok({"replica", "delete", "--replica-name", "westus"});
  cluster.Ok({"key", "regenerate", "--key-type", "primary"});
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "contoso");
  cluster.Ok({"down"});

  const CommandResult refused = cluster.Nonet({"restore", file});
  EXPECT_EQ(refused.exit_code, 64 + 9) << refused.err;
  EXPECT_NE(refused.err.find("BACKUP_OLDER"), std::string::npos) << refused.err;
  cluster.Ok({"restore", "--force", file});
  ASSERT_TRUE(cluster.Up());
  // Subscribers that hold newer revisions of what was replaced follow all the same.
  cluster.WaitFor("replica/westus=Succeeded");
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
  EXPECT_EQ(cluster.Instance("westus")["hostName"], host_name);
  EXPECT_EQ(cluster.PrimaryKey(), key);
}

}  // namespace
}  // namespace nonet::testing
