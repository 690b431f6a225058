#include "common/tls/authority.h"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/real/entropy.h"
#include "common/tls/pem.h"

namespace nonet::tls {
namespace {

constexpr size_t kSerialBytes = 16;
constexpr long kX509v3 = 2;  // NOLINT: OpenSSL counts from 0, in long.

absl::Status BadName(absl::string_view name, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_CERTIFICATE_NAME",
                   absl::StrCat("'", name, "' cannot be in a certificate: ", why));
}

absl::Status AddName(X509_NAME* name, const char* field, absl::string_view value) {
  if (value.empty()) return absl::OkStatus();
  const std::string cut(value.substr(0, kCommonNameBytesMax));
  if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(cut.data()),
                                 static_cast<int>(cut.size()), -1, 0) != 1) {
    return BadName(cut, LastError());
  }
  return absl::OkStatus();
}

absl::Status AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return absl::InternalError(absl::StrCat("X.509 extension ", OBJ_nid2sn(nid), ": ", LastError()));
  }
  return absl::OkStatus();
}

// Names go into OpenSSL's little configuration language, where commas and line ends part.
bool IsPlain(absl::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == '/' || c == ':' || c == '*';
  });
}

absl::StatusOr<std::string> SubjectAltNames(const Leaf& leaf) {
  std::vector<std::string> parts;
  for (const auto& [kind, names] : {std::pair("DNS:", &leaf.dns_names), std::pair("IP:", &leaf.addresses),
                                    std::pair("URI:", &leaf.uris)}) {
    for (const std::string& name : *names) {
      if (!IsPlain(name)) return BadName(name, "it is empty, too long or has unusual characters");
      parts.push_back(absl::StrCat(kind, name));
    }
  }
  if (parts.empty() || parts.size() > kNamesMax) {
    return BadName(leaf.common_name, absl::StrCat("it needs 1 to ", kNamesMax, " alternative names"));
  }
  return absl::StrJoin(parts, ",");
}

// A certificate for `key` with subject, serial number and validity, not yet signed.
absl::StatusOr<Owned<X509>> Draft(const Leaf& names, EVP_PKEY* key, int64_t wall_ns, int64_t life_ns,
                                  const KeySource& keys) {
  Owned<X509> certificate(X509_new());
  X509* x509 = certificate.get();
  X509_set_version(x509, kX509v3);
  // RFC 5280 section 4.1.2.2: positive, at most 20 octets.
  const std::string serial = absl::StrCat("4", keys.random_hex(kSerialBytes).substr(1));
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, serial.c_str());
  const Owned<BIGNUM> owned_number(number);
  if (number == nullptr || BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) == nullptr) {
    return absl::InternalError(absl::StrCat("serial number: ", LastError()));
  }
  const int64_t now_s = wall_ns / kNanosPerSecond;
  const int64_t from_s = std::max<int64_t>(now_s - kBackdateNs / kNanosPerSecond, 0);
  ASN1_TIME_set(X509_getm_notBefore(x509), from_s);
  ASN1_TIME_set(X509_getm_notAfter(x509), now_s + life_ns / kNanosPerSecond);
  RETURN_IF_ERROR(AddName(X509_get_subject_name(x509), "O", names.organization));
  RETURN_IF_ERROR(AddName(X509_get_subject_name(x509), "CN", names.common_name));
  if (X509_set_pubkey(x509, key) != 1) return absl::InternalError(LastError());
  return certificate;
}

