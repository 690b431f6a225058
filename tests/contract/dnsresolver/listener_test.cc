// UDP and TCP as clients meet them: dig's view of RFC 8906, pipelining, broken frames, bursts, caps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/clock/simulated_clock.h"
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

std::string Framed(const Packet& packet) {
  std::string out;
  out.push_back(static_cast<char>(packet.size() >> 8));
  out.push_back(static_cast<char>(packet.size()));
  out.append(packet.begin(), packet.end());
  return out;
}

Packet ReceiveFrame(RawSocket& socket) {
  const std::string head = socket.Receive(2);
  if (head.size() < 2) return {};
  const size_t size = static_cast<size_t>(static_cast<uint8_t>(head[0])) << 8 | static_cast<uint8_t>(head[1]);
  const std::string body = socket.Receive(size);
  return Packet(body.begin(), body.end());
}

class Listeners : public testing::Test {
 protected:
  Listeners() : loop_(RealClock()), publisher_(std::make_shared<const AnswerTable>(ContosoTable())) {
    loop_.Call([&] {
      listeners_ =
          *DnsListeners::Start(loop_.get(), *ParseListenAddresses("127.0.0.1:0"), publisher_, metrics_);
      port_ = listeners_->addresses()[0].port;
    });
  }
  ~Listeners() override {
    loop_.Call([&] { listeners_.reset(); });
  }

  LoopThread loop_;
  Metrics metrics_;
  TablePublisher publisher_;
  std::unique_ptr<DnsListeners> listeners_;
  uint16_t port_ = 0;
};

TEST_F(Listeners, AnswersABurstOverUdp) {
  UdpClient client(port_);
  constexpr uint16_t kBurst = 500;
  for (uint16_t id = 0; id < kBurst; ++id) {
    client.Send(Message({.id = id, .body = Question(kContoso, kTypeA)}));
  }
  std::set<uint16_t> ids;
  for (uint16_t i = 0; i < kBurst; ++i) {
    const auto answer = Decode(client.Receive());
    ASSERT_TRUE(answer.has_value()) << "after " << i;
    ids.insert(answer->id);
  }
  EXPECT_EQ(ids.size(), kBurst);
}

TEST_F(Listeners, GarbageDoesNotStopTheNextAnswer) {
  Random random(1);
  UdpClient client(port_);
  for (int i = 0; i < 2000; ++i) {
    Packet packet(random.Below(600));
    for (uint8_t& byte : packet) byte = static_cast<uint8_t>(random.Next());
    if (packet.size() > 2) packet[2] |= 0x80;  // A response, so that nothing comes back.
    client.Send(packet);
  }
  client.Send(Packet(20'000, 0));  // Longer than any buffer of the server's; opcode QUERY, no question.
  EXPECT_EQ(client.Ask(MakeQuery(kContoso, kTypeA)).rcode, static_cast<int>(Rcode::kFormErr));
  EXPECT_EQ(Decode(client.Receive())->rcode, 0);
}

TEST_F(Listeners, TcpAnswersSeveralPipelinedInOrder) {
  RawSocket socket(port_);
  std::string all;
  for (uint16_t id = 1; id <= 300; ++id)
    all += Framed(Message({.id = id, .body = Question(kContoso, kTypeA)}));
  ASSERT_TRUE(socket.Send(all));
  for (uint16_t id = 1; id <= 300; ++id) {
    const auto answer = Decode(ReceiveFrame(socket));
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->id, id);
    ASSERT_EQ(answer->answers.size(), 2u);
  }
}

TEST_F(Listeners, TcpTakesQueriesByteByByte) {
  RawSocket socket(port_);
  for (const char byte : Framed(MakeQuery(kContoso, kTypeA))) {
    ASSERT_TRUE(socket.Send(absl::string_view(&byte, 1)));
  }
  EXPECT_EQ(Decode(ReceiveFrame(socket))->answers.size(), 2u);
}

TEST_F(Listeners, TcpAnswersTheMalformedAndClosesOnNonsense) {
  RawSocket socket(port_);
  socket.Send(Framed(Packet(40, 0)));
  EXPECT_EQ(Decode(ReceiveFrame(socket))->rcode, static_cast<int>(Rcode::kFormErr));
  socket.Send(std::string(2, '\0'));  // A frame without length.
  EXPECT_TRUE(socket.AtEnd());
  RawSocket response(port_);
  Packet packet = MakeQuery(kContoso, kTypeA);
  packet[2] |= 0x80;
  response.Send(Framed(packet));
  EXPECT_TRUE(response.AtEnd());
}

TEST_F(Listeners, TcpSendsWhatItOwesBeforeItCloses) {
  RawSocket socket(port_);
  socket.Send(Framed(MakeQuery(kContoso, kTypeA)) + std::string(2, '\0'));
  EXPECT_EQ(Decode(ReceiveFrame(socket))->answers.size(), 2u);
  EXPECT_TRUE(socket.AtEnd());
}

TEST_F(Listeners, WhoDoesNotReadIsNotReadForeverAndHindersNobody) {
  RawSocket greedy(port_, 4096);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += Framed(MakeQuery(kContoso, kTypeA));
  for (int i = 0; i < 4; ++i) greedy.Send(many);
  RawSocket other(port_);
  other.Send(Framed(MakeQuery(kContoso, kTypeA)));
  EXPECT_EQ(Decode(ReceiveFrame(other))->answers.size(), 2u);
  for (int i = 0; i < 4000; ++i) ASSERT_EQ(Decode(ReceiveFrame(greedy))->answers.size(), 2u) << i;
}

TEST_F(Listeners, UdpAndTcpListenOnTheSamePort) {
  EXPECT_NE(port_, 0);
  RawSocket tcp(port_);
  tcp.Send(Framed(MakeQuery("webpubsub.azure.com", kTypeSoa)));
  EXPECT_EQ(Decode(ReceiveFrame(tcp))->answers.size(), 1u);
  EXPECT_EQ(UdpClient(port_).Ask(MakeQuery("webpubsub.azure.com", kTypeSoa)).answers.size(), 1u);
}

TEST_F(Listeners, ATakenPortIsSaidPlainly) {
  const auto second = loop_.Call([&] {
    return DnsListeners::Start(loop_.get(), *ParseListenAddresses(absl::StrCat("127.0.0.1:", port_)),
                               publisher_, metrics_);
  });
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat("127.0.0.1:", port_)));
}

