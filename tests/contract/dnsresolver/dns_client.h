// Asks a DNS server over real sockets: raw UDP from a chosen address, and `dig`.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/dnsresolver/message.h"

namespace nonet::dns {

class UdpClient {
 public:
  explicit UdpClient(uint16_t port, const char* source = "127.0.0.1") {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval timeout{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    const int buffer = 4 * 1024 * 1024;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    sockaddr_in address = Address(source, 0);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    address = Address("127.0.0.1", port);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~UdpClient() { close(fd_); }
  UdpClient(const UdpClient&) = delete;

  void Send(const Packet& packet) { send(fd_, packet.data(), packet.size(), 0); }
  // Empty after 5 s without one.
  Packet Receive() {
    Packet packet(65535);
    const ssize_t n = TEMP_FAILURE_RETRY(recv(fd_, packet.data(), packet.size(), 0));
    packet.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return packet;
  }
  Decoded Ask(const Packet& query) {
    Send(query);
    const auto decoded = Decode(Receive());
    EXPECT_TRUE(decoded.has_value()) << "no answer, or a malformed one";
    return decoded.value_or(Decoded());
  }

 private:
  static sockaddr_in Address(const char* ip, uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, ip, &address.sin_addr);
    return address;
  }

  int fd_ = -1;
};

inline std::string RunCommand(const std::string& command) {
  std::string output;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, n);
  pclose(pipe);
  return output;
}

inline bool HaveDig() { return RunCommand("command -v dig").find("dig") != std::string::npos; }

inline std::string Dig(uint16_t port, const std::string& arguments) {
  return RunCommand(absl::StrCat("dig @127.0.0.1 -p ", port, " +time=3 +tries=1 ", arguments));
}

}  // namespace nonet::dns
