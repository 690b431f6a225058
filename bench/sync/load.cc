// A pub/sub load that costs less than the servers it measures: one publisher, subscribers at other addresses
// or the same, every message numbered and checked for loss, repetition and order.
//
//   sync_load --proto=wsjson --publish=127.80.1.1:8080 --subscribe=127.80.2.1:8080[,...] --size=128
//             --seconds=1.5 [--rate=1000] [--window=4194304] [--pids=1,2] [--host=H --key=K] [--copies=1]
//
// Without --rate it publishes as fast as at most --window bytes are undelivered to the slowest subscriber, in
// sends of 64 KiB; the first fifth does not count. With --rate it is an open loop: latency is from the time a
// message was due. --bystanders=ADDRESS,... subscribe too, but are neither read nor waited for. --pids are
// the servers' processes, whose CPU time is charged to the messages. With --rate, --cut=COMMAND and
// --mend=COMMAND are run at --cut-at and --mend-at seconds; then it says how long after the start of the
// second the first message came (first_ms), and how long until all had that were due before it (drained_ms).
// Prints one line of JSON; exit code 1 when a message was lost, came twice or out of order.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/sync/wire.h"

namespace nonet::bench {
namespace {

constexpr size_t kSendBytes = 64 * 1024;
constexpr size_t kBufferBytes = 256 * 1024;
constexpr size_t kManySubscribers = 64;  // Above it a subscriber has a smaller buffer.
constexpr size_t kFewSubscribers = 8;
constexpr uint64_t kDrainNs = 5'000'000'000;
constexpr uint64_t kFirstDeliveryNs = 8'000'000'000;

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "sync_load: %s\n", why.c_str());
  std::_Exit(2);
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

struct Options {
  std::string proto;
  std::string publish;
  std::vector<std::string> subscribe;
  size_t size = 128;
  double seconds = 1.5;
  double rate = 0;  // 0: as fast as it goes.
  size_t window_bytes = 4 * 1024 * 1024;
  size_t copies = 1;  // Subscribers at each address.
  std::vector<std::string> bystanders;
  std::string cut, mend;
  double cut_at = 0, mend_at = 0;
  std::vector<std::string> pids;
  WireOptions wire;
};

Options Parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == std::string::npos) Die("bad argument " + argument);
    const std::string name = argument.substr(2, equals - 2), value = argument.substr(equals + 1);
    if (name == "proto")
      o.proto = value;
    else if (name == "publish")
      o.publish = value;
    else if (name == "subscribe")
      o.subscribe = Split(value);
    else if (name == "size")
      o.size = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "seconds")
      o.seconds = std::strtod(value.c_str(), nullptr);
    else if (name == "rate")
      o.rate = std::strtod(value.c_str(), nullptr);
    else if (name == "window")
      o.window_bytes = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "copies")
      o.copies = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "bystanders")
      o.bystanders = Split(value);
    else if (name == "cut")
      o.cut = value;
    else if (name == "mend")
      o.mend = value;
    else if (name == "cut-at")
      o.cut_at = std::strtod(value.c_str(), nullptr);
    else if (name == "mend-at")
      o.mend_at = std::strtod(value.c_str(), nullptr);
    else if (name == "pids")
      o.pids = Split(value);
    else if (name == "host")
      o.wire.host = value;
    else if (name == "key")
      o.wire.key = value;
    else if (name == "group")
      o.wire.group = value;
    else
      Die("unknown option --" + name);
  }
  if (o.publish.empty() || o.subscribe.empty()) Die("--publish and --subscribe are required");
  if (o.cut.empty() != o.mend.empty() || (!o.cut.empty() && (o.rate <= 0 || o.cut_at >= o.mend_at))) {
    Die("--cut and --mend belong together, with --rate, one after the other");
  }
  return o;
}

int Dial(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) Die("bad address " + address);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    Die("cannot connect to " + address);
  return fd;
}

