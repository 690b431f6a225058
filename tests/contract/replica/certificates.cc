#include "tests/contract/replica/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/base/check.h"

namespace nonet::testing {
namespace {

constexpr long kLifeS = 3'600;

EVP_PKEY* NewKey() { return EVP_EC_gen("P-256"); }

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  NONET_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void AddName(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

// Without issuer and signature.
X509* NewCertificate(EVP_PKEY* key, long serial, const std::string& common_name,
                     const std::string& organization) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kLifeS);
  X509_set_pubkey(certificate, key);
  AddName(X509_get_subject_name(certificate), "CN", common_name);
  AddName(X509_get_subject_name(certificate), "O", organization);
  return certificate;
}

template <typename Write>
std::string ToPem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  NONET_CHECK(write(bio) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace

TestAuthority::TestAuthority() : key_(NewKey()) {
  certificate_ = NewCertificate(key_, 1, "test authority", "tests");
  AddExtension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, NID_key_usage, "critical,keyCertSign");
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  NONET_CHECK(X509_sign(certificate_, key_, EVP_sha256()) != 0);
  pem_ = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_); });
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

std::shared_ptr<const rpc::TlsIdentity> TestAuthority::Issue(const std::string& uri,
                                                             const std::string& organization) const {
  EVP_PKEY* key = NewKey();
  X509* leaf = NewCertificate(key, 2, "leaf", organization);
  AddExtension(leaf, NID_subject_alt_name, "URI:" + uri);
  AddExtension(leaf, NID_ext_key_usage, "serverAuth,clientAuth");
  X509_set_issuer_name(leaf, X509_get_subject_name(certificate_));
  NONET_CHECK(X509_sign(leaf, key_, EVP_sha256()) != 0);
  auto identity = std::make_shared<rpc::TlsIdentity>();
  identity->certificate_pem = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, leaf); });
  identity->key_pem = ToPem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  identity->authorities_pem = pem_;
  identity->holder = *rpc::HolderOf(identity->certificate_pem);
  X509_free(leaf);
  EVP_PKEY_free(key);
  return identity;
}

}  // namespace nonet::testing
