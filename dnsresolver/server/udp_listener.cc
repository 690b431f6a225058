#include "dnsresolver/server/udp_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "common/base/random.h"
#include "common/process/log.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/lookahead.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {
namespace {

// The first bytes of a batch's buffers are the busy ones; at a distance of a power of two they would all
// compete for the same few lines of the first-level cache.
template <size_t kBytes>
struct alignas(64) Buffer : std::array<uint8_t, kBytes> {
  std::array<uint8_t, 128> apart;
};

// Buffers and headers of one batch, wired together once.
struct Batch {
  std::array<Buffer<kUdpQueryBytesMax>, kUdpBatch> queries;
  std::array<Buffer<kAnswerBytesMax>, kUdpBatch> answers;
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

// What a listener's thread has for itself.
struct Worker {
  Worker(const Clock& c, UdpOptions o)
      : clock(c),
        cookies(o.cookies),
        caches(o.caches),
        limiter(std::move(o.rate_limit), o.rate_limit_key),
        draws(o.draw_seed) {}

  // The time is read once a batch, and only if somebody asks for it.
  void BeginBatch() {
    if (cookies != nullptr) {
      asker.cookies = &cookies->Refresh(secrets);
      asker.wall_s = clock.WallNs() / kNanosPerSecond;
    }
    if (caches != nullptr) asker.wall_s = clock.WallNs() / kNanosPerSecond;
    if (limiter.enabled()) now_ns = clock.SteadyNs();
    notes = 0;
  }

  // Under load a sample is enough.
  void Note(const AnswerTable& table, const Response& response) {
    if (caches == nullptr || response.endpoint < 0 || notes == kCacheNotesPerBatchMax) return;
    ++notes;
    caches->Note(table.plan().topology().revision, response, asker.source, asker.wall_s,
                 table.plan().settings().ttl_s);
  }

  const Clock& clock;
  const CookieKeeper* const cookies;
  CacheJournal* const caches;
  int notes = 0;  // Of this batch.
  CookieKeeper::Copy secrets;
  RateLimiter limiter;
  Random draws;
  Asker asker;
  int64_t now_ns = 0;
  std::array<Received, kLookAheadMax> questions;
  Batch batch;
};

// Who showed a good cookie does not forge addresses. False when the answer is withheld.
bool Limit(Worker& worker, std::span<uint8_t> answer, Response& response, QueryCounts& counts) {
  if (response.bytes == 0 || response.cookie == CookieState::kGood) return true;
  switch (worker.limiter.Admit(worker.asker.source, RateKind(response), worker.now_ns)) {
    case RateLimiter::Verdict::kSend:
      return true;
    case RateLimiter::Verdict::kSlip:
      MakeSlip(response, answer);
      ++counts.slipped;
      return true;
    case RateLimiter::Verdict::kWithhold:
      break;
  }
  ++counts.withheld;
  return false;
}

// Counts answers by endpoint, those of one series in a row at once, and those of the shared one in a batch.
class Tally {
 public:
  explicit Tally(const EndpointCounters* counters) : counters_(counters) {}
  ~Tally() {
    if (counters_ == nullptr) return;
    Flush();
    if (others_ > 0) counters_->Add(counters_->series() - 1, others_);
  }
  void Add(const Response& response) {
    if (counters_ == nullptr || response.endpoint < 0 || response.bytes == 0) return;
    const size_t series = counters_->SeriesOf(response.resource, response.endpoint);
    if (series == counters_->series() - 1) {
      ++others_;
      return;
    }
    if (series != series_) {
      Flush();
      series_ = series;
    }
    ++answers_;
  }

 private:
  void Flush() {
    if (answers_ > 0) counters_->Add(series_, answers_);
    answers_ = 0;
  }

  const EndpointCounters* const counters_;
  size_t series_ = 0;
  uint32_t answers_ = 0;  // Of series_.
  uint32_t others_ = 0;
};

// Reads what was received from `first` on, as much of it as is looked ahead at once.
void ReadFrom(const AnswerTable& table, Worker& worker, size_t first, size_t count) {
  const Batch& batch = worker.batch;
  const size_t n = std::min(count - first, worker.questions.size());
  for (size_t i = 0; i < n; ++i) {
    std::construct_at(&worker.questions[i]);
    Read({batch.queries[first + i].data(), batch.received[first + i].msg_len}, worker.questions[i]);
  }
  if (table.plan().topology().resources.size() < kLookAheadResourcesMin) return;
  LookAhead(table, {worker.questions.data(), n}, SocketAddress::FromSockaddr(batch.peers[first]).ip);
}

// Answers the first `count` received; returns how many answers wait in to_send.
size_t Answer(const AnswerTable& table, const EndpointCounters* counters, Worker& worker, size_t count,
              QueryCounts& counts) {
  Batch& batch = worker.batch;
  Tally tally(counters);
  size_t answers = 0;
  worker.BeginBatch();
  for (size_t i = 0; i < count; ++i) {
    if (i % kLookAheadMax == 0) ReadFrom(table, worker, i, count);
    const SocketAddress peer = SocketAddress::FromSockaddr(batch.peers[i]);
    const Received& question = worker.questions[i % kLookAheadMax];
    Response response;
    worker.asker.source = peer.ip;
    worker.asker.draw = static_cast<uint32_t>(worker.draws.Next() >> 32);
    if (peer.port != 0) response = Respond(table, question, worker.asker, batch.answers[answers]);
    if (worker.limiter.enabled() && !Limit(worker, batch.answers[answers], response, counts)) continue;
    counts.Add(question.packet.size(), response);
    tally.Add(response);
    worker.Note(table, response);
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

  void Run(TablePublisher::Reader& reader, QueryMetrics& metrics, Worker& worker);
};

void UdpListener::Impl::Run(TablePublisher::Reader& reader, QueryMetrics& metrics, Worker& worker) {
  Batch* const batch = &worker.batch;
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
    const AnswerTable& table = reader.Enter();
    const size_t answers = Answer(table, reader.counters(), worker, static_cast<size_t>(count), counts);
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

absl::StatusOr<std::unique_ptr<UdpListener>> UdpListener::Bind(const SocketAddress& address, bool shared) {
  auto impl = std::make_unique<Impl>();
  sockaddr_storage storage;
  const socklen_t length = address.ToSockaddr(storage);
  impl->fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (impl->fd < 0) return CannotListen(address);
  std::unique_ptr<UdpListener> listener(new UdpListener(std::move(impl)));
  const int fd = listener->impl_->fd;
  SetOptions(fd, address.ip.family);
  const int on = 1;
  if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) return CannotListen(address);
  socklen_t bound_length = sizeof(storage);
  if (bind(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bound_length) != 0) {
    return CannotListen(address);
  }
  listener->impl_->address = SocketAddress::FromSockaddr(storage);
  return listener;
}

void UdpListener::Start(TablePublisher::Reader& reader, QueryMetrics& metrics, const Clock& clock,
                        UdpOptions options) {
  auto worker = std::make_unique<Worker>(clock, std::move(options));
  impl_->thread = std::thread(
      [this, &reader, &metrics, worker = std::move(worker)] { impl_->Run(reader, metrics, *worker); });
}

const SocketAddress& UdpListener::address() const { return impl_->address; }

}  // namespace nonet::dns
