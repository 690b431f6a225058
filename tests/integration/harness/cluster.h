// A real cluster of its own for one test suite: a scratch DIR, a free port block, a loopback net nobody else
// uses. Driven only through the nonet command and the public addresses.
//
//   Cluster cluster({.replicas = {"westus"}});
//   ASSERT_TRUE(cluster.Up());
//   cluster.Ok({"replica", "disable", "--replica-name", "westus"});
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/harness/command.h"

namespace nonet::testing {

struct ClusterOptions {
  std::string primary = "eastus";
  std::vector<std::string> replicas = {};
  std::string ttl = "2s";
  std::string probe_interval = "200ms";
  std::string probe_timeout = "400ms";
  int tolerated_failures = 2;
  std::string wan = {};                 // --wan; empty: not given.
  std::vector<std::string> flags = {};  // Further ones of `nonet up`.
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});
  ~Cluster();  // Resets it. Fails the test when a process of it is left, and prints the logs when the test
               // failed.
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // `nonet up --detach` with the options; again later, it adopts or restarts what was there.
  bool Up();

  // `nonet <args> --dir DIR`.
  CommandResult Nonet(std::vector<std::string> args);
  // The same, expecting exit code 0; otherwise fails the test with everything it said.
  CommandResult Ok(const std::vector<std::string>& args);
  // With -o json, parsed.
  nlohmann::json Json(std::vector<std::string> args);
  // `nonet wait --for=CONDITION`, expecting it to come true.
  void WaitFor(const std::string& condition, const std::string& timeout = "30s");

  nlohmann::json ClusterJson() const;                      // DIR/cluster.json as it is now.
  nlohmann::json Instance(const std::string& name) const;  // Its entry in cluster.json.
  std::string PrimaryKey() const;                          // From the connection string.
  std::string HostName() const;                            // The resource's.

  // What a client in the region is told: the address in the answer ("" when there is none).
  std::string ResolveFrom(const std::string& loopback_address);
  // Name of the instance that the answer leads to.
  std::string InstanceFor(const std::string& loopback_address);
  // `dig` against the cluster's resolver, raw arguments appended.
  CommandResult Dig(const std::vector<std::string>& args) const;

  // Processes that carry --dir DIR, by /proc.
  std::vector<int> Pids() const;

  const std::string& dir() const { return dir_; }
  int base_port() const { return base_port_; }
  const std::string& net() const { return net_; }

 private:
  ClusterOptions options_;
  std::string dir_;
  std::string net_;
  int base_port_ = 0;
  int net_lock_ = -1;
};

// A client address in a region's loopback prefix, by region name: "127.143.0.1" for eastus. Only the regions
// that the tests use.
std::string ClientIn(const std::string& region);

}  // namespace nonet::testing