TEST_F(Listeners, ListensOnSeveralAddressesOfBothFamilies) {
  auto more = loop_.Call([&] {
    return DnsListeners::Start(loop_.get(), *ParseListenAddresses("127.0.0.1:0,127.0.0.2:0,[::1]:0"),
                               publisher_, metrics_);
  });
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ((*more)->addresses().size(), 3u);
  if (HaveDig()) {
    const std::string out = RunCommand(
        absl::StrCat("dig @::1 -p ", (*more)->addresses()[2].port, " +time=3 +tries=1 ", kContoso));
    EXPECT_THAT(out, HasSubstr("contoso-eastus"));
  }
  loop_.Call([&] { more->reset(); });
}

TEST(TcpListener, CapsAndIdleTimeout) {
  SimulatedClock clock;
  LoopThread loop(clock);
  Metrics metrics;
  QueryMetrics queries(metrics, "tcp");
  const auto table = std::make_shared<const AnswerTable>(ContosoTable());
  std::unique_ptr<TcpListener> listener;
  const auto listen = [&](TcpListenerOptions options) {
    loop.Call([&] {
      listener.reset();
      listener = *TcpListener::Listen(
          loop.get(), ParseListenAddresses("127.0.0.1:0")->front(), [table] { return table; }, queries,
          options);
    });
    return listener->address().port;
  };
  for (const TcpListenerOptions& options :
       {TcpListenerOptions{.connections_max = 2}, TcpListenerOptions{.connections_per_address_max = 2}}) {
    const uint16_t port = listen(options);
    RawSocket first(port), second(port);
    first.Send(Framed(MakeQuery(kContoso, kTypeA)));
    second.Send(Framed(MakeQuery(kContoso, kTypeA)));
    EXPECT_FALSE(ReceiveFrame(first).empty());
    EXPECT_FALSE(ReceiveFrame(second).empty());
    RawSocket third(port);
    EXPECT_TRUE(third.AtEnd()) << "one too many";
    first.CloseWithReset();
    EXPECT_TRUE(loop.Eventually([&] { return listener->connections() == 1; }));
    RawSocket fourth(port);
    fourth.Send(Framed(MakeQuery(kContoso, kTypeA)));
    EXPECT_FALSE(ReceiveFrame(fourth).empty());
    loop.Call([&] {});  // The answer has been received; its listener has to hear that it was sent.
    clock.AdvanceNs(kTcpIdleNs + 1);
    loop.Call([&] {});  // Posted tasks run, and with them the timers that are due.
    EXPECT_TRUE(fourth.AtEnd());
    EXPECT_TRUE(second.AtEnd());
  }
  loop.Call([&] { listener.reset(); });
}

// ---- dig, an independent decoder ----

class Digging : public Listeners {
 protected:
  void SetUp() override {
    if (!HaveDig()) GTEST_SKIP() << "*** dig is not installed (package bind9-dnsutils): NOT TESTED ***";
  }
  std::string Ask(const std::string& arguments) { return Dig(port_, arguments); }
};

