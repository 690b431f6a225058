#include "bench/sync/wire.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace nonet::bench {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kMask[] = "\x5a\xc3\x17\x8e";

uint64_t ReadNumber(const char* digits) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    const char c = digits[i];
    number = number << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return number;
}

std::string Payload(size_t bytes) {
  std::string payload(kNumberBytes, '0');
  if (bytes > kNumberBytes) payload.append(bytes - kNumberBytes, 'x');
  return payload;
}

// Reads until `enough` is in what came; false when the peer closed first.
bool Await(int fd, std::string_view enough, std::string* got) {
  std::array<char, 4096> buffer;
  while (got->find(enough) == std::string::npos) {
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) {
      std::fprintf(stderr, "sync_load: refused: %.300s\n", got->c_str());
      return false;
    }
    got->append(buffer.data(), static_cast<size_t>(n));
  }
  return true;
}

bool Ask(int fd, std::string_view question, std::string_view enough) {
  std::string got;
  return SendAll(fd, question) && Await(fd, enough, &got);
}

std::string Base64Url(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(n));
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

class NatsWire final : public Wire {
 public:
  bool Join(int fd, Role role) override {
    std::string info;
    return Await(fd, "\r\n", &info) &&
           Ask(fd, "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nPING\r\n", "PONG") &&
           (role == Role::kPublisher || Ask(fd, "SUB s 1\r\nPING\r\n", "PONG"));
  }
  Frame Publication(size_t bytes) override {
    const std::string payload = Payload(bytes), size = std::to_string(payload.size());
    const std::string head = "PUB s " + size + "\r\n";
    head_ = ("MSG s 1 " + size + "\r\n").size();
    whole_ = head_ + payload.size() + 2;
    return {head + payload + "\r\n", head.size()};
  }
  Item Next(std::string_view in) override {
    if (in[0] == 'M') {
      if (in.size() < whole_) return {};
      return {whole_, true, ReadNumber(in.data() + head_), {}};
    }
    const size_t end = in.find('\n');
    if (end == std::string_view::npos) return {};
    if (in[0] == '-') std::fprintf(stderr, "%.*s\n", static_cast<int>(end), in.data());
    return {end + 1, false, 0, in.starts_with("PING") ? "PONG\r\n" : ""};
  }

 private:
  size_t head_ = 0, whole_ = 0;
};

class RedisWire final : public Wire {
 public:
  bool Join(int fd, Role role) override {
    return role == Role::kPublisher || Ask(fd, "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\ns\r\n", ":1\r\n");
  }
  Frame Publication(size_t bytes) override {
    const std::string payload = Payload(bytes), size = std::to_string(payload.size());
    const std::string head = "*3\r\n$7\r\nPUBLISH\r\n$1\r\ns\r\n$" + size + "\r\n";
    head_ = ("*3\r\n$7\r\nmessage\r\n$1\r\ns\r\n$" + size + "\r\n").size();
    whole_ = head_ + payload.size() + 2;
    return {head + payload + "\r\n", head.size()};
  }
  Item Next(std::string_view in) override {
    if (in[0] == '*') {
      if (in.size() < whole_) return {};
      return {whole_, true, ReadNumber(in.data() + head_), {}};
    }
    const size_t end = in.find('\n');
    return end == std::string_view::npos ? Item{} : Item{end + 1, false, 0, {}};
  }

 private:
  size_t head_ = 0, whole_ = 0;
};

class MqttWire final : public Wire {
 public:
  bool Join(int fd, Role role) override {
    const std::string id = "c" + std::to_string(getpid()) + "-" + std::to_string(fd);
    std::string body("\0\4MQTT\4\2\0\0", 10);
    body += '\0';
    body += static_cast<char>(id.size());
    body += id;
    if (!Ask(fd, "\x10" + Length(body.size()) + body, std::string_view("\x20\x02\0\0", 4))) return false;
    return role == Role::kPublisher ||
           Ask(fd, std::string_view("\x82\x06\0\x01\0\x01s\0", 8), std::string_view("\x90\x03", 2));
  }
  Frame Publication(size_t bytes) override {
    const std::string payload = Payload(bytes);
    const std::string head = "\x30" + Length(payload.size() + 3) + std::string("\0\x01s", 3);
    return {head + payload, head.size()};
  }
  Item Next(std::string_view in) override {
    size_t size = 0, at = 1;
    for (int shift = 0;; shift += 7, ++at) {
      if (at >= in.size()) return {};
      size |= static_cast<size_t>(in[at] & 0x7F) << shift;
      if ((in[at] & 0x80) == 0) break;
    }
    const size_t whole = at + 1 + size;
    if (in.size() < whole) return {};
    if ((in[0] & 0xF0) != 0x30) return {whole, false, 0, {}};
    return {whole, true, ReadNumber(in.data() + at + 1 + 3), {}};
  }

