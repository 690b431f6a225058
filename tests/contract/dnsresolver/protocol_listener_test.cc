// Cookies, rate limiting, several threads and keepalive over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock/simulated_clock.h"
#include "common/process/files.h"
#include "common/real/real_clock.h"
#include "dnsresolver/server/dns_listeners.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/contract/dnsresolver/harness.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr char kContoso[] = "contoso.webpubsub.azure.com";

// Listeners with options, and a directory for secrets.
class Serving {
 public:
  explicit Serving(DnsListenerOptions options, AnswerSettings settings = DefaultSettings(),
                   const char* addresses = "127.0.0.1:0")
      : loop_(RealClock()),
        publisher_(std::make_shared<const AnswerTable>(ContosoTable(settings)), &metrics_) {
    loop_.Call([&] {
      cookies_ = std::make_unique<CookieKeeper>(loop_.get(), dir_.path() + "/cookies");
      options.cookies = cookies_.get();
      listeners_ = *DnsListeners::Start(loop_.get(), *ParseListenAddresses(addresses), publisher_, metrics_,
                                        std::move(options));
    });
  }
  ~Serving() {
    loop_.Call([&] {
      listeners_.reset();
      cookies_.reset();
    });
  }

  uint16_t port(size_t at = 0) const { return listeners_->addresses()[at].port; }
  // Whether the metrics show it, soon: threads count after they have sent.
  bool Shows(const char* regex) const {
    const int64_t end = RealClock().SteadyNs() + 5 * kNanosPerSecond;
    while (RealClock().SteadyNs() < end) {
      if (testing::Matches(ContainsRegex(regex))(metrics_.Text())) return true;
      std::this_thread::yield();
    }
    ADD_FAILURE() << metrics_.Text();
    return false;
  }

 private:
  TempDir dir_;
  nonet::Metrics metrics_;
  LoopThread loop_;
  TablePublisher publisher_;
  std::unique_ptr<CookieKeeper> cookies_;
  std::unique_ptr<DnsListeners> listeners_;
};

Packet WithCookie(const Packet& cookie) {
  return MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, cookie)});
}

std::string Framed(const Packet& packet) {
  std::string out = {static_cast<char>(packet.size() >> 8), static_cast<char>(packet.size())};
  return out.append(packet.begin(), packet.end());
}

Decoded AskByTcp(uint16_t port, const Packet& query) {
  RawSocket socket(port);
  socket.Send(Framed(query));
  const std::string head = socket.Receive(2);
  EXPECT_EQ(head.size(), 2u);
  if (head.size() < 2) return {};
  const std::string body =
      socket.Receive(static_cast<size_t>(static_cast<uint8_t>(head[0])) << 8 | static_cast<uint8_t>(head[1]));
  return Decode(Packet(body.begin(), body.end())).value_or(Decoded());
}

TEST(Cookies, ACookieOfUdpIsGoodOnTcpTooAndTheSecretIsInTheDirectory) {
  Serving serving({});
  UdpClient client(serving.port());
  const Decoded first = client.Ask(WithCookie(Packet(8, 3)));
  ASSERT_TRUE(first.cookie.has_value());
  ASSERT_EQ(first.cookie->size(), 24u);
  client.Ask(WithCookie(*first.cookie));
  EXPECT_TRUE(AskByTcp(serving.port(), WithCookie(*first.cookie)).cookie.has_value());
  EXPECT_TRUE(serving.Shows("nonet_dns_good_cookies_total\\{transport=\"udp\"\\} 1"));
  EXPECT_TRUE(serving.Shows("nonet_dns_good_cookies_total\\{transport=\"tcp\"\\} 1"));
}

TEST(CookieKeeper, KeepsItsSecretsAcrossARestartAndRollsThemOver) {
  TempDir dir;
  const std::string file = dir.path() + "/cookies";
  SimulatedClock clock;
  LoopThread loop(clock);
  CookieKeeper::Copy first, again, rolled;
  std::unique_ptr<CookieKeeper> keeper;
  const auto restart = [&] {
    loop.Call([&] {
      keeper.reset();
      keeper = std::make_unique<CookieKeeper>(loop.get(), file);
    });
  };
  restart();
  keeper->Refresh(first);
  EXPECT_FALSE(first.secrets.previous.has_value());
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  restart();
  EXPECT_EQ(keeper->Refresh(again), first.secrets);
  clock.AdvanceNs(kCookieSecretNs + kNanosPerSecond);
  loop.Call([&] {});  // Posted tasks run, and with them the timers that are due.
  ASSERT_TRUE(loop.Eventually([&] { return keeper->Refresh(rolled).previous.has_value(); }));
  EXPECT_EQ(rolled.secrets.previous, first.secrets.current);
  EXPECT_NE(rolled.secrets.current, first.secrets.current);
  restart();
  CookieKeeper::Copy kept;
  EXPECT_EQ(keeper->Refresh(kept), rolled.secrets);
  loop.Call([&] { keeper.reset(); });
}