// RFC 8906 section 8.
TEST_F(Digging, PassesTheComplianceQueries) {
  const std::string soa = "soa webpubsub.azure.com";
  const auto ok = AllOf(HasSubstr("status: NOERROR"), ContainsRegex("flags: qr aa[^;]*;"));
  EXPECT_THAT(Ask("+noedns +noad +norec " + soa), AllOf(ok, Not(HasSubstr("OPT PSEUDO"))));
  EXPECT_THAT(Ask("+noedns +noad +norec -t type1000 webpubsub.azure.com"),
              AllOf(ok, HasSubstr("ANSWER: 0, AUTHORITY: 1")));
  EXPECT_THAT(Ask("+noedns +noad +norec +cd " + soa), HasSubstr("flags: qr aa cd"));
  EXPECT_THAT(Ask("+noedns +norec +ad " + soa), HasSubstr("flags: qr aa;"));
  EXPECT_THAT(Ask("+noedns +noad +norec +zflag " + soa), AllOf(ok, Not(HasSubstr("MBZ"))));
  EXPECT_THAT(Ask("+noedns +noad +opcode=15 +norec +header-only"), HasSubstr("NOTIMP"));
  EXPECT_THAT(Ask("+noedns +noad +norec +tcp " + soa), ok);
  EXPECT_THAT(Ask("+edns=0 +nocookie +noad +norec " + soa), AllOf(ok, HasSubstr("EDNS: version: 0")));
  const auto badvers =
      AllOf(HasSubstr("status: BADVERS"), HasSubstr("EDNS: version: 0"), HasSubstr("ANSWER: 0"));
  EXPECT_THAT(Ask("+edns=100 +noednsneg +nocookie +noad +norec " + soa), badvers);
  EXPECT_THAT(Ask("+edns=0 +ednsopt=100 +nocookie +noad +norec " + soa),
              AllOf(ok, Not(HasSubstr("OPT=100"))));
  EXPECT_THAT(Ask("+edns=100 +noednsneg +ednsopt=100 +nocookie +noad +norec " + soa), badvers);
  EXPECT_THAT(Ask("+edns=0 +ednsflags=0x40 +nocookie +noad +norec " + soa), AllOf(ok, Not(HasSubstr("MBZ"))));
  EXPECT_THAT(Ask("+edns=0 +bufsize=512 +norec +ignore +dnssec " + soa), AllOf(ok, HasSubstr("flags: do;")));
  EXPECT_THAT(Ask("+cookie +nsid +norec " + soa), AllOf(ok, HasSubstr("NSID")));
}

TEST_F(Digging, SeesTheAnswerAndItsScope) {
  const std::string out = Ask("-b 127.143.0.1 contoso.webpubsub.azure.com");
  EXPECT_THAT(out,
              ContainsRegex("contoso.webpubsub.azure.com.[[:space:]]+90[[:space:]]+IN[[:space:]]+CNAME"));
  EXPECT_THAT(
      out, ContainsRegex("contoso-eastus-0a1b2c3d[^\n]*60[[:space:]]+IN[[:space:]]+A[[:space:]]+127.80.0.1"));
  EXPECT_THAT(Ask("+subnet=10.15.7.0/24 contoso.webpubsub.azure.com"),
              ContainsRegex("CLIENT-SUBNET: 10.15.7.0/24/[1-9]"));
  EXPECT_THAT(Ask("+subnet=0.0.0.0/0 contoso.webpubsub.azure.com"), HasSubstr("CLIENT-SUBNET: 0.0.0.0/0/0"));
  EXPECT_THAT(Ask("+subnet=0 contoso.webpubsub.azure.com"), HasSubstr("status: NOERROR"));
  EXPECT_THAT(Ask("+subnet=192.0.2.0/24 nothing.webpubsub.azure.com"),
              AllOf(HasSubstr("NXDOMAIN"), HasSubstr("192.0.2.0/24/0")));
}

TEST_F(Digging, IsRefusedTransfersAndOtherZones) {
  EXPECT_THAT(Ask("axfr webpubsub.azure.com"), HasSubstr("Transfer failed"));
  EXPECT_THAT(Ask("+norec example.com"), HasSubstr("REFUSED"));
  EXPECT_THAT(Ask("+norec -c ch -t txt version.bind"), HasSubstr("REFUSED"));
}

TEST_F(Digging, FindsNothingMalformed) {
  for (const char* type :
       {"a", "aaaa", "cname", "any", "txt", "https", "svcb", "caa", "ds", "ns", "soa", "mx"}) {
    for (const char* name : {kContoso, "webpubsub.azure.com", "ns.webpubsub.azure.com",
                             "x.webpubsub.azure.com", "contoso-westus-0a1b2c3d.webpubsub.azure.com"}) {
      const std::string out = Ask(absl::StrCat("+noidnout -t ", type, " ", name));
      EXPECT_THAT(out, AllOf(ContainsRegex("status: (NOERROR|NXDOMAIN)"), Not(HasSubstr("WARNING: Message")),
                             Not(HasSubstr("malformed")), Not(HasSubstr("FORMERR"))))
          << type << " " << name;
    }
  }
}

}  // namespace
}  // namespace nonet::dns
