// OpenSSL's objects, owned, and their PEM form. For the sources of this directory only.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::tls {

struct Free {
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_EXTENSION* object) const { X509_EXTENSION_free(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(BIGNUM* object) const { BN_free(object); }
  void operator()(BIO* object) const { BIO_free_all(object); }
  void operator()(SSL_CTX* object) const { SSL_CTX_free(object); }
  void operator()(SSL* object) const { SSL_free(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// OpenSSL's last complaint, in words; empties its queue.
std::string LastError();

// INVALID_ARGUMENT when the text is none.
absl::StatusOr<Owned<X509>> CertificateFromPem(absl::string_view pem);
absl::StatusOr<Owned<EVP_PKEY>> KeyFromPem(absl::string_view pem);
absl::StatusOr<std::string> CertificateToPem(const X509& certificate);
absl::StatusOr<std::string> KeyToPem(const EVP_PKEY& key);

}  // namespace nonet::tls
