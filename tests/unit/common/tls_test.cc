#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "common/base/error.h"
#include "common/tls/authority.h"
#include "common/tls/session.h"

namespace nonet::tls {
namespace {

constexpr int64_t kNow = 1'700'000'000 * kNanosPerSecond;
constexpr char kObject[] = "resources/contoso/replicas/westus";
const Authority::Spec kSpec{.cluster = "contoso", .zone = "webpubsub.test"};

Authority NewAuthority(const Authority::Spec& spec = kSpec) {
  return *Authority::Create(spec, kNow, RealKeys());
}

Leaf WestUs() {
  return InstanceLeaf("contoso", kObject, {"contoso-westus-1.webpubsub.test", "contoso.webpubsub.test"},
                      "127.80.54.1");
}

// Carries bytes between the two until neither has anything to say.
void Talk(Session& client, Session& server, std::string* to_client, std::string* to_server) {
  for (int i = 0; i < 20; ++i) {
    const std::string up = client.TakeOutput();
    server.Receive(up, to_server);
    const std::string down = server.TakeOutput();
    client.Receive(down, to_client);
    if (up.empty() && down.empty()) return;
  }
  FAIL() << "they never stop talking";
}

struct Pair {
  Pair(const Authority& authority, const Leaf& leaf, const std::string& name, const std::string& trusted_pem)
      : server(*Context::Server(*authority.Issue(leaf, NowHere()))),
        client(*Context::Client(trusted_pem), name) {
    Talk(client, server, &to_client, &to_server);
  }
  // Sessions compare with the machine's clock.
  static int64_t NowHere() { return static_cast<int64_t>(time(nullptr)) * kNanosPerSecond; }
  Session server;
  Session client;
  std::string to_client, to_server;
};

Authority AuthorityOfToday() { return *Authority::Create(kSpec, Pair::NowHere(), RealKeys()); }

TEST(Authority, MakesAnAuthorityOfTenYears) {
  const Certificate ca = *ReadCertificate(NewAuthority().pair().certificate_pem);
  EXPECT_TRUE(ca.authority);
  EXPECT_EQ(ca.issuer, "Nonet CA of contoso");
  EXPECT_EQ(ca.names.organization, "contoso");
  EXPECT_EQ(ca.not_before_ns, kNow - kBackdateNs);
  EXPECT_EQ(ca.not_after_ns, kNow + kAuthorityLifeNs);
}

TEST(Authority, IssuesALeafThatNamesTheInstance) {
  const Authority authority = NewAuthority();
  const Certificate leaf = *ReadCertificate(authority.Issue(WestUs(), kNow)->certificate_pem);
  EXPECT_FALSE(leaf.authority);
  EXPECT_EQ(leaf.names.common_name, kObject);
  EXPECT_EQ(leaf.names.organization, "contoso");
  EXPECT_EQ(leaf.names.uris, std::vector<std::string>{"nonet:resources/contoso/replicas/westus"});
  EXPECT_EQ(leaf.names.dns_names,
            (std::vector<std::string>{"contoso-westus-1.webpubsub.test", "contoso.webpubsub.test"}));
  EXPECT_EQ(leaf.names.addresses, std::vector<std::string>{"127.80.54.1"});
  EXPECT_EQ(leaf.issuer, "Nonet CA of contoso");
  EXPECT_EQ(leaf.not_after_ns, kNow + kLeafLifeNs);
}

TEST(Authority, CutsACommonNameThatIsTooLongAndKeepsTheWholeInTheUri) {
  const std::string object = "resources/" + std::string(60, 'a') + "/replicas/westus";
  const Certificate leaf = *ReadCertificate(
      NewAuthority().Issue(InstanceLeaf("contoso", object, {}, "127.80.1.1"), kNow)->certificate_pem);
  EXPECT_EQ(leaf.names.common_name.size(), kCommonNameBytesMax);
  EXPECT_EQ(leaf.names.uris, std::vector<std::string>{"nonet:" + object});
}

TEST(Authority, GivesEveryCertificateItsOwnSerialAndKey) {
  const Authority authority = NewAuthority();
  const KeyPair one = *authority.Issue(WestUs(), kNow);
  const KeyPair two = *authority.Issue(WestUs(), kNow);
  EXPECT_NE(ReadCertificate(one.certificate_pem)->serial_hex,
            ReadCertificate(two.certificate_pem)->serial_hex);
  EXPECT_NE(one.key_pem, two.key_pem);
}

TEST(Authority, TakesKeysAndSerialsFromItsSource) {
  const std::string key = *RealKeys().new_key_pem();
  const KeySource fixed{.new_key_pem = [&] { return key; },
                        .random_hex = [](size_t bytes) { return std::string(2 * bytes, 'a'); }};
  const Authority authority = *Authority::Load(NewAuthority().pair(), fixed);
  const KeyPair pair = *authority.Issue(WestUs(), kNow);
  EXPECT_EQ(pair.key_pem, key);
  EXPECT_EQ(ReadCertificate(pair.certificate_pem)->serial_hex, "4" + std::string(31, 'A'));
}

TEST(Authority, LoadsWhatItMade) {
  const Authority made = NewAuthority();
  const Authority loaded = *Authority::Load(made.pair(), RealKeys());
  EXPECT_TRUE(made.Covers(*loaded.Issue(WestUs(), kNow), WestUs(), kNow));
}

TEST(Authority, RefusesAnotherKeyALeafAndGarbage) {
  const Authority authority = NewAuthority();
  KeyPair mixed = authority.pair();
  mixed.key_pem = *RealKeys().new_key_pem();
  EXPECT_EQ(ErrorReason(Authority::Load(mixed, RealKeys()).status()), "KEY_MISMATCH");
  EXPECT_EQ(ErrorReason(Authority::Load(*authority.Issue(WestUs(), kNow), RealKeys()).status()),
            "NO_AUTHORITY");
  EXPECT_EQ(ErrorReason(Authority::Load({"not", "pem"}, RealKeys()).status()), "BAD_PEM");
}

TEST(Authority, RefusesNamesThatCouldSmuggleExtensionsIn) {
  const Authority authority = NewAuthority();
  Leaf leaf = WestUs();
  leaf.dns_names.push_back("a,DNS:evil.example");
  EXPECT_EQ(ErrorReason(authority.Issue(leaf, kNow).status()), "BAD_CERTIFICATE_NAME");
  leaf = WestUs();
  leaf.addresses = {"not-an-address"};
  EXPECT_EQ(ErrorReason(authority.Issue(leaf, kNow).status()), "BAD_CERTIFICATE_NAME");
  leaf = WestUs();
  leaf.dns_names.assign(kNamesMax, "a.webpubsub.test");
  EXPECT_EQ(ErrorReason(authority.Issue(leaf, kNow).status()), "BAD_CERTIFICATE_NAME");
}

TEST(Authority, CoversUntilThirtyDaysBeforeTheEnd) {
  const Authority authority = NewAuthority();
  const KeyPair pair = *authority.Issue(WestUs(), kNow);
  EXPECT_TRUE(authority.Covers(pair, WestUs(), kNow + kLeafLifeNs - kRenewNs - kNanosPerSecond));
  EXPECT_FALSE(authority.Covers(pair, WestUs(), kNow + kLeafLifeNs - kRenewNs));
  EXPECT_FALSE(authority.Covers(pair, WestUs(), kNow - 2 * kBackdateNs)) << "not good yet";
}

TEST(Authority, DoesNotCoverOtherNamesAnotherAuthorityOrAnotherKey) {
  const Authority authority = NewAuthority();
  const KeyPair pair = *authority.Issue(WestUs(), kNow);
  Leaf moved = WestUs();
  moved.addresses = {"127.80.54.2"};
  EXPECT_FALSE(authority.Covers(pair, moved, kNow));
  Leaf renamed = WestUs();
  renamed.dns_names.push_back("fabrikam.webpubsub.test");
  EXPECT_FALSE(authority.Covers(pair, renamed, kNow));
  Leaf fewer = WestUs();
  fewer.dns_names.pop_back();
  EXPECT_TRUE(authority.Covers(pair, fewer, kNow));
  EXPECT_FALSE(NewAuthority().Covers(pair, WestUs(), kNow));
  EXPECT_FALSE(authority.Covers({pair.certificate_pem, *RealKeys().new_key_pem()}, WestUs(), kNow));
  EXPECT_FALSE(authority.Covers({"", ""}, WestUs(), kNow));
}

TEST(CheckIssued, WantsTheAuthorityAndTheUri) {
  const Authority authority = NewAuthority();
  const std::string leaf = authority.Issue(WestUs(), kNow)->certificate_pem;
  const std::string& ca = authority.pair().certificate_pem;
  EXPECT_TRUE(CheckIssued(leaf, ca, ObjectUri(kObject)).ok());
  EXPECT_EQ(ErrorReason(CheckIssued(leaf, ca, "nonet:resources/fabrikam")), "WRONG_CERTIFICATE");
  EXPECT_EQ(ErrorReason(CheckIssued(leaf, NewAuthority().pair().certificate_pem, ObjectUri(kObject))),
            "WRONG_CERTIFICATE");
  EXPECT_EQ(ErrorReason(CheckIssued("x", ca, ObjectUri(kObject))), "BAD_PEM");
}

TEST(Session, CarriesBytesBothWaysOverHttp11) {
  const Authority authority = AuthorityOfToday();
  Pair pair(authority, WestUs(), "contoso.webpubsub.test", authority.pair().certificate_pem);
  ASSERT_EQ(pair.client.state(), Session::State::kOpen) << pair.client.error();
  ASSERT_EQ(pair.server.state(), Session::State::kOpen) << pair.server.error();
  EXPECT_EQ(pair.server.version(), "TLSv1.3");
  EXPECT_EQ(pair.server.protocol(), "http/1.1");
  const std::string long_text(1'000'000, 'x');
  pair.client.Send("hello");
  pair.server.Send(long_text);
  Talk(pair.client, pair.server, &pair.to_client, &pair.to_server);
  EXPECT_EQ(pair.to_server, "hello");
  EXPECT_EQ(pair.to_client, long_text);
}

TEST(Session, UnderstandsBytesOneByOne) {
  const Authority authority = AuthorityOfToday();
  Pair pair(authority, WestUs(), "contoso.webpubsub.test", authority.pair().certificate_pem);
  pair.client.Send("hello");
  for (const char byte : pair.client.TakeOutput()) {
    pair.server.Receive(absl::string_view(&byte, 1), &pair.to_server);
  }
  EXPECT_EQ(pair.to_server, "hello");
}

TEST(Session, HearsGoodbye) {
  const Authority authority = AuthorityOfToday();
  Pair pair(authority, WestUs(), "contoso.webpubsub.test", authority.pair().certificate_pem);
  pair.client.End();
  Talk(pair.client, pair.server, &pair.to_client, &pair.to_server);
  EXPECT_EQ(pair.server.state(), Session::State::kEnded);
}

TEST(Session, ClientRefusesAStrangersCertificateAndAnotherName) {
  const Authority authority = AuthorityOfToday();
  Pair stranger(authority, WestUs(), "contoso.webpubsub.test", AuthorityOfToday().pair().certificate_pem);
  EXPECT_EQ(stranger.client.state(), Session::State::kFailed);
  EXPECT_TRUE(absl::StrContains(stranger.client.error(), "certificate verify failed"))
      << stranger.client.error();
  EXPECT_EQ(stranger.server.state(), Session::State::kFailed);
  Pair other(authority, WestUs(), "fabrikam.webpubsub.test", authority.pair().certificate_pem);
  EXPECT_EQ(other.client.state(), Session::State::kFailed);
}

TEST(Session, AnAuthorityVouchesForItsOwnZoneOnly) {
  const Authority authority = AuthorityOfToday();
  Leaf leaf = WestUs();
  leaf.dns_names = {"login.example.com"};
  Pair pair(authority, leaf, "login.example.com", authority.pair().certificate_pem);
  EXPECT_EQ(pair.client.state(), Session::State::kFailed);
}

TEST(Session, FailsOnWhatIsNoTls) {
  Session server(*Context::Server(*NewAuthority().Issue(WestUs(), kNow)));
  std::string plain;
  EXPECT_EQ(server.Receive("GET / HTTP/1.1\r\nhost: x\r\n\r\n", &plain), Session::State::kFailed);
  EXPECT_FALSE(server.error().empty());
  EXPECT_EQ(plain, "");
}

TEST(Session, ServerNeedsAKeyOfItsCertificate) {
  KeyPair pair = *NewAuthority().Issue(WestUs(), kNow);
  pair.key_pem = *RealKeys().new_key_pem();
  EXPECT_EQ(ErrorReason(Context::Server(pair).status()), "KEY_MISMATCH");
}

}  // namespace
}  // namespace nonet::tls
