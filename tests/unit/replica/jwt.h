// Signs tokens for tests, with OpenSSL rather than the library under test.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nonet::replica {

inline std::string SignJwt(absl::string_view payload_json, const std::string& key,
                           absl::string_view header_json = R"({"alg":"HS256","typ":"JWT"})",
                           const EVP_MD* digest = EVP_sha256()) {
  const std::string head =
      absl::StrCat(absl::WebSafeBase64Escape(header_json), ".", absl::WebSafeBase64Escape(payload_json));
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(head.data()),
       head.size(), mac, &size);
  return absl::StrCat(head, ".",
                      absl::WebSafeBase64Escape(absl::string_view(reinterpret_cast<const char*>(mac), size)));
}

}  // namespace nonet::replica
