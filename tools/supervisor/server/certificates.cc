#include "tools/supervisor/server/certificates.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/names.h"

namespace nonet::supervisor {
namespace {

constexpr size_t kPemFileBytesMax = 64 * 1024;
constexpr unsigned kReadableMode = 0644;

std::string AuthorityKeyFile(absl::string_view dir) { return absl::StrCat(dir, "/tls/ca.key"); }

absl::StatusOr<tls::KeyPair> ReadPair(const std::string& certificate, const std::string& key) {
  tls::KeyPair pair;
  ASSIGN_OR_RETURN(pair.certificate_pem, ReadFile(certificate, kPemFileBytesMax));
  ASSIGN_OR_RETURN(pair.key_pem, ReadFile(key, kPemFileBytesMax));
  return pair;
}

// The certificate last: with it, the pair counts.
absl::Status WritePair(const std::string& certificate, const std::string& key, const tls::KeyPair& pair) {
  RETURN_IF_ERROR(WriteFileAtomic(key, pair.key_pem));
  return WriteFileAtomic(certificate, pair.certificate_pem, kReadableMode);
}

absl::StatusOr<tls::Authority> LoadAuthority(const std::string& dir) {
  const absl::StatusOr<tls::KeyPair> pair = ReadPair(AuthorityFile(dir), AuthorityKeyFile(dir));
  if (!pair.ok()) return UnusableAuthority(dir, pair.status().message());
  absl::StatusOr<tls::Authority> authority = tls::Authority::Load(*pair, tls::RealKeys());
  if (!authority.ok()) return UnusableAuthority(dir, authority.status().message());
  return authority;
}

absl::StatusOr<tls::Authority> MakeAuthority(const std::string& dir, const Settings& settings,
                                             int64_t wall_ns) {
  ASSIGN_OR_RETURN(
      tls::Authority authority,
      tls::Authority::Create({.cluster = settings.cluster, .zone = settings.zone}, wall_ns, tls::RealKeys()));
  RETURN_IF_ERROR(WritePair(AuthorityFile(dir), AuthorityKeyFile(dir), authority.pair()));
  return authority;
}

}  // namespace

CertificateFiles CertificateFilesOf(absl::string_view dir, absl::string_view stem) {
  return {.certificate = absl::StrCat(dir, "/tls/", stem, ".pem"),
          .key = absl::StrCat(dir, "/tls/", stem, ".key"),
          .authority = AuthorityFile(dir)};
}

std::string AuthorityFile(absl::string_view dir) { return absl::StrCat(dir, "/ca.pem"); }

Certificates::Certificates(std::string dir, Settings settings, tls::Authority authority)
    : dir_(std::move(dir)), settings_(std::move(settings)), authority_(std::move(authority)) {}

absl::StatusOr<std::unique_ptr<Certificates>> Certificates::Open(const std::string& dir,
                                                                 const Settings& settings, int64_t wall_ns) {
  RETURN_IF_ERROR(MakeDirectories(dir + "/tls"));
  const bool exists = !absl::IsNotFound(ReadFile(AuthorityFile(dir), kPemFileBytesMax).status());
  ASSIGN_OR_RETURN(tls::Authority authority,
                   exists ? LoadAuthority(dir) : MakeAuthority(dir, settings, wall_ns));
  return std::unique_ptr<Certificates>(new Certificates(dir, settings, std::move(authority)));
}

absl::StatusOr<CertificateFiles> Certificates::Ensure(const std::string& stem, const tls::Leaf& leaf,
                                                      int64_t wall_ns) {
  CertificateFiles files = CertificateFilesOf(dir_, stem);
  const absl::StatusOr<tls::KeyPair> kept = ReadPair(files.certificate, files.key);
  if (kept.ok() && authority_.Covers(*kept, leaf, wall_ns)) return files;
  ASSIGN_OR_RETURN(const tls::KeyPair made, authority_.Issue(leaf, wall_ns));
  RETURN_IF_ERROR(WritePair(files.certificate, files.key, made));
  log::Info("issued a certificate", {{"for", leaf.common_name}, {"file", files.certificate}});
  return files;
}

absl::StatusOr<CertificateFiles> Certificates::ForInstance(const InstanceSpec& instance,
                                                           std::vector<std::string> host_names,
                                                           const std::string& address, int64_t wall_ns) {
  return Ensure(FileStem(ProcessKind::kInstance, instance),
                tls::InstanceLeaf(settings_.cluster, instance.object, std::move(host_names), address),
                wall_ns);
}

tls::Leaf Certificates::Local(absl::string_view who) const {
  return {.common_name = std::string(who),
          .organization = settings_.cluster,
          .dns_names = {"localhost"},
          .addresses = {"127.0.0.1"},
          .uris = {tls::ObjectUri(who)}};
}

absl::StatusOr<CertificateFiles> Certificates::ForControlplane(int64_t wall_ns) {
  tls::Leaf leaf = Local(kControlplaneKey);
  leaf.dns_names.push_back(absl::StrCat("management.", settings_.zone));
  return Ensure(kControlplaneKey, leaf, wall_ns);
}

absl::StatusOr<CertificateFiles> Certificates::ForSupervisor(int64_t wall_ns) {
  return Ensure("supervisor", Local("supervisor"), wall_ns);
}

void Certificates::Forget(const InstanceSpec& instance) {
  const CertificateFiles files = CertificateFilesOf(dir_, FileStem(ProcessKind::kInstance, instance));
  for (const std::string& file : {files.certificate, files.key}) {
    const absl::Status removed = RemoveFile(file);
    if (!removed.ok()) log::Warning("cannot remove a certificate", {{"error", removed.message()}});
  }
}

}  // namespace nonet::supervisor
