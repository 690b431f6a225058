#include "tests/integration/harness/cluster.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "tests/integration/harness/net.h"

namespace nonet::testing {
namespace {

namespace fs = std::filesystem;

// NONET_BIN is where the build put the programs; ctest sets it.
std::string NonetProgram() {
  const char* bin = std::getenv("NONET_BIN");
  return bin == nullptr ? "build/bin/nonet" : std::string(bin) + "/nonet";
}

// A net of our own, held by a lock file as long as `lock` stays open, so that suites may run side by side.
std::string ClaimNet(int& lock) {
  for (int second = 90; second < 127; ++second) {
    const std::string path =
        fs::temp_directory_path() / ("nonet-test-net-" + std::to_string(second) + ".lock");
    lock = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) return "127." + std::to_string(second);
    if (lock >= 0) close(lock);
  }
  std::cerr << "no free loopback net between 127.90 and 127.126\n";
  std::abort();
}

// The first block, from a place that depends on the net, whose ports are all free.
int FreeBasePort(const std::string& net) {
  const int start = 10'000 + std::stoi(net.substr(4)) * 100;
  for (int base = start; base < 30'000; base += 4'000) {
    bool free = true;
    for (const int offset : {0, 1, 2, 3, 10, 11, 53, 54, 55}) {
      free = free && IsPortFree("127.0.0.1", base + offset);
    }
    if (free) return base;
  }
  std::cerr << "no free block of ports\n";
  std::abort();
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void PrintLogs(const fs::path& dir) {
  if (!fs::exists(dir / "logs")) return;
  for (const auto& entry : fs::directory_iterator(dir / "logs")) {
    std::string text = ReadAll(entry.path());
    constexpr size_t kTail = 6000;
    if (text.size() > kTail) text = "...\n" + text.substr(text.size() - kTail);
    std::cerr << "---- " << entry.path().filename().string() << "\n" << text;
  }
}

}  // namespace

Cluster::Cluster(ClusterOptions options) : options_(std::move(options)) {
  std::string pattern = (fs::temp_directory_path() / "nonet-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  dir_ = pattern;
  net_ = ClaimNet(net_lock_);
  base_port_ = FreeBasePort(net_);
}

Cluster::~Cluster() {
  // An exception is a failure that GoogleTest hears of only after this.
  if (::testing::Test::HasFailure() || std::uncaught_exceptions() > 0) PrintLogs(dir_);
  const CommandResult down = Nonet({"down"});
  EXPECT_TRUE(Pids().empty()) << "processes left after `nonet down`\n" << down.out << down.err;
  for (const int pid : Pids()) kill(pid, SIGKILL);
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
  close(net_lock_);
}

bool Cluster::Up() {
  std::vector<std::string> args = {"up", "--detach", "--name", "contoso", "--primary", options_.primary};
  for (const std::string& replica : options_.replicas) {
    args.push_back("--replica");
    args.push_back(replica);
  }
  for (const auto& [flag, value] : std::map<std::string, std::string>{
           {"--ttl", options_.ttl},
           {"--probe-interval", options_.probe_interval},
           {"--probe-timeout", options_.probe_timeout},
           {"--tolerated-failures", std::to_string(options_.tolerated_failures)},
           {"--net", net_},
           {"--base-port", std::to_string(base_port_)}}) {
    args.push_back(flag);
    args.push_back(value);
  }
  if (!options_.wan.empty()) args.insert(args.end(), {"--wan", options_.wan});
  args.insert(args.end(), options_.flags.begin(), options_.flags.end());
  const CommandResult result = Nonet(args);
  EXPECT_EQ(result.exit_code, 0) << Describe(args, result);
  return result.exit_code == 0;
}

CommandResult Cluster::Nonet(std::vector<std::string> args) {
  args.insert(args.begin(), NonetProgram());
  args.push_back("--dir");
  args.push_back(dir_);
  return RunCommand(args);
}

CommandResult Cluster::Ok(const std::vector<std::string>& args) {
  CommandResult result = Nonet(args);
  EXPECT_EQ(result.exit_code, 0) << Describe(args, result);
  return result;
}

nlohmann::json Cluster::Json(std::vector<std::string> args) {
  args.push_back("-o");
  args.push_back("json");
  const CommandResult result = Ok(args);
  nlohmann::json parsed = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << Describe(args, result);
  return parsed;
}

void Cluster::WaitFor(const std::string& condition, const std::string& timeout) {
  Ok({"wait", "--for=" + condition, "--timeout", timeout});
}

nlohmann::json Cluster::ClusterJson() const {
  return nlohmann::json::parse(ReadAll(fs::path(dir_) / "cluster.json"), nullptr, false);
}

nlohmann::json Cluster::Instance(const std::string& name) const {
  const nlohmann::json cluster = ClusterJson();
  for (const auto& resource : cluster.value("resources", nlohmann::json::array())) {
    for (const auto& instance : resource["instances"]) {
      if (instance["name"] == name) return instance;
    }
  }
  ADD_FAILURE() << "no instance " << name << " in " << cluster.dump(1);
  return {};
}

std::string Cluster::PrimaryKey() const {
  const std::string connection = ClusterJson()["resources"][0]["connectionString"];
  const size_t start = connection.find("AccessKey=") + 10;
  return connection.substr(start, connection.find(';', start) - start);
}

std::string Cluster::HostName() const { return ClusterJson()["resources"][0]["hostName"]; }

CommandResult Cluster::Dig(const std::vector<std::string>& args) const {
  const std::string dns = ClusterJson()["dns"]["address"];
  const size_t colon = dns.rfind(':');
  std::vector<std::string> argv = {
      "dig", "@" + dns.substr(0, colon), "-p", dns.substr(colon + 1), "+time=2", "+tries=2"};
  argv.insert(argv.end(), args.begin(), args.end());
  return RunCommand(argv);
}

std::string Cluster::ResolveFrom(const std::string& loopback_address) {
  const CommandResult result = Dig({"-b", loopback_address, "+short", HostName(), "A"});
  std::istringstream lines(result.out);
  std::string line;
  std::string address;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() != '.') address = line;
  }
  return address;
}

std::string Cluster::InstanceFor(const std::string& loopback_address) {
  const std::string address = ResolveFrom(loopback_address);
  const nlohmann::json cluster = ClusterJson();
  for (const auto& instance : cluster["resources"][0]["instances"]) {
    if (instance["address"] == address) return instance["name"];
  }
  return address.empty() ? "(no answer)" : "(unknown address " + address + ")";
}

std::vector<int> Cluster::Pids() const {
  std::vector<int> pids;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string command = ReadAll(entry.path() / "cmdline");
    if (command.find(dir_) != std::string::npos && command.find("nonet-") != std::string::npos) {
      pids.push_back(std::stoi(name));
    }
  }
  return pids;
}

std::string ClientIn(const std::string& region) {
  static const std::map<std::string, std::string> addresses = {
      {"eastus", "127.143.0.1"},       {"eastus2", "127.144.0.1"},     {"westeurope", "127.181.0.1"},
      {"westus", "127.183.0.1"},       {"northeurope", "127.162.0.1"}, {"japaneast", "127.152.0.1"},
      {"southeastasia", "127.170.0.1"}};
  return addresses.at(region);
}

}  // namespace nonet::testing