TEST(CookieKeeper, AFileOfNoUseIsReplaced) {
  TempDir dir;
  const std::string file = dir.path() + "/cookies";
  LoopThread loop(RealClock());
  for (const char* content : {"", "current 00\nprevious none\nmade 1\n", "nonsense", "\xff\n\n\n"}) {
    ASSERT_TRUE(WriteFileAtomic(file, content).ok());
    loop.Call([&] {
      CookieKeeper keeper(loop.get(), file);
      CookieKeeper::Copy copy;
      EXPECT_NE(keeper.Refresh(copy).current, SipKey{});
    });
    EXPECT_THAT(*ReadFile(file), HasSubstr("previous none\nmade "));
  }
}

// ---- Rate limiting ----

struct Flooded {
  int answered = 0, truncated = 0;
};

// All sent, then what has come back once an exempt kind of query was answered.
Flooded Flood(uint16_t port, const Packet& query, int queries) {
  UdpClient client(port);
  for (int i = 0; i < queries; ++i) client.Send(query);
  Flooded out;
  client.Send(Message({.id = 0xFFFF, .flags = 5 << 11, .questions = 0}));  // Another kind of answer.
  while (true) {
    const auto answer = Decode(client.Receive());
    EXPECT_TRUE(answer.has_value());
    if (!answer.has_value() || answer->id == 0xFFFF) return out;
    ++out.answered;
    out.truncated += answer->truncated() ? 1 : 0;
  }
}

TEST(RateLimiting, AFloodIsCutShortAndTcpAndCookiesAreNot) {
  Serving serving({.rate_limit = {.responses_per_second = 5}});  // Loopback is not exempt.
  UdpClient client(serving.port());
  const Packet cookie = *client.Ask(WithCookie(Packet(8, 3))).cookie;
  const Flooded flood = Flood(serving.port(), MakeQuery(kContoso, kTypeA), 200);
  EXPECT_LT(flood.answered, 140);
  EXPECT_GT(flood.truncated, 60);
  EXPECT_EQ(AskByTcp(serving.port(), MakeQuery(kContoso, kTypeA)).answers.size(), 2u);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.Ask(WithCookie(cookie)).answers.size(), 2u) << i;
  EXPECT_TRUE(serving.Shows("nonet_dns_rate_limited_total\\{action=\"slip\",transport=\"udp\"\\} [1-9]"));
}

TEST(RateLimiting, WhoHasHalfACookieIsToldToComeBackWithAWholeOne) {
  Serving serving({.rate_limit = {.responses_per_second = 1, .slip = 1}});
  UdpClient client(serving.port());
  Decoded answer;
  for (int i = 0; i < 50 && answer.rcode == 0; ++i) answer = client.Ask(WithCookie(Packet(8, 3)));
  EXPECT_EQ(answer.rcode, 23);
  EXPECT_TRUE(answer.answers.empty());
  EXPECT_EQ(client.Ask(WithCookie(*answer.cookie)).answers.size(), 2u);
}

TEST(RateLimiting, LoopbackIsExemptByDefault) {
  Settings settings;
  settings.dns_listen = "127.0.0.1:0";
  const auto checked = CheckSettings(settings);
  ASSERT_TRUE(checked.ok());
  ASSERT_GT(checked->rate_limit.responses_per_second, 0u);
  Serving serving({.rate_limit = checked->rate_limit});
  EXPECT_EQ(Flood(serving.port(), MakeQuery(kContoso, kTypeA), 300).truncated, 0);
}

// ---- Threads, families, keepalive, metrics ----

TEST(UdpThreads, SeveralShareAnAddressAndAllAnswer) {
  Serving serving({.udp_threads = 4}, DefaultSettings(), "127.0.0.1:0,127.0.0.2:0");
  for (int i = 0; i < 40; ++i) {  // As many source ports: the kernel spreads them.
    UdpClient client(serving.port());
    EXPECT_EQ(client.Ask(MakeQuery(kContoso, kTypeA)).answers.size(), 2u);
  }
  EXPECT_TRUE(serving.Shows("nonet_dns_queries_total\\{rcode=\"NOERROR\",transport=\"udp\"\\} 40"));
  EXPECT_TRUE(serving.Shows("nonet_dns_answers_total\\{endpoint=\"resources/contoso\"\\} 40"));
}

