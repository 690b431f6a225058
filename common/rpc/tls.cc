#include "common/rpc/tls.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"

namespace nonet::rpc {
namespace {

// PEM files of one certificate, or a few authorities.
constexpr size_t kPemBytesMax = 1024 * 1024;

struct OpenSslFree {
  void operator()(BIO* object) const { BIO_free(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(GENERAL_NAMES* object) const { GENERAL_NAMES_free(object); }
};
template <typename T>
using OpenSslOwned = std::unique_ptr<T, OpenSslFree>;

OpenSslOwned<BIO> Source(absl::string_view text) {
  return OpenSslOwned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

OpenSslOwned<X509> ParseCertificate(absl::string_view pem) {
  return OpenSslOwned<X509>(PEM_read_bio_X509(Source(pem).get(), nullptr, nullptr, nullptr));
}

std::string TextOf(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

absl::Status BadTlsFile(const std::string& file, absl::string_view why) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "BAD_TLS_FILE", absl::StrCat(file, ": ", why),
      {.next_step = "give a PEM certificate with its URI nonet:<object name> and O <cluster>, its "
                    "key, and the authority that signed it",
       .metadata = {{"file", file}}});
}

absl::Status WrongHolder(const Holder& holder, const Holder& ours, absl::string_view wanted) {
  if (holder.organization != ours.organization) {
    return MakeError(absl::StatusCode::kUnauthenticated, "OTHER_CLUSTER",
                     absl::StrCat("the certificate is of cluster '", holder.organization, "', not '",
                                  ours.organization, "'"),
                     {.next_step = "use a certificate of this cluster's authority"});
  }
  if (!wanted.empty() && !holder.Is(wanted)) {
    return MakeError(absl::StatusCode::kUnauthenticated, "OTHER_HOLDER",
                     absl::StrCat("the certificate is for ",
                                  holder.uris.empty() ? "nobody" : holder.uris.front(), ", not ", wanted),
                     {.next_step = "check which address the peer was given"});
  }
  return absl::OkStatus();
}

// After gRPC has checked the chain: whose certificate is it? The name that was dialled is an address.
class ServerIs final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  ServerIs(Holder ours, std::string wanted) : ours_(std::move(ours)), wanted_(std::move(wanted)) {}
  ~ServerIs() override = default;
  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* result) override {
    const grpc::string_ref pem = request->peer_cert();
    const absl::StatusOr<Holder> holder = HolderOf(absl::string_view(pem.data(), pem.size()));
    const absl::Status status = holder.ok() ? WrongHolder(*holder, ours_, wanted_) : holder.status();
    *result = status.ok() ? grpc::Status::OK
                          : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(status.message()));
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const Holder ours_;
  const std::string wanted_;
};

}  // namespace

std::string UriOf(absl::string_view object_name) { return absl::StrCat("nonet:", object_name); }

bool Holder::Is(absl::string_view uri) const {
  return std::find(uris.begin(), uris.end(), uri) != uris.end();
}

absl::StatusOr<Holder> HolderOf(absl::string_view certificate_pem) {
  const OpenSslOwned<X509> certificate = ParseCertificate(certificate_pem);
  if (certificate == nullptr) return absl::InvalidArgumentError("no PEM certificate");
  Holder holder;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int place = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
  if (place >= 0) holder.organization = TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
  const OpenSslOwned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) holder.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
  }
  return holder;
}

absl::StatusOr<std::shared_ptr<const TlsIdentity>> ReadTlsIdentity(const std::string& certificate_file,
                                                                   const std::string& key_file,
                                                                   const std::string& authorities_file) {
  auto identity = std::make_shared<TlsIdentity>();
  for (const auto& [file, text] :
       {std::pair(&certificate_file, &identity->certificate_pem), std::pair(&key_file, &identity->key_pem),
        std::pair(&authorities_file, &identity->authorities_pem)}) {
    absl::StatusOr<std::string> content = ReadFile(*file, kPemBytesMax);
    if (!content.ok()) return BadTlsFile(*file, content.status().message());
    *text = *std::move(content);
  }
  absl::StatusOr<Holder> holder = HolderOf(identity->certificate_pem);
  if (!holder.ok()) return BadTlsFile(certificate_file, holder.status().message());
  if (holder->uris.empty() || holder->organization.empty()) {
    return BadTlsFile(certificate_file, "it names no holder by a URI, or no cluster");
  }
  const OpenSslOwned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(Source(identity->key_pem).get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return BadTlsFile(key_file, "no PEM private key");
  if (X509_check_private_key(ParseCertificate(identity->certificate_pem).get(), key.get()) != 1) {
    return BadTlsFile(key_file, absl::StrCat("not the key of ", certificate_file));
  }
  if (ParseCertificate(identity->authorities_pem) == nullptr) {
    return BadTlsFile(authorities_file, "no PEM certificate");
  }
  identity->holder = *std::move(holder);
  return identity;
}

absl::Status CheckHolder(const Holder& holder, const TlsIdentity& ours, absl::string_view uri) {
  return WrongHolder(holder, ours.holder, uri);
}

absl::StatusOr<Holder> CallerOf(const grpc::ServerContextBase& context, const TlsIdentity& ours) {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth != nullptr) {
    const std::vector<grpc::string_ref> pem = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    if (!pem.empty()) {
      ASSIGN_OR_RETURN(Holder holder, HolderOf(absl::string_view(pem[0].data(), pem[0].size())));
      RETURN_IF_ERROR(WrongHolder(holder, ours.holder, ""));
      return holder;
    }
  }
  return MakeError(absl::StatusCode::kUnauthenticated, "NO_CERTIFICATE", "the caller showed no certificate",
                   {.next_step = "call with a certificate of this cluster's authority"});
}

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const TlsIdentity& identity) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = identity.authorities_pem;
  options.pem_key_cert_pairs.push_back({identity.key_pem, identity.certificate_pem});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const TlsIdentity& identity,
                                                               std::string server_uri) {
  const std::vector<grpc::experimental::IdentityKeyCertPair> pairs = {
      {identity.key_pem, identity.certificate_pem}};
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(identity.authorities_pem, pairs));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);
  options.set_certificate_verifier(grpc::experimental::ExternalCertificateVerifier::Create<ServerIs>(
      identity.holder, std::move(server_uri)));
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace nonet::rpc