absl::Status Sign(X509* certificate, EVP_PKEY* key) {
  if (X509_sign(certificate, key, EVP_sha256()) == 0) {
    return absl::InternalError(absl::StrCat("cannot sign a certificate: ", LastError()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Owned<EVP_PKEY>> NewKey(const KeySource& keys, std::string& pem) {
  ASSIGN_OR_RETURN(pem, keys.new_key_pem());
  return KeyFromPem(pem);
}

bool Includes(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::all_of(some.begin(), some.end(), [&](const std::string& name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  });
}

absl::StatusOr<std::string> NewKeyPem() {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (key == nullptr) return absl::InternalError(absl::StrCat("cannot make a key: ", LastError()));
  return KeyToPem(*key);
}

}  // namespace

struct Authority::Native {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

KeySource RealKeys() { return {.new_key_pem = NewKeyPem, .random_hex = RandomHex}; }

std::string ObjectUri(absl::string_view object_name) { return absl::StrCat("nonet:", object_name); }

Leaf InstanceLeaf(absl::string_view cluster, absl::string_view object_name,
                  std::vector<std::string> host_names, absl::string_view address) {
  return {.common_name = std::string(object_name),
          .organization = std::string(cluster),
          .dns_names = std::move(host_names),
          .addresses = {std::string(address)},
          .uris = {ObjectUri(object_name)}};
}

absl::Status CheckIssued(absl::string_view certificate_pem, absl::string_view authority_pem,
                         absl::string_view uri) {
  ASSIGN_OR_RETURN(const Owned<X509> certificate, CertificateFromPem(certificate_pem));
  ASSIGN_OR_RETURN(const Owned<X509> authority, CertificateFromPem(authority_pem));
  ASSIGN_OR_RETURN(const Certificate says, ReadCertificate(certificate_pem));
  const auto wrong = [&](absl::string_view why) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "WRONG_CERTIFICATE",
                     absl::StrCat("the certificate of ", says.names.common_name, " ", why),
                     {.next_step = "the certificate, key and authority that nonet up made in DIR/tls"});
  };
  if (X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) != 1) {
    return wrong("is not one of this authority's");
  }
  const std::vector<std::string>& uris = says.names.uris;
  if (std::find(uris.begin(), uris.end(), uri) == uris.end()) return wrong(absl::StrCat("is not for ", uri));
  return absl::OkStatus();
}

Authority::Authority(KeyPair pair, std::shared_ptr<const Native> native, KeySource keys)
    : pair_(std::move(pair)), native_(std::move(native)), keys_(std::move(keys)) {}

absl::StatusOr<Authority> Authority::Create(const Spec& spec, int64_t wall_ns, KeySource keys) {
  if (!IsPlain(spec.zone)) return BadName(spec.zone, "it is no zone");
  const Leaf names{.common_name = absl::StrCat("Nonet CA of ", spec.cluster), .organization = spec.cluster};
  KeyPair pair;
  ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, NewKey(keys, pair.key_pem));
  ASSIGN_OR_RETURN(const Owned<X509> draft, Draft(names, key.get(), wall_ns, kAuthorityLifeNs, keys));
  X509* x509 = draft.get();
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  RETURN_IF_ERROR(AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  RETURN_IF_ERROR(AddExtension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign"));
  RETURN_IF_ERROR(AddExtension(x509, x509, NID_subject_key_identifier, "hash"));
  // Whoever trusts it trusts it for this cluster only, even if its key gets lost.
  RETURN_IF_ERROR(AddExtension(x509, x509, NID_name_constraints,
                               absl::StrCat("critical,permitted;DNS:", spec.zone,
                                            ",permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0")));
  RETURN_IF_ERROR(Sign(x509, key.get()));
  ASSIGN_OR_RETURN(pair.certificate_pem, CertificateToPem(*x509));
  return Load(std::move(pair), std::move(keys));
}

absl::StatusOr<Authority> Authority::Load(KeyPair pair, KeySource keys) {
  auto native = std::make_shared<Native>();
  ASSIGN_OR_RETURN(native->certificate, CertificateFromPem(pair.certificate_pem));
  ASSIGN_OR_RETURN(native->key, KeyFromPem(pair.key_pem));
  if (X509_check_private_key(native->certificate.get(), native->key.get()) != 1) {
    return MakeError(absl::StatusCode::kInvalidArgument, "KEY_MISMATCH",
                     "the certificate authority's key is not that of its certificate");
  }
  if (X509_check_ca(native->certificate.get()) != 1) {
    return MakeError(absl::StatusCode::kInvalidArgument, "NO_AUTHORITY",
                     "the certificate is not a certificate authority's");
  }
  return Authority(std::move(pair), std::move(native), std::move(keys));
}

absl::StatusOr<KeyPair> Authority::Issue(const Leaf& leaf, int64_t wall_ns) const {
  ASSIGN_OR_RETURN(const std::string names, SubjectAltNames(leaf));
  KeyPair pair;
  ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, NewKey(keys_, pair.key_pem));
  ASSIGN_OR_RETURN(const Owned<X509> draft, Draft(leaf, key.get(), wall_ns, kLeafLifeNs, keys_));
  X509* x509 = draft.get();
  X509* issuer = native_->certificate.get();
  X509_set_issuer_name(x509, X509_get_subject_name(issuer));
  RETURN_IF_ERROR(AddExtension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  RETURN_IF_ERROR(AddExtension(x509, issuer, NID_key_usage, "critical,digitalSignature"));
  RETURN_IF_ERROR(AddExtension(x509, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  RETURN_IF_ERROR(AddExtension(x509, issuer, NID_subject_key_identifier, "hash"));
  RETURN_IF_ERROR(AddExtension(x509, issuer, NID_authority_key_identifier, "keyid"));
  if (const absl::Status added = AddExtension(x509, issuer, NID_subject_alt_name, names); !added.ok()) {
    return BadName(names, added.message());
  }
  RETURN_IF_ERROR(Sign(x509, native_->key.get()));
  ASSIGN_OR_RETURN(pair.certificate_pem, CertificateToPem(*x509));
  return pair;
}

bool Authority::Covers(const KeyPair& pair, const Leaf& leaf, int64_t wall_ns) const {
  const auto certificate = CertificateFromPem(pair.certificate_pem);
  const auto key = KeyFromPem(pair.key_pem);
  const auto says = ReadCertificate(pair.certificate_pem);
  if (!certificate.ok() || !key.ok() || !says.ok()) return false;
  if (X509_check_private_key(certificate->get(), key->get()) != 1 ||
      X509_verify(certificate->get(), native_->key.get()) != 1) {
    return false;
  }
  const Leaf& has = says->names;
  return has.organization == leaf.organization &&
         has.common_name == leaf.common_name.substr(0, kCommonNameBytesMax) &&
         Includes(has.dns_names, leaf.dns_names) && Includes(has.addresses, leaf.addresses) &&
         has.uris == leaf.uris && says->not_before_ns <= wall_ns && says->not_after_ns > wall_ns + kRenewNs;
}

}  // namespace nonet::tls
