#include "tests/integration/harness/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <ctime>
#include <vector>

namespace nonet::testing {
namespace {

std::string Base64Url(const std::string& bytes) {
  std::vector<unsigned char> out(4 * ((bytes.size() + 2) / 3) + 1);
  const int n = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  std::string text(out.begin(), out.begin() + n);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

}  // namespace

std::string SignHs256(const nlohmann::json& claims, const std::string& key) {
  const std::string body = Base64Url(R"({"alg":"HS256","typ":"JWT"})") + "." + Base64Url(claims.dump());
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, &size);
  return body + "." + Base64Url(std::string(reinterpret_cast<char*>(mac), size));
}

std::string ClientToken(const std::string& key, const std::string& host, const std::string& hub,
                        const nlohmann::json& extra) {
  const int64_t now = std::time(nullptr);
  nlohmann::json claims = {
      {"aud", "http://" + host + ":8080/client/hubs/" + hub}, {"iat", now}, {"exp", now + 3600}};
  claims.update(extra);
  return SignHs256(claims, key);
}

nlohmann::json FullRights(const std::string& user) {
  return {{"sub", user}, {"role", {"webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"}}};
}

std::string RestToken(const std::string& key, const std::string& url) {
  const int64_t now = std::time(nullptr);
  return SignHs256({{"aud", url}, {"iat", now}, {"exp", now + 3600}}, key);
}

}  // namespace nonet::testing
