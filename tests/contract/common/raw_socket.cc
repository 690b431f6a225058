#include "tests/contract/common/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/base/check.h"
#include "common/real/real_clock.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet {
namespace {

constexpr size_t kReadBytes = 16 * 1024;

void SetTimeouts(int fd) {
  const timeval limit = {.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

int64_t LoopThread::RealNowNs() { return RealClock().SteadyNs(); }

RawSocket::RawSocket(uint16_t port, int receive_buffer_bytes)
    : RawSocket(port, receive_buffer_bytes, nullptr) {}

RawSocket::RawSocket(uint16_t port, int receive_buffer_bytes, std::shared_ptr<const tls::Context> trust)
    : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  SetTimeouts(fd_);
  if (receive_buffer_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
  const sockaddr_in address = Loopback(port);
  NONET_CHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  if (trust == nullptr) return;
  tls_ = std::make_unique<tls::Session>(std::move(trust), "localhost");
  SendWire(tls_->TakeOutput());
  bool more = true;
  while (more && tls_->state() == tls::Session::State::kHandshake) {
    more = ReceiveSome(kReadBytes);
    SendWire(tls_->TakeOutput());
  }
}

RawSocket::~RawSocket() {
  if (fd_ >= 0) close(fd_);
}

bool RawSocket::SendWire(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = TEMP_FAILURE_RETRY(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool RawSocket::Send(absl::string_view bytes) {
  if (tls_ == nullptr) return SendWire(bytes);
  tls_->Send(bytes);
  const std::string wire = tls_->TakeOutput();
  return tls_->state() == tls::Session::State::kOpen && SendWire(wire);
}

bool RawSocket::ReceiveSome(size_t bytes_max) {
  char buffer[kReadBytes];
  const ssize_t n = TEMP_FAILURE_RETRY(recv(fd_, buffer, std::min(bytes_max, sizeof(buffer)), 0));
  reset_ = n < 0 && errno == ECONNRESET;
  if (n <= 0) return false;
  const absl::string_view bytes(buffer, static_cast<size_t>(n));
  if (tls_ == nullptr) {
    plain_.append(bytes.data(), bytes.size());
    return true;
  }
  const tls::Session::State state = tls_->Receive(bytes, &plain_);
  return state == tls::Session::State::kHandshake || state == tls::Session::State::kOpen || !plain_.empty();
}

std::string RawSocket::Receive(size_t bytes) {
  while (plain_.size() < bytes && ReceiveSome(tls_ == nullptr ? bytes - plain_.size() : kReadBytes)) {
  }
  std::string received = plain_.substr(0, bytes);
  plain_.erase(0, received.size());
  return received;
}

std::string RawSocket::ReceiveUntil(absl::string_view end) {
  std::string received;
  while (!absl::EndsWith(received, end)) {
    const std::string next = Receive(1);
    if (next.empty()) break;
    received += next;
  }
  return received;
}

std::string RawSocket::ReceiveResponse() {
  std::string head = ReceiveUntil("\r\n\r\n");
  const size_t at = head.find("content-length: ");
  size_t length = 0;
  if (at != std::string::npos) length = std::strtoul(head.c_str() + at + 16, nullptr, 10);
  return head + Receive(length);
}

std::string RawSocket::ReceiveAll() {
  while (ReceiveSome(kReadBytes)) {
  }
  return std::exchange(plain_, {});
}

bool RawSocket::AtEnd() {
  if (!plain_.empty()) return false;
  if (tls_ != nullptr) {
    while (plain_.empty() && tls_->state() != tls::Session::State::kEnded && ReceiveSome(kReadBytes)) {
    }
    if (!plain_.empty()) return false;
    if (tls_->state() == tls::Session::State::kEnded) return true;
    if (reset_) return true;
  }
  char byte = 0;
  const ssize_t n = TEMP_FAILURE_RETRY(recv(fd_, &byte, 1, MSG_PEEK));
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

void RawSocket::ShutdownSend() {
  if (tls_ != nullptr) {
    tls_->End();
    SendWire(tls_->TakeOutput());
  }
  shutdown(fd_, SHUT_WR);
}

void RawSocket::CloseWithReset() {
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close(std::exchange(fd_, -1));
}

SilentListener::SilentListener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = Loopback(0);
  NONET_CHECK(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  NONET_CHECK(listen(fd_, 16) == 0);
  socklen_t size = sizeof(address);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

SilentListener::~SilentListener() { close(fd_); }

std::string SilentListener::AnswerOne(absl::string_view response) {
  const int client = accept(fd_, nullptr, nullptr);
  SetTimeouts(client);
  std::string request;
  char buffer[4096];
  while (!absl::StrContains(request, "\r\n\r\n")) {
    const ssize_t n = TEMP_FAILURE_RETRY(recv(client, buffer, sizeof(buffer), 0));
    if (n <= 0) break;
    request.append(buffer, static_cast<size_t>(n));
  }
  send(client, response.data(), response.size(), MSG_NOSIGNAL);
  close(client);
  return request;
}

}  // namespace nonet