TEST(UdpThreads, ASecondResolverOnTheSharedPortIsRefused) {
  Serving serving({.udp_threads = 2});
  LoopThread loop(RealClock());
  Metrics metrics;
  TablePublisher publisher(std::make_shared<const AnswerTable>(ContosoTable()));
  const auto second = loop.Call([&] {
    return DnsListeners::Start(loop.get(), *ParseListenAddresses(absl::StrCat("127.0.0.1:", serving.port())),
                               publisher, metrics, {.udp_threads = 2});
  });
  EXPECT_FALSE(second.ok());
}

TEST(TcpKeepalive, TellsTheIdleTimeOnTcpOnly) {
  Serving serving({.tcp_idle_ns = 7 * kNanosPerSecond});
  const Packet query = MakeQuery(kContoso, kTypeA, {.options = Option(kOptionKeepalive, {})});
  EXPECT_EQ(AskByTcp(serving.port(), query).keepalive, 70);
  EXPECT_FALSE(UdpClient(serving.port()).Ask(query).keepalive.has_value());
}

TEST(Flags, AreCheckedWithTheRangeInTheMessage) {
  const auto message = [](auto change) {
    Settings settings;
    change(settings);
    return std::string(CheckSettings(settings).status().message());
  };
  EXPECT_THAT(message([](Settings& s) { s.chain = "long"; }), HasSubstr("direct or trafficmanager"));
  EXPECT_THAT(message([](Settings& s) { s.udp_threads = 0; }), HasSubstr("1 to 64"));
  EXPECT_THAT(message([](Settings& s) { s.rrl = -1; }), HasSubstr("rrl"));
  EXPECT_THAT(message([](Settings& s) { s.rrl_slip = 11; }), HasSubstr("0 to 10"));
  EXPECT_THAT(message([](Settings& s) { s.rrl_exempt = "127.0.0.0/8,x"; }), HasSubstr("rrl-exempt"));
  EXPECT_THAT(message([](Settings& s) { s.nsid = std::string(65, 'x'); }), HasSubstr("64"));
  EXPECT_THAT(message([](Settings& s) { s.tcp_idle = absl::ZeroDuration(); }), HasSubstr("tcp-idle"));
  Settings none;
  none.nsid = "none";
  none.chaos = false;
  EXPECT_EQ(CheckSettings(none)->answers.server_id, "");
  EXPECT_EQ(CheckSettings(none)->answers.version, "");
}

// ---- dig, an independent decoder ----

TEST(DigProtocol, SeesCookiesIdentityChainKeepaliveAndReasons) {
  if (!HaveDig()) GTEST_SKIP() << "*** dig is not installed (package bind9-dnsutils): NOT TESTED ***";
  AnswerSettings settings = DefaultSettings();
  settings.version = "nonet-dnsresolver test";
  settings.chain = Chain::kTrafficManager;
  settings.explain = true;
  Serving serving({}, settings);
  const auto dig = [&](const std::string& arguments) { return Dig(serving.port(), arguments); };
  EXPECT_THAT(dig(std::string("+cookie +norec ") + kContoso),
              ContainsRegex("COOKIE: [0-9a-f]{48} \\(good\\)"));
  EXPECT_THAT(dig("+norec +nsid -c ch -t txt version.bind"),
              AllOf(HasSubstr("nonet-dnsresolver test"), HasSubstr("test server")));
  EXPECT_THAT(dig("+norec -c ch -t txt id.server"), HasSubstr("\"test server\""));
  EXPECT_THAT(
      dig(std::string("+norec +nocookie ") + kContoso),
      AllOf(ContainsRegex("300[[:space:]]+IN[[:space:]]+CNAME[[:space:]]+contoso.tm."),
            ContainsRegex("90[[:space:]]+IN[[:space:]]+CNAME[[:space:]]+contoso-"), HasSubstr("EDE: 0")));
  EXPECT_THAT(dig("+norec example.com"), AllOf(HasSubstr("REFUSED"), HasSubstr("EDE: 20")));
  EXPECT_THAT(dig(std::string("+norec +short -t txt explain.") + kContoso), HasSubstr("ms"));
  EXPECT_THAT(dig(std::string("+norec +tcp +keepalive ") + kContoso), HasSubstr("TCP KEEPALIVE"));
  EXPECT_THAT(dig(std::string("+norec +keepalive ") + kContoso), Not(HasSubstr("TCP KEEPALIVE: 20")));
  EXPECT_THAT(dig("+norec +opcode=notify soa webpubsub.azure.com"), HasSubstr("NOTIMP"));
  EXPECT_THAT(dig("+norec +opcode=update soa webpubsub.azure.com"), HasSubstr("NOTIMP"));
  EXPECT_THAT(dig("+norec ixfr=1 webpubsub.azure.com"), HasSubstr("Transfer failed"));
}

}  // namespace
}  // namespace nonet::dns
