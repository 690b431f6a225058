// A control plane for benchmarks: speaks ConfigWatch to one nonet-dnsresolver with generated resources, and
// plays their instances as far as health probes look.
//
//   dns_feeder --resources=10000 --net=127.77 --zone=webpubsub.azure.com --http_port=18080
//
// Prints "ready GRPC_PORT", then obeys a line at a time on standard input, with one line of answer each:
//   swaps RATE SECONDS   RATE changes a second, each moving an endpoint of "contoso" in or out of DNS.
//                        -> "swaps SENT"
//   flips N PORT         N times: contoso's nearest instance begins to answer its probes with 500, or 200
//                        again, and the DNS server on PORT is asked until its answer changes.
//                        -> "flips MEDIAN_MS MAX_MS", from the last byte of the probe's answer on.
//   quit                 Or the end of the input.
//
// Resource 0 is "contoso" and its endpoints are reachable; the others are "rNNNNN" in nine regions each,
// drawn from a fixed seed, behind addresses where nothing listens.
#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/dns/contoso.h"
#include "common/base/random.h"
#include "common/regions/regions.h"
#include "common/rpc/complete_here.h"
#include "common/rpc/lone_poller.h"
#include "nonet/watch/v1/watch.grpc.pb.h"

ABSL_FLAG(int, resources, 1, "how many, contoso included");
ABSL_FLAG(std::string, net, "127.77", "where the instances are: two bytes of 127/8");
ABSL_FLAG(std::string, zone, "webpubsub.azure.com", "the DNS zone");
ABSL_FLAG(uint16_t, http_port, 18080, "of contoso's instances");

namespace nonet::bench {
namespace {

constexpr uint64_t kSeed = 20261121;
constexpr size_t kSnapshotPart = 500;     // Events a message.
constexpr int kFactsBytesMax = 16 << 20;  // As a control plane's; 90,000 endpoints need 6 MB.
constexpr absl::Duration kFlipMax = absl::Seconds(5);

// ---- Objects ----

std::string AddressOf(int resource, size_t endpoint) {
  // Only contoso's are distinct and alive: 127.77.0.1 ... 127.77.0.9.
  return resource == 0 ? absl::StrCat(absl::GetFlag(FLAGS_net), ".0.", endpoint + 1)
                       : absl::StrCat(absl::GetFlag(FLAGS_net), ".1.", endpoint + 1);
}

template <typename Object>
void FillInstance(Object& object, int resource, size_t endpoint, const std::string& id,
                  absl::string_view region) {
  object.set_location(std::string(region));
  object.set_region_endpoint_enabled(true);
  object.set_uid(absl::StrCat("uid-of-", object.name()));
  object.set_provisioning_state(resource::v1::PROVISIONING_STATE_SUCCEEDED);
  object.mutable_instance()->set_host_name(
      absl::StrCat(id, "-", region, "-0a1b2c3d.", absl::GetFlag(FLAGS_zone)));
  object.mutable_instance()->mutable_endpoint()->set_host(AddressOf(resource, endpoint));
  object.mutable_instance()->mutable_endpoint()->set_http_port(resource == 0 ? absl::GetFlag(FLAGS_http_port)
                                                                             : 1);
}

std::string IdOf(int resource) { return resource == 0 ? kContoso : absl::StrFormat("r%05d", resource); }

std::vector<absl::string_view> RegionsOf(int resource, Random& random) {
  if (resource == 0) return {kContosoRegions.begin(), kContosoRegions.end()};
  std::set<size_t> drawn;
  while (drawn.size() < kContosoRegions.size()) drawn.insert(random.Below(Regions().size()));
  std::vector<absl::string_view> regions;
  for (const size_t number : drawn) regions.push_back(Regions()[number].name);
  return regions;
}

// The resource, then its replicas.
std::vector<watch::v1::Event> MakeEvents(int resource, Random& random) {
  const std::string id = IdOf(resource);
  std::vector<watch::v1::Event> events;
  const std::vector<absl::string_view> regions = RegionsOf(resource, random);
  for (size_t i = 0; i < regions.size(); ++i) {
    watch::v1::Event& event = events.emplace_back();
    event.set_revision(1);
    if (i == 0) {
      event.set_name("resources/" + id);
      event.mutable_resource()->set_name(event.name());
      event.mutable_resource()->set_host_name(absl::StrCat(id, ".", absl::GetFlag(FLAGS_zone)));
      FillInstance(*event.mutable_resource(), resource, i, id, regions[i]);
    } else {
      event.set_name(absl::StrCat("resources/", id, "/replicas/", regions[i]));
      event.mutable_replica()->set_name(event.name());
      FillInstance(*event.mutable_replica(), resource, i, id, regions[i]);
    }
  }
  return events;
}

// ---- ConfigWatch ----

// Callbacks on one thread: the feeder is on the load's core, and should disturb it as little as it can.
class Feed final : public watch::v1::ConfigWatch::CallbackService {
 public:
  Feed() {
    Random random(kSeed);
    for (int i = 0; i < absl::GetFlag(FLAGS_resources); ++i) {
      for (watch::v1::Event& event : MakeEvents(i, random)) objects_.push_back(std::move(event));
    }
  }

