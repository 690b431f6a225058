// The ceiling of a UDP DNS server on this machine: no look-up at all. Turns every query round with one fixed
// answer of the usual size (a CNAME and an address) and everything else as it came, in batches of recvmmsg
// and sendmmsg on one socket.
//
//   udp_echo PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kQueryBytesMax = 1400;
constexpr size_t kBufferBytes = 2048;

// CNAME to a name of 17 bytes before a pointer, and that name's address: what a steered answer weighs.
std::string Records() {
  std::string records("\xc0\x0c\0\5\0\1\0\0\0\x5a\0\x1a", 12);
  records += std::string("\x17") + "contoso-eastus-0a1b2c3d" + std::string("\xc0\x14", 2);
  records += std::string("\xc0\x39\0\1\0\1\0\0\0\x3c\0\4\x7f\x50\0\1", 16);
  return records;
}

// Puts the records behind the question; OPT, if there is one, stays behind them. The new length.
size_t Answer(uint8_t* packet, size_t size, const std::string& records) {
  packet[2] |= 0x84;  // QR, AA.
  size_t end = 12;
  while (end < size && packet[end] != 0) end += packet[end] + size_t{1};
  end += 5;
  if (end > size) return size;
  std::memmove(packet + end + records.size(), packet + end, size - end);
  std::memcpy(packet + end, records.data(), records.size());
  packet[7] = 2;
  return size + records.size();
}

int Open(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int buffer = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    std::perror("udp_echo: bind");
    std::exit(1);
  }
  return fd;
}

struct Batch {
  std::array<std::array<uint8_t, kBufferBytes>, kBatch> packets;
  std::array<sockaddr_in, kBatch> peers;
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> headers;

  void Prepare() {
    for (size_t i = 0; i < kBatch; ++i) {
      parts[i] = {packets[i].data(), kQueryBytesMax};
      headers[i] = {};
      headers[i].msg_hdr.msg_name = &peers[i];
      headers[i].msg_hdr.msg_namelen = sizeof(peers[i]);
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: udp_echo PORT\n");
    return 2;
  }
  const int fd = Open(static_cast<uint16_t>(std::atoi(argv[1])));
  const std::string records = Records();
  const auto batch = std::make_unique<Batch>();
  while (true) {
    batch->Prepare();
    const int n = recvmmsg(fd, batch->headers.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (n <= 0) continue;
    const auto count = static_cast<size_t>(n);
    for (size_t i = 0; i < count; ++i) {
      batch->parts[i].iov_len = Answer(batch->packets[i].data(), batch->headers[i].msg_len, records);
    }
    for (size_t sent = 0; sent < count;) {
      const int k = sendmmsg(fd, &batch->headers[sent], static_cast<unsigned>(count - sent), 0);
      if (k <= 0) break;
      sent += static_cast<size_t>(k);
    }
  }
}
