#include "bench/durable/unary.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nonet::bench {
namespace {

constexpr size_t kFrameHeaderBytes = 9;
constexpr size_t kMessageHeaderBytes = 5;
constexpr size_t kReadBytes = 64 * 1024;
constexpr uint32_t kWindowBytes = 1 << 30;  // A run needs no further credit.
enum Frame : uint8_t { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoAway, kWindowUpdate };
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;
constexpr uint8_t kInitialWindowSize = 4;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "durable_load: %s\n", why.c_str());
  std::_Exit(1);
}

void Put(std::string& out, uint64_t value, int bytes) {
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> 8 * bytes));
}

uint32_t Get(absl::string_view bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)]);
  return value;
}

void PutFrame(std::string& out, Frame type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  Put(out, payload.size(), 3);
  Put(out, type, 1);
  Put(out, flags, 1);
  Put(out, stream, 4);
  out.append(payload.data(), payload.size());
}

// A string of HPACK, as it stands.
void PutString(std::string& out, absl::string_view text) {
  constexpr size_t kPrefixMax = 127;
  if (text.size() < kPrefixMax) {
    Put(out, text.size(), 1);
  } else {
    Put(out, kPrefixMax, 1);
    size_t rest = text.size() - kPrefixMax;
    for (; rest >= 128; rest /= 128) Put(out, rest % 128 + 128, 1);
    Put(out, rest, 1);
  }
  out.append(text.data(), text.size());
}

// Literal, without indexing.
void PutHeader(std::string& out, absl::string_view name, absl::string_view value) {
  out.push_back('\0');
  PutString(out, name);
  PutString(out, value);
}

int Connect(const std::string& target) {
  const size_t colon = target.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr) != 1)
    Die("'" + target + "' is no IPv4 ip:port");
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(target.c_str() + colon + 1)));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    Die("cannot connect to " + target + ": " + std::strerror(errno));
  }
  return fd;
}

}  // namespace

UnaryConnection::UnaryConnection(const std::string& target, const std::string& method, const Headers& headers)
    : fd_(Connect(target)) {
  PutHeader(header_block_, ":method", "POST");
  PutHeader(header_block_, ":scheme", "http");
  PutHeader(header_block_, ":path", method);
  PutHeader(header_block_, ":authority", target);
  PutHeader(header_block_, "te", "trailers");
  PutHeader(header_block_, "content-type", "application/grpc");
  for (const auto& [name, value] : headers) PutHeader(header_block_, name, value);
  std::string hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  std::string payload;
  Put(payload, kInitialWindowSize, 2);
  Put(payload, kWindowBytes, 4);
  PutFrame(hello, kSettings, 0, 0, payload);
  payload.clear();
  Put(payload, kWindowBytes, 4);
  PutFrame(hello, kWindowUpdate, 0, 0, payload);
  Send(hello);
}

UnaryConnection::~UnaryConnection() { close(fd_); }

void UnaryConnection::Call(absl::string_view message) {
  request_.clear();
  Put(request_, 0, 1);
  Put(request_, message.size(), 4);
  request_.append(message.data(), message.size());
  answer_.clear();
  if (credit_ >= static_cast<int64_t>(request_.size())) SendCall();
}

void UnaryConnection::SendCall() {
  stream_ += stream_ == 0 ? 1 : 2;
  credit_ -= static_cast<int64_t>(request_.size());
  std::string frames;
  PutFrame(frames, kHeaders, kEndHeaders, stream_, header_block_);
  PutFrame(frames, kData, kEndStream, stream_, request_);
  request_.clear();
  Send(frames);
}

void UnaryConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) Die(std::string("the server is gone: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool UnaryConnection::Receive() {
  const size_t before = in_.size();
  in_.resize(before + kReadBytes);
  const ssize_t got = recv(fd_, in_.data() + before, kReadBytes, MSG_DONTWAIT);
  in_.resize(before + static_cast<size_t>(got > 0 ? got : 0));
  if (got == 0) Die("the server hung up");
  if (got < 0 && errno != EAGAIN && errno != EINTR)
    Die(std::string("the server is gone: ") + std::strerror(errno));
  bool over = false;
  size_t at = 0;
  while (in_.size() - at >= kFrameHeaderBytes) {
    const size_t bytes = Get(in_, at, 3);
    if (in_.size() - at < kFrameHeaderBytes + bytes) break;
    const absl::string_view payload = absl::string_view(in_).substr(at + kFrameHeaderBytes, bytes);
    over |= OnFrame(static_cast<uint8_t>(Get(in_, at + 3, 1)), static_cast<uint8_t>(Get(in_, at + 4, 1)),
                    Get(in_, at + 5, 4), payload);
    at += kFrameHeaderBytes + bytes;
  }
  in_.erase(0, at);
  return over;
}

bool UnaryConnection::OnFrame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  switch (type) {
    case kData:
      if (stream == stream_) answer_.append(payload.data(), payload.size());
      return false;
    case kHeaders:  // Those that end the stream are the status; a call that failed had no message before.
      if (stream != stream_ || (flags & kEndStream) == 0) return false;
      if (answer_.size() < kMessageHeaderBytes) Die("a call was refused");
      answer_.erase(0, kMessageHeaderBytes);
      return true;
    case kReset:
      Die("a call was reset");
    case kGoAway:
      Die("the server goes away");
    case kSettings:
    case kPing:
      if ((flags & kAck) == 0) {
        std::string ack;
        PutFrame(ack, static_cast<Frame>(type), kAck, 0, type == kPing ? payload : absl::string_view());
        Send(ack);
      }
      return false;
    case kWindowUpdate:
      if (stream == 0) credit_ += Get(payload, 0, 4);
      if (!request_.empty() && credit_ >= static_cast<int64_t>(request_.size())) SendCall();
      return false;
    default:
      return false;
  }
}

}  // namespace nonet::bench
