// A certificate authority for tests, by OpenSSL: P-256, good for an hour.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/rpc/tls.h"

namespace nonet::testing {

class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  // A leaf with that URI and that O, as the process would have read it.
  std::shared_ptr<const rpc::TlsIdentity> Issue(const std::string& uri,
                                                const std::string& organization) const;
  const std::string& pem() const { return pem_; }

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::string pem_;
};

}  // namespace nonet::testing