// User and system time of the processes, ended threads included, in seconds.
double CpuSeconds(const std::vector<std::string>& pids) {
  double ticks = 0;
  for (const std::string& pid : pids) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t end = text.rfind(')');
    if (end == std::string::npos) continue;
    std::stringstream fields(text.substr(end + 1));
    std::string field;
    for (int i = 3; i <= 15 && fields >> field; ++i) {
      if (i >= 14) ticks += std::strtod(field.c_str(), nullptr);
    }
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Subscriber {
  int fd = -1;
  std::vector<char> buffer;
  size_t begin = 0, end = 0;
  uint64_t next = 0;  // Number that must come; 0 until the first came.
  std::atomic<uint64_t> received{0};
};

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)) {
    wire_ = MakeWire(options_.proto, options_.wire);
    if (wire_ == nullptr) Die("unknown --proto " + options_.proto);
    for (const std::string& address : options_.subscribe) {
      for (size_t i = 0; i < options_.copies; ++i) Subscribe(address);
    }
    for (const std::string& address : options_.bystanders) {
      // Open until the process ends.
      if (!wire_->Join(Dial(address), Wire::Role::kSubscriber)) Die("a bystander was refused");
    }
    publisher_ = Dial(options_.publish);
    if (!wire_->Join(publisher_, Wire::Role::kPublisher)) Die("the publisher was refused");
    frame_ = wire_->Publication(options_.size);
  }

  int Run() {
    std::thread reader([this] { Read(); });
    WarmUp();
    if (options_.rate > 0) {
      RunLatency();
    } else {
      RunThroughput();
    }
    stop_ = true;
    reader.join();
    return Report();
  }

 private:
  void Subscribe(const std::string& address) {
    auto subscriber = std::make_unique<Subscriber>();
    subscriber->fd = Dial(address);
    if (!wire_->Join(subscriber->fd, Wire::Role::kSubscriber)) Die("a subscriber was refused");
    const size_t all = options_.subscribe.size() * options_.copies;
    subscriber->buffer.resize(
        std::max(all > kManySubscribers ? kBufferBytes / 8 : kBufferBytes, 4 * (options_.size + 512)));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = subscribers_.size();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, subscriber->fd, &event);
    subscribers_.push_back(std::move(subscriber));
  }

  // ---- The subscribers' thread ----

  void Read() {
    epoll_event events[64];
    while (!stop_) {
      const int n = epoll_wait(epoll_, events, 64, 20);
      for (int i = 0; i < n; ++i) ReadOne(*subscribers_[events[i].data.u64]);
    }
  }

  void ReadOne(Subscriber& s) {
    if (s.buffer.size() - s.end < s.buffer.size() / 4) {
      std::memmove(s.buffer.data(), s.buffer.data() + s.begin, s.end - s.begin);
      s.end -= s.begin;
      s.begin = 0;
    }
    const ssize_t n = recv(s.fd, s.buffer.data() + s.end, s.buffer.size() - s.end, 0);
    if (n <= 0) {
      if (stop_) return;
      Die("a subscriber was cut off");
    }
    s.end += static_cast<size_t>(n);
    const uint64_t now = options_.rate > 0 ? NowNs() : 0;
    uint64_t got = 0;
    while (s.begin < s.end) {
      const Wire::Item item = wire_->Next({s.buffer.data() + s.begin, s.end - s.begin});
      if (item.bytes == 0) break;
      s.begin += item.bytes;
      if (!item.reply.empty()) SendAll(s.fd, item.reply);
      if (!item.is_message) continue;
      ++got;
      Check(s, item.number, now);
    }
    if (s.begin == s.end) s.begin = s.end = 0;
    s.received.fetch_add(got, std::memory_order_release);
  }

  void Check(Subscriber& s, uint64_t number, uint64_t now) {
    if (s.next == 0 || number == s.next) {
      s.next = number + 1;
    } else if (number > s.next) {
      lost_ += number - s.next;
      s.next = number + 1;
    } else {
      ++wrong_;  // A repetition, or behind its turn.
    }
    const uint64_t first = first_timed_.load(std::memory_order_acquire);
    if (first != 0 && number >= first) {
      const double due = static_cast<double>(start_ns_) + static_cast<double>(number - first) * gap_ns_;
      latency_us_.push_back(static_cast<float>((static_cast<double>(now) - due) / 1000));
    }
    if (mend_ns_.load(std::memory_order_acquire) == 0) return;
    if (first_ns_ == 0) first_ns_ = now;
    if (drained_ns_ == 0 && number >= mend_number_) drained_ns_ = now;
  }

  // ---- The publisher's thread ----

  uint64_t Slowest() const {
    uint64_t least = UINT64_MAX;
    for (const auto& s : subscribers_) least = std::min(least, s->received.load(std::memory_order_acquire));
    return least;
  }

  void Send(std::string_view bytes) {
    if (!SendAll(publisher_, bytes)) Die("the publisher was cut off");
  }

  // Pings, answers to requests.
  void Drain() {
    char buffer[16384];
    ssize_t n = 0;
    while ((n = recv(publisher_, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
      answers_.append(buffer, static_cast<size_t>(n));
      std::string_view in = answers_;
      while (!in.empty()) {
        const Wire::Item item = wire_->Next(in);
        if (item.bytes == 0) break;
        if (!item.reply.empty()) Send(item.reply);
        in.remove_prefix(item.bytes);
      }
      answers_.erase(0, answers_.size() - in.size());
    }
  }

  // One message at a time, until every subscriber has had one; then all that is on its way arrives.
  void WarmUp() {
    const uint64_t deadline = NowNs() + kFirstDeliveryNs;
    while (Slowest() == 0) {
      frame_.Number(++number_);
      Send(frame_.bytes);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (NowNs() > deadline) Die("nothing was delivered");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    Drain();
    for (const auto& s : subscribers_) base_.push_back(s->received.load());
    lost_ = wrong_ = 0;
  }

  // Messages since the warm-up that the slowest has.
  uint64_t Done() const {
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < subscribers_.size(); ++i) {
      least = std::min(least, subscribers_[i]->received.load(std::memory_order_acquire) - base_[i]);
    }
    return least;
  }

  uint64_t AwaitAll(uint64_t sent) const {
    const uint64_t deadline = NowNs() + kDrainNs;
    while (Done() < sent && NowNs() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return sent - std::min(sent, Done());
  }

  void RunThroughput() {
    const size_t one = frame_.bytes.size();
    const size_t count = std::max<size_t>(1, kSendBytes / one);
    std::string block;
    for (size_t i = 0; i < count; ++i) block += frame_.bytes;
    // Many subscribers have that many copies under way.
    const size_t share = options_.window_bytes / std::max<size_t>(1, subscribers_.size() / kFewSubscribers);
    const uint64_t window = std::max<uint64_t>(2 * count, share / one);
    const uint64_t start = NowNs(), end = start + static_cast<uint64_t>(options_.seconds * 1e9);
    uint64_t sent = 0, counted_from = 0, counted_before = 0;
    double cpu_before = 0;
    for (uint64_t now = start; now < end; now = NowNs()) {
      if (counted_from == 0 && now > start + (end - start) / 5) {
        counted_from = now;
        counted_before = Done();
        cpu_before = CpuSeconds(options_.pids);
      }
      if (sent + count > Done() + window) {
        std::this_thread::sleep_for(std::chrono::microseconds(20));
        Drain();
        continue;
      }
      for (size_t i = 0; i < count; ++i) frame_.Number(++number_, block.data() + i * one);
      Send(block);
      sent += count;
    }
    const double seconds = static_cast<double>(NowNs() - counted_from) / 1e9;
    cpu_s_ = CpuSeconds(options_.pids) - cpu_before;
    charged_ = Done() - counted_before;
    rate_ = static_cast<double>(charged_) / seconds;
    sent_ = sent;
    missing_ = AwaitAll(sent);
  }

  void RunLatency() {
    const auto count = static_cast<uint64_t>(options_.rate * options_.seconds);
    gap_ns_ = 1e9 / options_.rate;
    start_ns_ = NowNs() + 1'000'000;
    latency_us_.reserve(count * subscribers_.size());
    first_timed_.store(number_ + 1, std::memory_order_release);
    const double cpu_before = CpuSeconds(options_.pids);
    std::thread outage;
    if (!options_.cut.empty()) outage = std::thread([this] { CutAndMend(); });
    for (uint64_t i = 0; i < count;) {
      const auto due = start_ns_ + static_cast<uint64_t>(static_cast<double>(i) * gap_ns_);
      uint64_t now = NowNs();
      for (; now < due; now = NowNs()) {
        if (due - now > 150'000) std::this_thread::sleep_for(std::chrono::nanoseconds(due - now - 100'000));
      }
      std::string bytes;  // All that is due by now.
      for (; i < count && start_ns_ + static_cast<uint64_t>(static_cast<double>(i) * gap_ns_) <= now &&
             bytes.size() < kSendBytes;
           ++i) {
        frame_.Number(++number_);
        bytes += frame_.bytes;
      }
      Send(bytes);
      if ((i & 255) == 0) Drain();
    }
    if (outage.joinable()) outage.join();
    missing_ = AwaitAll(count);
    cpu_s_ = CpuSeconds(options_.pids) - cpu_before;
    charged_ = sent_ = count;
  }

  // On a thread of its own, while messages are due at their rate.
  void CutAndMend() {
    const auto until = [this](double seconds) {
      const uint64_t at = start_ns_ + static_cast<uint64_t>(seconds * 1e9), now = NowNs();
      if (at > now) std::this_thread::sleep_for(std::chrono::nanoseconds(at - now));
    };
    const auto run = [](const std::string& command) {
      if (std::system(command.c_str()) != 0) Die("failed: " + command);
    };
    until(options_.cut_at);
    run(options_.cut);
    until(options_.mend_at);
    const uint64_t now = NowNs();
    const auto due = static_cast<uint64_t>(static_cast<double>(now - start_ns_) / gap_ns_);
    backlog_ = due - std::min(due, Done());
    // What is cut for so long lacks at least half of what was due meanwhile.
    if (static_cast<double>(backlog_) < (options_.mend_at - options_.cut_at) * options_.rate / 2) {
      Die("the cut let messages through");
    }
    mend_number_ = first_timed_.load() + due - 1;
    mend_ns_.store(now, std::memory_order_release);
    run(options_.mend);
  }

  // The reader has ended.
  int Report() {
    const uint64_t lost = missing_ + lost_, wrong = wrong_;
    std::printf("{");
    if (mend_ns_ != 0) {
      const auto ms = [this](uint64_t ns) { return ns == 0 ? -1 : static_cast<double>(ns - mend_ns_) / 1e6; };
      std::printf("\"first_ms\":%.1f,\"drained_ms\":%.1f,\"backlog\":%llu,", ms(first_ns_), ms(drained_ns_),
                  static_cast<unsigned long long>(backlog_));
    } else if (options_.rate > 0) {
      std::sort(latency_us_.begin(), latency_us_.end());
      const auto at = [this](double q) {
        if (latency_us_.empty()) return 0.0;
        return static_cast<double>(
            latency_us_[static_cast<size_t>(q * static_cast<double>(latency_us_.size() - 1))]);
      };
      std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,", at(0.5), at(0.99), at(0.999));
    } else {
      std::printf("\"rate\":%.0f,", rate_);
    }
    std::printf("\"cpu_us\":%.3f,\"messages\":%llu,\"lost\":%llu,\"wrong\":%llu}\n",
                charged_ == 0 ? 0 : cpu_s_ * 1e6 / static_cast<double>(charged_),
                static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(lost),
                static_cast<unsigned long long>(wrong));
    return lost + wrong == 0 ? 0 : 1;
  }

  const Options options_;
  std::unique_ptr<Wire> wire_;
  Frame frame_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<uint64_t> base_;  // Received by each before the counted messages.
  int publisher_ = -1;
  uint64_t number_ = 0;  // Of the last message.
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> lost_{0}, wrong_{0};
  std::atomic<uint64_t> first_timed_{0};
  uint64_t start_ns_ = 0;  // These two before first_timed_.
  double gap_ns_ = 0;
  std::string answers_;                     // To the publisher, as yet incomplete.
  std::atomic<uint64_t> mend_ns_{0};        // When the link was to return; 0: it was not yet.
  uint64_t mend_number_ = 0;                // The last that was due then; before mend_ns_.
  uint64_t backlog_ = 0;                    // How many had not come by then.
  uint64_t first_ns_ = 0, drained_ns_ = 0;  // The reader's, until it ended.
  std::vector<float> latency_us_;           // The reader's, until it ended.
  // Results.
  double cpu_s_ = 0, rate_ = 0;
  uint64_t charged_ = 0, sent_ = 0, missing_ = 0;
};

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  nonet::bench::Load load(nonet::bench::Parse(argc, argv));
  return load.Run();
}