 private:
  static std::string Length(size_t n) {
    std::string out;
    do {
      const size_t low = n & 0x7F;
      n >>= 7;
      out.push_back(static_cast<char>(low | (n != 0 ? 0x80U : 0U)));
    } while (n != 0);
    return out;
  }
};

void AppendVarint(uint64_t n, std::string* out) {
  for (; n >= 0x80; n >>= 7) out->push_back(static_cast<char>((n & 0x7F) | 0x80));
  out->push_back(static_cast<char>(n));
}

void AppendField(int number, std::string_view bytes, std::string* out) {
  AppendVarint(static_cast<uint64_t>(number) << 3 | 2, out);
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

class WebSocketWire : public Wire {
 public:
  WebSocketWire(WireOptions options, bool protobuf) : options_(std::move(options)), protobuf_(protobuf) {}

  bool Join(int fd, Role role) override {
    const std::string path = "/client/hubs/" + options_.hub;
    std::string got;
    if (!SendAll(fd, "GET " + path + "?access_token=" + Token(path) + " HTTP/1.1\r\nHost: " + options_.host +
                         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Protocol: " +
                         (protobuf_ ? "protobuf" : "json") + ".webpubsub.azure.v1\r\n\r\n") ||
        !Await(fd, "\r\n\r\n", &got)) {
      return false;
    }
    if (!got.starts_with("HTTP/1.1 101")) {
      std::fprintf(stderr, "sync_load: refused: %.300s\n", got.c_str());
      return false;
    }
    if (!Await(fd, protobuf_ ? "bench-user" : "\"connected\"", &got)) return false;
    connected_ = got.substr(got.find("\r\n\r\n") + 4);
    if (role == Role::kPublisher) return true;
    return SendAll(fd, Masked(Joining())) &&
           Await(fd, protobuf_ ? std::string_view("\x0a\x04\x08\x01\x10\x01", 6) : "\"success\":true", &got);
  }

  Frame Publication(size_t bytes) override {
    const std::string payload = Payload(bytes);
    std::string body;
    if (protobuf_) {
      std::string data, send;
      AppendField(1, payload, &data);
      AppendField(1, options_.group, &send);
      AppendField(3, data, &send);
      AppendField(1, send, &body);
    } else {
      body = R"({"type":"sendToGroup","group":")" + options_.group + R"(","dataType":"text","data":")" +
             payload + "\"}";
    }
    const size_t at = body.find(payload);
    Frame frame;
    frame.bytes = Masked(body);
    frame.number_at = frame.bytes.size() - body.size() + at;
    frame.mask_phase = at;
    frame.mask = kMask;
    tail_bytes_ = payload.size() + (protobuf_ ? 0 : 2);
    return frame;
  }

  Item Next(std::string_view in) override {
    if (in.size() < 2) return {};
    size_t head = 2, size = static_cast<unsigned char>(in[1]);
    if (size >= 126) {
      head += size == 126 ? 2 : 8;
      if (in.size() < head) return {};
      size = 0;
      for (size_t i = 2; i < head; ++i) size = size << 8 | static_cast<unsigned char>(in[i]);
    }
    const size_t whole = head + size;
    if (in.size() < whole) return {};
    const int opcode = in[0] & 0xF;
    if (opcode == 9) return {whole, false, 0, std::string_view("\x8a\x80\0\0\0\0", 6)};
    if (opcode == 8) {
      std::fprintf(stderr, "sync_load: closed: %.*s\n", static_cast<int>(size), in.data() + head);
      return {whole, false, 0, {}};
    }
    // Data frames end in the payload (and, in JSON, its quote and the brace).
    const std::string_view body = in.substr(head, size);
    const bool message = protobuf_ ? body[0] == '\x12' : body.starts_with(R"({"type":"message")");
    if (!message || body.size() < tail_bytes_) return {whole, false, 0, {}};
    return {whole, true, ReadNumber(body.data() + body.size() - tail_bytes_), {}};
  }

 protected:
  std::string Token(const std::string& path) const {
    const std::string claims = R"({"aud":"http://)" + options_.host + path +
                               R"(","sub":"bench-user","exp":)" + std::to_string(std::time(nullptr) + 3600) +
                               R"(,"role":["webpubsub.sendToGroup","webpubsub.joinLeaveGroup"]})";
    const std::string text = Base64Url(R"({"alg":"HS256","typ":"JWT"})") + "." + Base64Url(claims);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(EVP_sha256(), options_.key.data(), static_cast<int>(options_.key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    return text + "." + Base64Url({reinterpret_cast<const char*>(digest), size});
  }

 private:
  std::string Joining() const {
    if (!protobuf_) return R"({"type":"joinGroup","group":")" + options_.group + R"(","ackId":1})";
    std::string join, body;
    AppendField(1, options_.group, &join);
    join += std::string("\x10\x01", 2);
    AppendField(6, join, &body);
    return body;
  }

  std::string Masked(const std::string& body) const {
    std::string out(1, static_cast<char>(protobuf_ ? 0x82 : 0x81));
    if (body.size() < 126) {
      out += static_cast<char>(0x80 | body.size());
    } else {
      const int bytes = body.size() < 65536 ? 2 : 8;
      out += static_cast<char>(bytes == 2 ? 0xFE : 0xFF);
      for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(body.size() >> (8 * i) & 0xFF);
    }
    out.append(kMask, 4);
    for (size_t i = 0; i < body.size(); ++i) out += static_cast<char>(body[i] ^ kMask[i % 4]);
    return out;
  }

 protected:
  const WireOptions options_;
  std::string connected_;  // What followed the last handshake.
  size_t tail_bytes_ = 0;

 private:
  const bool protobuf_;
};

// The subscriber as above with protobuf frames, the publisher over HTTP/1.1.
class RestWire final : public WebSocketWire {
 public:
  RestWire(WireOptions options, bool to_user) : WebSocketWire(std::move(options), true), to_user_(to_user) {}

  bool Join(int fd, Role role) override { return role == Role::kPublisher || WebSocketWire::Join(fd, role); }

  Frame Publication(size_t bytes) override {
    const std::string payload = Payload(bytes);
    const std::string path = "/api/hubs/" + options_.hub +
                             (to_user_ ? "/users/bench-user" : "/connections/" + ConnectionId()) +
                             "/:send?api-version=2024-12-01";
    const std::string head =
        "POST " + path + " HTTP/1.1\r\nHost: " + options_.host + "\r\nAuthorization: Bearer " + Token(path) +
        "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(payload.size()) + "\r\n\r\n";
    tail_bytes_ = payload.size();
    Frame frame;
    frame.bytes = head + payload;
    frame.number_at = head.size();
    return frame;
  }

  Item Next(std::string_view in) override {
    if (in[0] != 'H') return WebSocketWire::Next(in);
    const size_t end = in.find("\r\n\r\n");
    if (end == std::string_view::npos) return {};
    constexpr std::string_view kLength = "\r\ncontent-length: ";
    std::string head(in.substr(0, end));
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const size_t at = head.find(kLength);
    const size_t body =
        at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + kLength.size(), nullptr, 10);
    if (in.size() < end + 4 + body) return {};
    if (!head.starts_with("http/1.1 202")) {
      std::fprintf(stderr, "sync_load: refused: %.300s\n", std::string(in).c_str());
    }
    return {end + 4 + body, false, 0, {}};
  }

 private:
  // Field 1 of the connected message, which ends where field 2, the user id, begins; empty when it does not.
  std::string ConnectionId() const {
    const size_t end = connected_.find(std::string("\x12\x0a") + "bench-user");
    for (size_t size = 1; end != std::string::npos && size + 2 <= end; ++size) {
      const size_t head = end - size - 2;
      if (connected_[head] == '\x0a' && static_cast<unsigned char>(connected_[head + 1]) == size) {
        return connected_.substr(head + 2, size);
      }
    }
    return "";
  }

  const bool to_user_;
};

}  // namespace

void Frame::Number(uint64_t number, char* frame) const {
  char* at = frame + number_at;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    at[i] = static_cast<char>(kHex[number >> (60 - 4 * i) & 0xF] ^ mask[(mask_phase + i) % 4]);
  }
}

std::unique_ptr<Wire> MakeWire(std::string_view protocol, const WireOptions& options) {
  if (protocol == "nats") return std::make_unique<NatsWire>();
  if (protocol == "redis") return std::make_unique<RedisWire>();
  if (protocol == "mqtt") return std::make_unique<MqttWire>();
  if (protocol == "wsjson") return std::make_unique<WebSocketWire>(options, false);
  if (protocol == "restconnection") return std::make_unique<RestWire>(options, false);
  if (protocol == "restuser") return std::make_unique<RestWire>(options, true);
  if (protocol == "wsproto") return std::make_unique<WebSocketWire>(options, true);
  return nullptr;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace nonet::bench
