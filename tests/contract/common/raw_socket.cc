#include "tests/contract/common/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/base/check.h"
#include "common/real/real_clock.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet {
namespace {

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

RawSocket::RawSocket(uint16_t port, int receive_buffer_bytes) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  SetTimeouts(fd_);
  if (receive_buffer_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
  const sockaddr_in address = Loopback(port);
  NONET_CHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

RawSocket::~RawSocket() {
  if (fd_ >= 0) close(fd_);
}

bool RawSocket::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string RawSocket::Receive(size_t bytes) {
  std::string received(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t n = recv(fd_, received.data() + have, bytes - have, 0);
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  received.resize(have);
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
  std::string received;
  char buffer[16 * 1024];
  for (ssize_t n = 0; (n = recv(fd_, buffer, sizeof(buffer), 0)) > 0;)
    received.append(buffer, static_cast<size_t>(n));
  return received;
}

bool RawSocket::AtEnd() {
  char byte = 0;
  const ssize_t n = recv(fd_, &byte, 1, MSG_PEEK);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

void RawSocket::ShutdownSend() { shutdown(fd_, SHUT_WR); }

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
  while (!absl::EndsWith(request, "\r\n\r\n")) {
    const ssize_t n = recv(client, buffer, sizeof(buffer), 0);
    if (n <= 0) break;
    request.append(buffer, static_cast<size_t>(n));
  }
  send(client, response.data(), response.size(), MSG_NOSIGNAL);
  close(client);
  return request;
}

}  // namespace nonet
