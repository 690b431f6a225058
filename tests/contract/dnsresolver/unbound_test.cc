// A real resolver in front: unbound forwards, caches, obeys the TTL, and with client subnets keeps clients
// apart.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/real/real_clock.h"
#include "dnsresolver/server/dns_listeners.h"
#include "tests/contract/dnsresolver/harness.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr char kContoso[] = "contoso.webpubsub.azure.com";
constexpr uint32_t kTtlSeconds = 2;
constexpr int64_t kPatienceNs = 20 * kNanosPerSecond;

std::string Program() {
  for (const char* path : {"/usr/sbin/unbound", "/usr/local/sbin/unbound", "/usr/bin/unbound"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

// A port of 127.0.0.1 that neither protocol uses at this moment.
uint16_t FreePort() {
  for (;;) {
    const SocketAddress any = ParseListenAddresses("127.0.0.1:0")->front();
    const uint16_t port = (*UdpListener::Bind(any))->address().port;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (free) return port;
  }
}

// The process, in the foreground of a child; ended with this.
class Unbound {
 public:
  Unbound(std::string dir, uint16_t authority_port, bool client_subnet)
      : dir_(std::move(dir)), authority_port_(authority_port), client_subnet_(client_subnet) {
    Start();
  }
  ~Unbound() {
    if (!running_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  uint16_t port() const { return port_; }
  // False when it is not up in time. Somebody may take its port before it does: it then ends, and is started
  // on another one.
  bool WaitUntilItAnswers() {
    const int64_t end = RealClock().SteadyNs() + kPatienceNs;
    int starts = 1;
    while (RealClock().SteadyNs() < end) {
      if (Dig(port_, "+short soa webpubsub.azure.com").find("hostmaster") != std::string::npos) return true;
      if (waitpid(pid_, nullptr, WNOHANG) != pid_) continue;
      running_ = false;
      if (starts++ == kStartsMax) return false;
      Start();
    }
    return false;
  }
  // What it said, on its own log and before it had one.
  std::string Log() const { return RunCommand("cat " + dir_ + "/unbound.*"); }

 private:
  static constexpr int kStartsMax = 8;

  void Start() {
    port_ = FreePort();
    const std::string config = dir_ + "/unbound.conf", said = dir_ + "/unbound.stderr";
    WriteConfig(config);
    const std::string program = Program();
    pid_ = fork();
    running_ = pid_ > 0;
    if (pid_ == 0) {
      const int null = open("/dev/null", O_RDWR);
      const int errors = open(said.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(null, 0), dup2(null, 1), dup2(errors, 2);
      execl(program.c_str(), "unbound", "-d", "-c", config.c_str(), nullptr);
      _exit(127);
    }
  }
  void WriteConfig(const std::string& path) const {
    std::ofstream out(path);
    out << "server:\n  interface: 127.0.0.1\n  port: " << port_ << "\n  directory: \"" << dir_
        << "\"\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n"
        << "  use-syslog: no\n  logfile: \"" << dir_ << "/unbound.log\"\n  do-daemonize: no\n"
        << "  num-threads: 1\n  do-not-query-localhost: no\n  access-control: 127.0.0.0/8 allow\n"
        << "  local-zone: \"azure.com.\" transparent\n"
        << "  module-config: \"" << (client_subnet_ ? "subnetcache " : "") << "iterator\"\n";
    if (client_subnet_) {
      out << "  send-client-subnet: 127.0.0.1\n  client-subnet-always-forward: yes\n"
          << "  max-client-subnet-ipv4: 24\n";
    }
    out << "remote-control:\n  control-enable: no\n"
        << "stub-zone:\n  name: \"" << kZone << ".\"\n  stub-addr: 127.0.0.1@" << authority_port_ << "\n";
  }

  const std::string dir_;
  const uint16_t authority_port_;
  const bool client_subnet_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
  bool running_ = false;
};

class BehindUnbound : public testing::TestWithParam<bool> {
 protected:
  BehindUnbound() : loop_(RealClock()), plan_(MakeShortLived()), publisher_(Table({}), &metrics_) {}
  void SetUp() override {
    if (Program().empty()) GTEST_SKIP() << "*** unbound is not installed (package unbound): NOT TESTED ***";
    if (!HaveDig()) GTEST_SKIP() << "*** dig is not installed (package bind9-dnsutils): NOT TESTED ***";
    loop_.Call([&] {
      listeners_ =
          *DnsListeners::Start(loop_.get(), *ParseListenAddresses("127.0.0.1:0"), publisher_, metrics_);
    });
    unbound_ = std::make_unique<Unbound>(dir_.path(), listeners_->addresses()[0].port, GetParam());
    ASSERT_TRUE(unbound_->WaitUntilItAnswers()) << unbound_->Log();
  }
  void TearDown() override {
    unbound_.reset();
    loop_.Call([&] { listeners_.reset(); });
  }

  static std::shared_ptr<const AnswerPlan> MakeShortLived() {
    AnswerSettings settings = DefaultSettings();
    settings.ttl_s = kTtlSeconds;
    return MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})}, settings);
  }
  // All Online but those regions.
  std::shared_ptr<const AnswerTable> Table(const std::vector<std::string>& degraded) const {
    Health health = AllOf(*plan_, MonitorStatus::kOnline);
    const std::vector<Endpoint>& endpoints = plan_->topology().resources[0].endpoints;
    for (size_t i = 0; i < endpoints.size(); ++i) {
      for (const std::string& region : degraded) {
        if (endpoints[i].region == RegionNumber(region)) health[0][i] = MonitorStatus::kDegraded;
      }
    }
    return std::make_shared<const AnswerTable>(plan_, std::move(health));
  }
  void Publish(const std::vector<std::string>& degraded) {
    loop_.Call([&] { publisher_.Publish(Table(degraded)); });
  }
  std::string Ask(const std::string& arguments = "") {
    return Dig(unbound_->port(), absl::StrCat("+nocookie ", arguments, " ", kContoso));
  }
  static std::string Subnet(absl::string_view region, int host = 0) {
    return absl::StrCat("+subnet=10.", RegionNumber(region), ".", host, ".0/24");
  }

  TempDir dir_;
  Metrics metrics_;
  LoopThread loop_;
  const std::shared_ptr<const AnswerPlan> plan_;
  TablePublisher publisher_;
  std::unique_ptr<DnsListeners> listeners_;
  std::unique_ptr<Unbound> unbound_;
};

INSTANTIATE_TEST_SUITE_P(, BehindUnbound, testing::Bool(),
                         [](const auto& info) { return info.param ? "WithClientSubnet" : "Without"; });

TEST_P(BehindUnbound, TheChainIsResolvedToAnAddress) {
  const std::string out = Ask();
  EXPECT_THAT(out, HasSubstr("status: NOERROR"));
  EXPECT_THAT(out, HasSubstr("contoso-eastus-0a1b2c3d")) << "127.0.0.1 matches no prefix: the primary";
  EXPECT_THAT(out, HasSubstr("127.80.0.1"));
  EXPECT_THAT(Dig(unbound_->port(), "none.webpubsub.azure.com"), HasSubstr("status: NXDOMAIN"));
  EXPECT_THAT(Dig(unbound_->port(), absl::StrCat("aaaa ", kContoso)), HasSubstr("status: NOERROR"));
}

TEST_P(BehindUnbound, ANewAnswerIsSeenWhenTheTtlIsOverAndNotBefore) {
  int64_t cached_ns = 0;
  std::string first;
  // An answer that was cached just now: its TTL is whole.
  for (int i = 0; i < 50 && cached_ns == 0; ++i) {
    const int64_t asked_ns = RealClock().SteadyNs();
    first = Ask("+noall +answer -t cname");
    if (testing::Matches(ContainsRegex(absl::StrCat("[[:space:]]", kTtlSeconds, "[[:space:]]+IN")))(first)) {
      cached_ns = asked_ns;
    }
  }
  ASSERT_NE(cached_ns, 0) << first;
  ASSERT_THAT(first, HasSubstr("contoso-eastus"));
  Publish({"eastus"});
  std::string now = first;
  int64_t changed_ns = 0;
  while (RealClock().SteadyNs() < cached_ns + kPatienceNs &&
         now.find("contoso-eastus") != std::string::npos) {
    now = Ask("+noall +answer -t cname");
    changed_ns = RealClock().SteadyNs();
  }
  EXPECT_THAT(now, testing::Not(HasSubstr("contoso-eastus"))) << "the cache never let go";
  // Unbound counts whole seconds, so an entry may go up to one early.
  EXPECT_GE(changed_ns - cached_ns, (kTtlSeconds - 1) * kNanosPerSecond);
}

TEST_P(BehindUnbound, ClientsAreToldApartOnlyWithClientSubnet) {
  const std::string france = Ask(Subnet("francecentral"));
  const std::string west = Ask(Subnet("westus2"));
  if (GetParam()) {
    EXPECT_THAT(france, HasSubstr("contoso-westeurope"));
    EXPECT_THAT(west, HasSubstr("contoso-westus-"));
    EXPECT_THAT(Ask(Subnet("francecentral", 7)), HasSubstr("contoso-westeurope")) << "the same block";
  } else {
    EXPECT_THAT(france, HasSubstr("contoso-eastus"));
    EXPECT_THAT(west, HasSubstr("contoso-eastus"));
  }
}

}  // namespace
}  // namespace nonet::dns
