#include "tests/integration/harness/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace nonet::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

sockaddr_in Address(const std::string& address, int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

bool Readable(int fd, std::chrono::milliseconds wait) {
  pollfd entry{fd, POLLIN, 0};
  return TEMP_FAILURE_RETRY(poll(&entry, 1, static_cast<int>(std::max<int64_t>(0, wait.count())))) > 0;
}

std::chrono::milliseconds Left(SteadyClock::time_point deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Reads up to the blank line; what follows stays in `buffer`.
bool ReadHead(TcpSocket& socket, std::string& buffer, HttpAnswer& answer) {
  size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!socket.Receive(buffer)) return false;
  }
  std::istringstream head(buffer.substr(0, end));
  buffer.erase(0, end + 4);
  std::string version;
  head >> version >> answer.status;
  std::string line;
  std::getline(head, line);
  while (std::getline(head, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    answer.headers[Lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
  }
  return true;
}

}  // namespace

bool IsPortFree(const std::string& address, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;  // Only a listener counts, not what an earlier cluster's connections left behind.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in to = Address(address, port);
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  close(fd);
  return free;
}

TcpSocket TcpSocket::Connect(const std::string& address, int port, const std::string& from) {
  TcpSocket out;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (!from.empty()) {
    const sockaddr_in source = Address(from, 0);
    bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source);
  }
  const sockaddr_in to = Address(address, port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    close(fd);
    return out;
  }
  out.fd_ = fd;
  return out;
}

TcpSocket::TcpSocket(TcpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

TcpSocket::~TcpSocket() { Close(); }

void TcpSocket::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool TcpSocket::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = TEMP_FAILURE_RETRY(send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL));
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool TcpSocket::Receive(std::string& into, std::chrono::milliseconds wait) {
  if (fd_ < 0 || !Readable(fd_, wait)) return false;
  std::array<char, 65536> buffer;
  const ssize_t n = TEMP_FAILURE_RETRY(recv(fd_, buffer.data(), buffer.size(), 0));
  if (n <= 0) return false;
  into.append(buffer.data(), static_cast<size_t>(n));
  return true;
}

bool TcpSocket::WaitClosed(std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  std::array<char, 65536> buffer;
  while (Readable(fd_, Left(deadline))) {
    if (TEMP_FAILURE_RETRY(recv(fd_, buffer.data(), buffer.size(), 0)) <= 0) return true;
  }
  return false;
}

std::optional<std::string> UdpExchange(const std::string& address, int port, const std::string& packet,
                                       std::chrono::milliseconds wait) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = Address(address, port);
  connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  std::optional<std::string> answer;
  if (send(fd, packet.data(), packet.size(), 0) >= 0 && Readable(fd, wait)) {
    std::array<char, 65536> buffer;
    const ssize_t n = TEMP_FAILURE_RETRY(recv(fd, buffer.data(), buffer.size(), 0));
    if (n >= 0) answer = std::string(buffer.data(), static_cast<size_t>(n));
  }
  close(fd);
  return answer;
}

HttpAnswer Http(const std::string& address, int port, const std::string& method, const std::string& target,
                const std::map<std::string, std::string>& headers, const std::string& body) {
  HttpAnswer answer;
  TcpSocket socket = TcpSocket::Connect(address, port);
  if (!socket.valid()) return answer;
  std::string request = method + " " + target + " HTTP/1.1\r\n";
  if (!headers.contains("Host")) request += "Host: " + address + "\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  request += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  if (!socket.Send(request)) return answer;
  std::string buffer;
  if (!ReadHead(socket, buffer, answer)) return answer;
  const auto length = answer.headers.find("content-length");
  const size_t expected = length == answer.headers.end() || method == "HEAD" ? 0 : std::stoul(length->second);
  while (buffer.size() < expected && socket.Receive(buffer)) {
  }
  answer.body = buffer;
  return answer;
}

WebSocket WebSocket::Open(const std::string& address, int port, const std::string& host,
                          const std::string& target, const std::string& subprotocol,
                          const std::string& from) {
  WebSocket out;
  out.socket_ = TcpSocket::Connect(address, port, from);
  if (!out.socket_.valid()) return out;
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + host + ":" + std::to_string(port) +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  out.socket_.Send(request + "\r\n");
  HttpAnswer answer;
  if (ReadHead(out.socket_, out.buffer_, answer)) out.status_ = answer.status;
  return out;
}

bool WebSocket::SendFrame(int opcode, const std::string& payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(0x80 | 126);
    for (int shift = 8; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
  }
  frame.append(4, '\0');  // A mask of zeros leaves the payload as it is.
  return socket_.Send(frame + payload);
}

bool WebSocket::SendText(const std::string& text) { return SendFrame(1, text); }

bool WebSocket::ReadFrame(SteadyClock::time_point deadline, int& opcode, std::string& payload) {
  const auto need = [&](size_t bytes) {
    while (buffer_.size() < bytes) {
      if (Left(deadline).count() <= 0 || !socket_.Receive(buffer_, Left(deadline))) return false;
    }
    return true;
  };
  if (!need(2)) return false;
  opcode = buffer_[0] & 0x0F;
  size_t length = buffer_[1] & 0x7F;
  size_t head = 2;
  if (length >= 126) {
    const size_t extra = length == 126 ? 2 : 8;
    if (!need(2 + extra)) return false;
    length = 0;
    for (size_t i = 0; i < extra; ++i) length = (length << 8) | static_cast<unsigned char>(buffer_[2 + i]);
    head += extra;
  }
  if (!need(head + length)) return false;
  payload = buffer_.substr(head, length);
  buffer_.erase(0, head + length);
  return true;
}

nlohmann::json WebSocket::Receive(std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  int opcode = 0;
  std::string payload;
  while (!close_code_ && ReadFrame(deadline, opcode, payload)) {
    if (opcode == 1) return nlohmann::json::parse(payload, nullptr, false);
    if (opcode == 9) SendFrame(10, payload);
    if (opcode == 8) {
      close_code_ = payload.size() < 2 ? 1005
                                       : (static_cast<unsigned char>(payload[0]) << 8) |
                                             static_cast<unsigned char>(payload[1]);
    }
  }
  return nullptr;
}

nlohmann::json WebSocket::ReceiveType(const std::string& type, std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  while (true) {
    nlohmann::json frame = Receive(Left(deadline));
    if (frame.is_null() || frame.value("type", "") == type) return frame;
  }
}

nlohmann::json WebSocket::Call(nlohmann::json frame) {
  const uint64_t id = next_ack_id_++;
  frame["ackId"] = id;
  if (!SendText(frame.dump())) return nullptr;
  const auto deadline = SteadyClock::now() + kDefaultWait;
  while (true) {
    nlohmann::json ack = ReceiveType("ack", Left(deadline));
    if (ack.is_null() || ack.value("ackId", uint64_t{0}) == id) return ack;
  }
}

std::optional<int> WebSocket::WaitClosed(std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  while (!close_code_ && Left(deadline).count() > 0) {
    if (Receive(Left(deadline)).is_null() && !close_code_) {
      if (Left(deadline).count() > 0) close_code_ = 1006;
    }
  }
  return close_code_;
}

}  // namespace nonet::testing
