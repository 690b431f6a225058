#include "dnsresolver/server/udp_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "common/process/log.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {
namespace {

// Buffers and headers of one batch, wired together once.
struct Batch {
  std::array<std::array<uint8_t, kUdpQueryBytesMax>, kUdpBatch> queries;
  std::array<std::array<uint8_t, kAnswerBytesMax>, kUdpBatch> answers;
  std::array<sockaddr_storage, kUdpBatch> peers;
  std::array<iovec, kUdpBatch> query_parts;
  std::array<iovec, kUdpBatch> answer_parts;
  std::array<mmsghdr, kUdpBatch> received{};
  std::array<mmsghdr, kUdpBatch> to_send{};

  Batch() {
    for (size_t i = 0; i < kUdpBatch; ++i) {
      query_parts[i] = {queries[i].data(), queries[i].size()};
      received[i].msg_hdr.msg_name = &peers[i];
      received[i].msg_hdr.msg_iov = &query_parts[i];
      received[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void PrepareToReceive() {
    for (mmsghdr& message : received) message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
};

// Answers the first `count` received; returns how many answers wait in to_send.
size_t Answer(const AnswerTable& table, Batch& batch, size_t count, QueryCounts& counts) {
  size_t answers = 0;
  for (size_t i = 0; i < count; ++i) {
    const SocketAddress peer = SocketAddress::FromSockaddr(batch.peers[i]);
    const Bytes query(batch.queries[i].data(), batch.received[i].msg_len);
    Response response;
    if (peer.port != 0) response = Respond(table, query, peer.ip, Transport::kUdp, batch.answers[answers]);
    counts.Add(response);
    if (response.bytes == 0) continue;
    batch.answer_parts[answers] = {batch.answers[answers].data(), response.bytes};
    msghdr& header = batch.to_send[answers].msg_hdr;
    header = {};
    header.msg_name = &batch.peers[i];
    header.msg_namelen = batch.received[i].msg_hdr.msg_namelen;
    header.msg_iov = &batch.answer_parts[answers];
    header.msg_iovlen = 1;
    ++answers;
  }
  return answers;
}

void Send(int fd, Batch& batch, size_t answers) {
  size_t sent = 0;
  while (sent < answers) {
    const int n = sendmmsg(fd, &batch.to_send[sent], static_cast<unsigned>(answers - sent), 0);
    if (n > 0) {
      sent += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      ++sent;  // This one cannot be sent (its client is gone); the others can.
    }
  }
}

absl::Status CannotListen(const SocketAddress& address) {
  return errors::CannotListen(address.ToText() + "/udp", std::strerror(errno));
}

// An answer that does not fit the path is truncated by us, not fragmented on the way.
void SetOptions(int fd, IpFamily family) {
  const int buffer = kUdpReceiveBufferBytes;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  const int v4 = IP_PMTUDISC_DO, v6 = IPV6_PMTUDISC_DO;
  if (family == IpFamily::kV4) {
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
  } else {
    setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
  }
}

}  // namespace

struct UdpListener::Impl {
  int fd = -1;
  SocketAddress address;
  std::atomic<bool> stopping{false};
  std::thread thread;

  void Run(TablePublisher::Reader& reader, QueryMetrics& metrics);
};

void UdpListener::Impl::Run(TablePublisher::Reader& reader, QueryMetrics& metrics) {
  const auto batch = std::make_unique<Batch>();
  while (!stopping.load(std::memory_order_acquire)) {
    batch->PrepareToReceive();
    // Waits for the first query, then takes what else is there.
    const int count = recvmmsg(fd, batch->received.data(), kUdpBatch, MSG_WAITFORONE, nullptr);
    if (stopping.load(std::memory_order_acquire)) return;
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) continue;
      log::Error("cannot receive DNS queries any more",
                 {{"address", address.ToText()}, {"error", std::strerror(errno)}});
      return;
    }
    QueryCounts counts;
    const size_t answers = Answer(reader.Enter(), *batch, static_cast<size_t>(count), counts);
    reader.Leave();
    Send(fd, *batch, answers);
    metrics.Add(counts);
  }
}

UdpListener::UdpListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

UdpListener::~UdpListener() {
  impl_->stopping.store(true, std::memory_order_release);
  // Wakes the thread from its wait; on Linux it does, although it answers ENOTCONN.
  shutdown(impl_->fd, SHUT_RDWR);
  if (impl_->thread.joinable()) impl_->thread.join();
  close(impl_->fd);
}

absl::StatusOr<std::unique_ptr<UdpListener>> UdpListener::Bind(const SocketAddress& address) {
  auto impl = std::make_unique<Impl>();
  sockaddr_storage storage;
  const socklen_t length = address.ToSockaddr(storage);
  impl->fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (impl->fd < 0) return CannotListen(address);
  std::unique_ptr<UdpListener> listener(new UdpListener(std::move(impl)));
  const int fd = listener->impl_->fd;
  SetOptions(fd, address.ip.family);
  socklen_t bound_length = sizeof(storage);
  if (bind(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bound_length) != 0) {
    return CannotListen(address);
  }
  listener->impl_->address = SocketAddress::FromSockaddr(storage);
  return listener;
}

void UdpListener::Start(TablePublisher::Reader& reader, QueryMetrics& metrics) {
  impl_->thread = std::thread([this, &reader, &metrics] { impl_->Run(reader, metrics); });
}

const SocketAddress& UdpListener::address() const { return impl_->address; }

}  // namespace nonet::dns