  // Contoso's last replica moves in or out.
  void Swap() {
    const rpc::CompleteHere
        here;  // The feeder shares a core with the load. Ends when the lock is free again.
    absl::MutexLock lock(&mu_);
    watch::v1::Event& event = objects_[kContosoRegions.size() - 1];
    event.mutable_replica()->set_region_endpoint_enabled(!event.replica().region_endpoint_enabled());
    event.set_revision(++revision_);
    for (Stream* stream : streams_) stream->WriteNext();
  }

 private:
  // One subscriber's; deletes itself. Guarded by the feed's mutex, which is held while a write starts: gRPC
  // never runs a reaction inside that.
  class Stream final : public grpc::ServerBidiReactor<watch::v1::WatchRequest, watch::v1::WatchResponse> {
   public:
    explicit Stream(Feed& feed) : feed_(feed) {
      absl::MutexLock lock(&feed_.mu_);
      feed_.streams_.insert(this);
      StartRead(&request_);
      WriteNext();
    }

    // The snapshot in parts, then what is newer.
    void WriteNext() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (writing_ || ended_) return;
      const std::vector<watch::v1::Event>& objects = feed_.objects_;
      response_.Clear();
      if (at_ < objects.size()) {
        if (at_ == 0) sent_ = feed_.revision_;
        response_.set_kind(watch::v1::WatchResponse::KIND_SNAPSHOT);
        response_.set_revision(sent_);
        const size_t end = std::min(objects.size(), at_ + kSnapshotPart);
        for (; at_ < end; ++at_) *response_.add_events() = objects[at_];
        response_.set_last(end == objects.size());
      } else if (sent_ < feed_.revision_) {
        sent_ = feed_.revision_;
        response_.set_kind(watch::v1::WatchResponse::KIND_CHANGES);
        *response_.add_events() = objects[kContosoRegions.size() - 1];
        response_.set_revision(sent_);
      } else {
        return;
      }
      writing_ = true;
      StartWrite(&response_);
    }

   private:
    void OnReadDone(bool ok) override {
      if (ok) return StartRead(&request_);
      absl::MutexLock lock(&feed_.mu_);
      if (!std::exchange(ended_, true)) Finish(grpc::Status::OK);
    }
    void OnWriteDone(bool ok) override {
      absl::MutexLock lock(&feed_.mu_);
      writing_ = false;
      if (ok) WriteNext();
    }
    void OnDone() override {
      {
        absl::MutexLock lock(&feed_.mu_);
        feed_.streams_.erase(this);
      }
      delete this;
    }

    Feed& feed_;
    watch::v1::WatchRequest request_;
    watch::v1::WatchResponse response_;
    size_t at_ = 0;  // Of the snapshot's objects.
    uint64_t sent_ = 0;
    bool writing_ = false;
    bool ended_ = false;
  };

  grpc::ServerBidiReactor<watch::v1::WatchRequest, watch::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext*) override {
    return new Stream(*this);
  }

  absl::Mutex mu_;
  std::vector<watch::v1::Event> objects_ ABSL_GUARDED_BY(mu_);  // Contoso's first.
  uint64_t revision_ ABSL_GUARDED_BY(mu_) = 1;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mu_);
};

// ---- Instances ----

// Answers health probes on all of contoso's addresses, one at a time, each on a connection of its own.
class Instances {
 public:
  Instances() {
    for (size_t i = 0; i < kContosoRegions.size(); ++i) Listen(i);
    thread_ = std::thread([this] { Run(); });
  }
  ~Instances() {
    stopping_ = true;
    thread_.join();
    for (const pollfd& listener : listeners_) close(listener.fd);
  }

  void SetHealthy(size_t endpoint, bool healthy) {
    absl::MutexLock lock(&mu_);
    healthy_[endpoint] = healthy;
    told_.reset();
    waiting_for_ = endpoint;
  }
  // When that endpoint first answered a probe after SetHealthy.
  std::optional<absl::Time> Told() {
    absl::MutexLock lock(&mu_);
    return told_;
  }

