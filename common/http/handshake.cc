#include "common/http/handshake.h"

#include <openssl/sha.h>

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace nonet::http {
namespace {

constexpr absl::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kNonceBytes = 16;

// Whether any header of that name lists the token, in any case.
bool Lists(const Request& request, absl::string_view name, absl::string_view token) {
  for (const auto& [key, value] : request.headers) {
    if (key != name) continue;
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(part), token)) return true;
    }
  }
  return false;
}

}  // namespace

bool WantsWebSocket(const Request& request) { return Lists(request, "upgrade", "websocket"); }

absl::StatusOr<std::string> CheckHandshake(const Request& request) {
  if (request.method != "GET") return absl::InvalidArgumentError("a WebSocket upgrade must be a GET");
  if (!Lists(request, "connection", "upgrade")) {
    return absl::InvalidArgumentError("the Connection header does not list Upgrade");
  }
  const std::string* version = request.Header("sec-websocket-version");
  if (version == nullptr || *version != "13") {
    return absl::InvalidArgumentError("Sec-WebSocket-Version must be 13");
  }
  const std::string* key = request.Header("sec-websocket-key");
  std::string nonce;
  if (key == nullptr || !absl::Base64Unescape(*key, &nonce) || nonce.size() != kNonceBytes) {
    return absl::InvalidArgumentError("Sec-WebSocket-Key must be 16 bytes in base64");
  }
  return AcceptKey(*key);
}

std::string AcceptKey(absl::string_view key) {
  const std::string text = absl::StrCat(key, kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string FormatSwitchingProtocols(absl::string_view accept_key, absl::string_view subprotocol) {
  std::string text = absl::StrCat(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: "
      "Upgrade\r\nsec-websocket-accept: ",
      accept_key, "\r\n");
  if (!subprotocol.empty()) absl::StrAppend(&text, "sec-websocket-protocol: ", subprotocol, "\r\n");
  return absl::StrCat(text, "\r\n");
}

}  // namespace nonet::http
