// The certificates and the token of a directory: made once, kept, replaced when they have to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "common/base/error.h"
#include "common/process/files.h"
#include "tests/contract/supervisor/temp_dir.h"
#include "tools/supervisor/server/certificates.h"
#include "tools/supervisor/server/check_flags.h"
#include "tools/supervisor/server/token_file.h"

namespace nonet::supervisor {
namespace {

constexpr int64_t kNow = 1'700'000'000 * kNanosPerSecond;
const InstanceSpec kWestUs = {.object = "resources/contoso/replicas/westus",
                              .resource_id = "contoso",
                              .replica_id = "westus",
                              .region = "westus"};
const std::vector<std::string> kHosts = {"contoso-westus-1.webpubsub.azure.com",
                                         "contoso.webpubsub.azure.com"};

unsigned ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

class CertificatesTest : public testing::Test {
 protected:
  std::unique_ptr<Certificates> Open(int64_t now = kNow) {
    absl::StatusOr<std::unique_ptr<Certificates>> opened = Certificates::Open(dir_.path(), {}, now);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  std::string Issued(Certificates& certificates, const std::vector<std::string>& hosts, int64_t now = kNow,
                     const std::string& address = "127.80.54.1") {
    const auto files = certificates.ForInstance(kWestUs, hosts, address, now);
    EXPECT_TRUE(files.ok()) << files.status();
    return *ReadFile(files->certificate);
  }
  TempDir dir_;
};

TEST_F(CertificatesTest, LieWhereTheyAreSaidToWithKeysForTheOwnerOnly) {
  auto certificates = Open();
  const CertificateFiles files = *certificates->ForInstance(kWestUs, kHosts, "127.80.54.1", kNow);
  EXPECT_EQ(files.certificate, dir_.path() + "/tls/contoso__westus.pem");
  EXPECT_EQ(files.key, dir_.path() + "/tls/contoso__westus.key");
  EXPECT_EQ(files.authority, dir_.path() + "/ca.pem");
  EXPECT_EQ(ModeOf(files.key), 0600u);
  EXPECT_EQ(ModeOf(dir_.path() + "/tls/ca.key"), 0600u);
  EXPECT_EQ(ModeOf(files.authority), 0644u);
  const std::string leaf = *ReadFile(files.certificate);
  EXPECT_TRUE(tls::CheckIssued(leaf, *ReadFile(files.authority), "nonet:" + kWestUs.object).ok());
  EXPECT_EQ(tls::ReadCertificate(leaf)->names.dns_names, kHosts);
}

TEST_F(CertificatesTest, DoorsAreCalledLocalhostAndTheSupervisorIsKnown) {
  auto certificates = Open();
  const tls::Leaf door =
      tls::ReadCertificate(*ReadFile(certificates->ForControlplane(kNow)->certificate))->names;
  EXPECT_THAT(door.dns_names, testing::ElementsAre("localhost", "management.webpubsub.azure.com"));
  EXPECT_THAT(door.addresses, testing::ElementsAre("127.0.0.1"));
  const tls::Leaf supervisor =
      tls::ReadCertificate(*ReadFile(certificates->ForSupervisor(kNow)->certificate))->names;
  EXPECT_THAT(supervisor.uris, testing::ElementsAre("nonet:supervisor"));
  EXPECT_EQ(supervisor.organization, "contoso");
}

TEST_F(CertificatesTest, StayAcrossStarts) {
  const std::string first = Issued(*Open(), kHosts);
  const std::string authority = *ReadFile(dir_.path() + "/ca.pem");
  auto again = Open();
  EXPECT_EQ(*ReadFile(dir_.path() + "/ca.pem"), authority);
  EXPECT_EQ(Issued(*again, kHosts), first);
  EXPECT_EQ(Issued(*again, {}), first) << "names that are not known yet cost none";
}

TEST_F(CertificatesTest, AreReplacedWhenNamesChangeOrTheEndIsNear) {
  auto certificates = Open();
  const std::string first = Issued(*certificates, kHosts);
  const std::string moved = Issued(*certificates, kHosts, kNow, "127.80.54.2");
  EXPECT_NE(moved, first);
  const int64_t late = kNow + tls::kLeafLifeNs - tls::kRenewNs;
  const std::string renewed = Issued(*certificates, kHosts, late, "127.80.54.2");
  EXPECT_NE(renewed, moved);
  EXPECT_EQ(tls::ReadCertificate(renewed)->not_after_ns, late + tls::kLeafLifeNs);
}

TEST_F(CertificatesTest, ADamagedLeafIsMadeAnew) {
  auto certificates = Open();
  const CertificateFiles files = *certificates->ForInstance(kWestUs, kHosts, "127.80.54.1", kNow);
  ASSERT_TRUE(WriteFileAtomic(files.key, "nonsense").ok());
  const std::string made = Issued(*certificates, kHosts);
  EXPECT_TRUE(tls::CheckIssued(made, *ReadFile(files.authority), "nonet:" + kWestUs.object).ok());
  EXPECT_NE(*ReadFile(files.key), "nonsense");
}

TEST_F(CertificatesTest, HalfAnAuthorityIsRefusedAndNothingIsOverwritten) {
  Open();
  const std::string authority = *ReadFile(dir_.path() + "/ca.pem");
  ASSERT_TRUE(RemoveFile(dir_.path() + "/tls/ca.key").ok());
  const absl::Status half = Certificates::Open(dir_.path(), {}, kNow).status();
  EXPECT_EQ(ErrorReason(half), "UNUSABLE_AUTHORITY");
  EXPECT_EQ(*ReadFile(dir_.path() + "/ca.pem"), authority);
  ASSERT_TRUE(WriteFileAtomic(dir_.path() + "/tls/ca.key", *tls::RealKeys().new_key_pem()).ok());
  EXPECT_EQ(ErrorReason(Certificates::Open(dir_.path(), {}, kNow).status()), "UNUSABLE_AUTHORITY");
}

TEST_F(CertificatesTest, OfAnInstanceThatIsGoneAreRemoved) {
  auto certificates = Open();
  const CertificateFiles files = *certificates->ForInstance(kWestUs, kHosts, "127.80.54.1", kNow);
  certificates->Forget(kWestUs);
  EXPECT_FALSE(std::filesystem::exists(files.certificate));
  EXPECT_FALSE(std::filesystem::exists(files.key));
  certificates->Forget(kWestUs);  // Once is enough, twice does no harm.
}

TEST(TokenFileTest, IsMadeOnceWith256RandomBitsForTheOwnerOnly) {
  TempDir dir;
  const Token made = *LoadToken(dir.path());
  EXPECT_TRUE(made.new_one);
  EXPECT_EQ(made.text.size(), 64u);
  EXPECT_NE(LoadToken(dir.path())->text, made.text) << "not kept yet, so another one";
  ASSERT_TRUE(KeepToken(dir.path(), made).ok());
  EXPECT_EQ(ModeOf(TokenFile(dir.path())), 0600u);
  const Token kept = *LoadToken(dir.path());
  EXPECT_EQ(kept.text, made.text);
  EXPECT_FALSE(kept.new_one);
}

TEST(TokenFileTest, OneThatHoldsNoneIsRefused) {
  TempDir dir;
  ASSERT_TRUE(WriteFileAtomic(TokenFile(dir.path()), "two words\n").ok());
  EXPECT_EQ(ErrorReason(LoadToken(dir.path()).status()), "BAD_TOKEN_FILE");
}

TEST(CheckFlagsTest, AsksTheProgram) {
  EXPECT_TRUE(CheckFlags("/bin/true", {}).ok());
  const absl::Status refused = CheckFlags(
      "/bin/sh", {"-c", "echo 'error[BAD_FLAG]: --rrl=x is no number / try: y' >&2; exit 2", "--"});
  EXPECT_EQ(refused, absl::InvalidArgumentError("--rrl=x is no number"));
  EXPECT_EQ(ErrorReason(CheckFlags("/missing/program", {})), "PROGRAM_MISSING");
}

}  // namespace
}  // namespace nonet::supervisor