 private:
  void Listen(size_t endpoint) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(absl::GetFlag(FLAGS_http_port));
    inet_pton(AF_INET, AddressOf(0, endpoint).c_str(), &address.sin_addr);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || listen(fd, 256) != 0) {
      std::perror("dns_feeder: listen");
      std::exit(1);
    }
    listeners_.push_back({fd, POLLIN, 0});
  }

  void Run() {
    while (!stopping_) {
      poll(listeners_.data(), listeners_.size(), 100);
      for (size_t i = 0; i < listeners_.size(); ++i) {
        if ((listeners_[i].revents & POLLIN) != 0) Answer(i);
      }
    }
  }

  void Answer(size_t endpoint) {
    const int fd = accept(listeners_[endpoint].fd, nullptr, nullptr);
    if (fd < 0) return;
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::array<char, 2048> request;
    if (recv(fd, request.data(), request.size(), 0) > 0) {
      absl::MutexLock lock(&mu_);
      const absl::string_view answer =
          healthy_[endpoint] ? "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                             : "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
      send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (waiting_for_ == endpoint && !told_.has_value()) told_ = absl::Now();
    }
    close(fd);
  }

  absl::Mutex mu_;
  std::array<bool, kContosoRegions.size()> healthy_ ABSL_GUARDED_BY(mu_) = {true, true, true, true, true,
                                                                            true, true, true, true};
  size_t waiting_for_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Time> told_ ABSL_GUARDED_BY(mu_);
  std::vector<pollfd> listeners_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// ---- Commands ----

// Contoso's answer, in wire form, to who asks from nowhere in particular.
class Asker {
 public:
  explicit Asker(uint16_t port) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to));
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    query_.assign(12, '\0');
    query_[5] = 1;
    std::istringstream labels(absl::StrCat(kContoso, ".", absl::GetFlag(FLAGS_zone)));
    for (std::string label; std::getline(labels, label, '.');) {
      query_.push_back(static_cast<char>(label.size()));
      query_ += label;
    }
    query_ += std::string("\0\0\1\0\1", 5);
  }
  ~Asker() { close(fd_); }

  std::string Ask() const {
    std::array<char, 2048> answer;
    if (send(fd_, query_.data(), query_.size(), 0) < 0) return "";
    const ssize_t n = recv(fd_, answer.data(), answer.size(), 0);
    return n > 0 ? std::string(answer.data(), static_cast<size_t>(n)) : "";
  }

 private:
  int fd_;
  std::string query_;
};

void Swaps(Feed& feed, double rate, double seconds) {
  const absl::Time start = absl::Now();
  const int total = static_cast<int>(rate * seconds);
  for (int i = 0; i < total; ++i) {
    absl::SleepFor(start + absl::Seconds(i / rate) - absl::Now());
    feed.Swap();
  }
  std::cout << "swaps " << total << std::endl;
}

// One flip, in milliseconds; nullopt when the answer stays as it was.
std::optional<double> Flip(Instances& instances, const Asker& asker, bool healthy) {
  const std::string before = asker.Ask();
  instances.SetHealthy(0, healthy);
  const absl::Time give_up = absl::Now() + kFlipMax;
  while (absl::Now() < give_up) {
    const std::string now = asker.Ask();
    if (now.empty() || now == before) continue;
    const std::optional<absl::Time> told = instances.Told();
    if (told.has_value()) return absl::ToDoubleMilliseconds(absl::Now() - *told);
  }
  return std::nullopt;
}

void Flips(Instances& instances, int count, uint16_t port) {
  const Asker asker(port);
  std::vector<double> ms;
  for (int i = 0; i < count; ++i) {
    if (const auto flip = Flip(instances, asker, i % 2 != 0)) ms.push_back(*flip);
  }
  instances.SetHealthy(0, true);
  std::sort(ms.begin(), ms.end());
  if (ms.size() < static_cast<size_t>(count)) {
    std::cout << "failed: " << count - static_cast<int>(ms.size()) << " answers did not change" << std::endl;
  } else {
    std::cout << absl::StrFormat("flips %.3f %.3f", ms[ms.size() / 2], ms.back()) << std::endl;
  }
}

int Main() {
  const rpc::LonePoller poller;
  Feed feed;
  Instances instances;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  // Subscribers ping to notice a dead control plane; the real one allows it too.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.SetMaxReceiveMessageSize(kFactsBytesMax);
  builder.RegisterService(&feed);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "ready " << port << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    double a = 0, b = 0;
    words >> verb >> a >> b;
    if (verb == "quit") break;
    if (verb == "swaps" && a > 0) {
      Swaps(feed, a, b);
    } else if (verb == "flips" && a >= 1) {
      Flips(instances, static_cast<int>(a), static_cast<uint16_t>(b));
    } else {
      std::cout << "failed: unknown command" << std::endl;
    }
  }
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return nonet::bench::Main();
}
