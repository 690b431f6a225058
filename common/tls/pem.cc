#include "common/tls/pem.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/tls/authority.h"

namespace nonet::tls {
namespace {

// Nobody types a passphrase here; without this OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

Owned<BIO> Reading(absl::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT: OpenSSL's type.
  return std::string(data, static_cast<size_t>(size));
}

absl::Status NotPem(absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_PEM",
                   absl::StrCat("this is no ", what, " in PEM form: ", LastError()));
}

std::string Text(const ASN1_STRING* string) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                     static_cast<size_t>(ASN1_STRING_length(string)));
}

std::string Entry(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  return at < 0 ? "" : Text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string AddressText(const ASN1_OCTET_STRING* bytes) {
  const unsigned char* b = ASN1_STRING_get0_data(bytes);
  if (ASN1_STRING_length(bytes) == 4) return absl::StrCat(b[0], ".", b[1], ".", b[2], ".", b[3]);
  std::string text;
  for (int i = 0; i + 1 < ASN1_STRING_length(bytes); i += 2) {
    absl::StrAppend(&text, i == 0 ? "" : ":", absl::Hex(b[i] << 8 | b[i + 1]));
  }
  return text;
}

void ReadAltNames(X509* certificate, Leaf& names) {
  auto* all =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type == GEN_DNS) names.dns_names.push_back(Text(name->d.dNSName));
    if (name->type == GEN_URI) names.uris.push_back(Text(name->d.uniformResourceIdentifier));
    if (name->type == GEN_IPADD) names.addresses.push_back(AddressText(name->d.iPAddress));
  }
  GENERAL_NAMES_free(all);
}

int64_t WallNs(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<int64_t>(timegm(&parts)) * kNanosPerSecond;
}

std::string SerialHex(X509* certificate) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), nullptr));
  char* hex = number == nullptr ? nullptr : BN_bn2hex(number.get());
  std::string text = hex == nullptr ? "" : hex;
  OPENSSL_free(hex);
  return text;
}

}  // namespace

std::string LastError() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();  // NOLINT: OpenSSL's type.
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  if (reason == nullptr) ERR_error_string_n(code, text.data(), text.size());
  std::string words = reason == nullptr ? text.data() : reason;
  ERR_clear_error();
  return words;
}

absl::StatusOr<Owned<X509>> CertificateFromPem(absl::string_view pem) {
  const Owned<BIO> bio = Reading(pem);
  Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (certificate == nullptr) return NotPem("certificate");
  return certificate;
}

absl::StatusOr<Owned<EVP_PKEY>> KeyFromPem(absl::string_view pem) {
  const Owned<BIO> bio = Reading(pem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return NotPem("private key");
  return key;
}

absl::StatusOr<std::string> CertificateToPem(const X509& certificate) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), const_cast<X509*>(&certificate)) != 1) {
    return absl::InternalError(absl::StrCat("cannot write a certificate: ", LastError()));
  }
  return Written(bio.get());
}

absl::StatusOr<std::string> KeyToPem(const EVP_PKEY& key) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), const_cast<EVP_PKEY*>(&key), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return absl::InternalError(absl::StrCat("cannot write a key: ", LastError()));
  }
  return Written(bio.get());
}

absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem) {
  absl::StatusOr<Owned<X509>> x509 = CertificateFromPem(pem);
  if (!x509.ok()) return x509.status();
  X509* native = x509->get();
  Certificate certificate;
  certificate.names.common_name = Entry(X509_get_subject_name(native), NID_commonName);
  certificate.names.organization = Entry(X509_get_subject_name(native), NID_organizationName);
  ReadAltNames(native, certificate.names);
  certificate.issuer = Entry(X509_get_issuer_name(native), NID_commonName);
  certificate.serial_hex = SerialHex(native);
  certificate.not_before_ns = WallNs(X509_get0_notBefore(native));
  certificate.not_after_ns = WallNs(X509_get0_notAfter(native));
  certificate.authority = X509_check_ca(native) == 1;
  return certificate;
}

}  // namespace nonet::tls
