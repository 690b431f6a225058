// A DNS load that costs less than the servers it measures: one thread, a closed loop of so many questions
// outstanding over a few sockets, in batches of recvmmsg and sendmmsg. (dnsperf saturates first.)
//
//   udpload --port=7853 --seconds=2 --names=FILE [--window=256] [--sockets=4] [--ecs=10.0.0.0/10]
//
// FILE has a name a line; each question asks for the A record of a random one, with --ecs on behalf of a
// random /24 below the prefix. The first tenth of the time does not count. Prints one line of JSON: questions
// answered a second and in all, lost, latencies, and the shares of answers that are NOERROR and that have
// records.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kQueryBytesMax = 320;
constexpr size_t kAnswerBytesMax = 1500;
constexpr uint64_t kLostAfterNs = 200'000'000;
constexpr size_t kLatencySamplesMax = 1 << 22;
constexpr uint64_t kLatencySampleEvery = 8;

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "udpload: %s\n", why.c_str());
  std::exit(2);
}

struct Options {
  uint16_t port = 0;
  double seconds = 2;
  size_t window = 256;
  size_t sockets = 4;
  std::string names;
  bool ecs = false;
  uint32_t ecs_base = 0;  // Host order.
  uint32_t ecs_mask = 0;  // Of the bits that are drawn: those between the prefix and /24.
};

void ParsePrefix(const std::string& text, Options& options) {
  const size_t slash = text.find('/');
  in_addr address{};
  if (slash == std::string::npos || inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1) {
    Die("--ecs takes a prefix, like 10.0.0.0/10");
  }
  const int length = std::atoi(text.c_str() + slash + 1);
  if (length < 1 || length > 24) Die("--ecs: a prefix of 1 to 24 bits");
  options.ecs = true;
  options.ecs_mask = (0xFFFFFFFFu >> length) & 0xFFFFFF00u;
  options.ecs_base = ntohl(address.s_addr) & ~(0xFFFFFFFFu >> length);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) Die("options have the form --name=value");
    const std::string name = argument.substr(0, equals), value = argument.substr(equals + 1);
    if (name == "--port") {
      options.port = static_cast<uint16_t>(std::atoi(value.c_str()));
    } else if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (name == "--window") {
      options.window = std::strtoul(value.c_str(), nullptr, 10);
    } else if (name == "--sockets") {
      options.sockets = std::strtoul(value.c_str(), nullptr, 10);
    } else if (name == "--names") {
      options.names = value;
    } else if (name == "--ecs") {
      ParsePrefix(value, options);
    } else {
      Die("unknown option " + name);
    }
  }
  if (options.port == 0 || options.names.empty()) Die("--port and --names are needed");
  if (options.sockets == 0 || options.window < options.sockets || options.window / options.sockets > 65536) {
    Die("the window is 1 to 65536 a socket");
  }
  return options;
}

// A whole question; the last three bytes are the subnet's when there is one.
std::string MakeQuestion(const std::string& name, bool ecs) {
  std::string packet(12, '\0');
  packet[2] = 0x01;  // RD, as stub resolvers send.
  packet[5] = 1;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('.', at), name.size());
    packet.push_back(static_cast<char>(end - at));
    packet += name.substr(at, end - at);
    at = end + 1;
  }
  packet += std::string("\0\0\1\0\1", 5);
  if (ecs) {
    packet[11] = 1;
    // OPT, 1232 bytes, 11 of options: ECS of 7 bytes, family 1, source 24, scope 0.
    packet += std::string("\0\0\x29\x04\xd0\0\0\0\0\0\x0b\0\x08\0\x07\0\x01\x18\0", 19) + "???";
  }
  if (packet.size() > kQueryBytesMax) Die("name too long: " + name);
  return packet;
}

std::vector<std::string> ReadQuestions(const Options& options) {
  std::ifstream file(options.names);
  std::vector<std::string> questions;
  for (std::string name; std::getline(file, name);) {
    if (!name.empty()) questions.push_back(MakeQuestion(name, options.ecs));
  }
  if (questions.empty()) Die("no names in " + options.names);
  return questions;
}

class Load {
 public:
  Load(const Options& options, std::vector<std::string> questions)
      : options_(options), questions_(std::move(questions)), sockets_(options.sockets) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (Socket& s : sockets_) {
      s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
      const int buffer = 4 << 20;
      setsockopt(s.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
      if (connect(s.fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) Die("connect failed");
      s.sent_ns.assign(options.window / options.sockets, 0);
      for (size_t i = 0; i < s.sent_ns.size(); ++i) s.free_ids.push_back(static_cast<uint16_t>(i));
      poll_.push_back({s.fd, POLLIN, 0});
    }
    for (size_t i = 0; i < kBatch; ++i) {
      out_parts_[i] = {out_[i].data(), 0};
      out_headers_[i].msg_hdr.msg_iov = &out_parts_[i];
      out_headers_[i].msg_hdr.msg_iovlen = 1;
      in_parts_[i] = {in_[i].data(), in_[i].size()};
      in_headers_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_headers_[i].msg_hdr.msg_iovlen = 1;
    }
    latencies_.reserve(kLatencySamplesMax);
  }

  void Run() {
    const uint64_t start = NowNs();
    const uint64_t end = start + static_cast<uint64_t>(options_.seconds * 1e9);
    const uint64_t warm = start + static_cast<uint64_t>(options_.seconds * 1e8);
    uint64_t last_progress = start;
    for (uint64_t now = start; now < end; now = NowNs()) {
      if (warm_at_ns_ == 0 && now >= warm) {
        warm_at_ns_ = now;
        received_cold_ = received_;
        latencies_.clear();
      }
      bool progress = false;
      for (Socket& s : sockets_) {
        progress |= Fill(s, now);
        progress |= Drain(s);
      }
      if (progress) {
        last_progress = now;
        continue;
      }
      poll(poll_.data(), poll_.size(), 1);
      if (NowNs() - last_progress > kLostAfterNs) {
        GiveUp();
        last_progress = NowNs();
      }
    }
    measured_ns_ = NowNs() - warm_at_ns_;
  }

  void Print() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double share) {
      if (latencies_.empty()) return 0.0;
      return latencies_[static_cast<size_t>(share * static_cast<double>(latencies_.size() - 1))] / 10.0;
    };
    const auto share = [this](uint64_t n) {
      return received_ == 0 ? 0.0 : static_cast<double>(n) / static_cast<double>(received_);
    };
    std::printf(
        "{\"qps\":%.0f,\"total\":%llu,\"lost\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
        "\"noerror\":%.4f,\"with_records\":%.4f}\n",
        static_cast<double>(received_ - received_cold_) * 1e9 / static_cast<double>(measured_ns_),
        static_cast<unsigned long long>(received_), static_cast<unsigned long long>(lost_), at(0.5), at(0.99),
        at(0.999), share(noerror_), share(with_records_));
  }

 private:
  struct Socket {
    int fd = -1;
    std::vector<uint64_t> sent_ns;  // By query id; 0: not outstanding.
    std::vector<uint16_t> free_ids;
  };

  uint32_t Random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint32_t>(random_ >> 32);
  }

  void Write(size_t slot, uint16_t id) {
    const size_t which =
        questions_.size() == 1 ? 0 : static_cast<size_t>(uint64_t{Random()} * questions_.size() >> 32);
    const std::string& question = questions_[which];
    char* packet = out_[slot].data();
    std::memcpy(packet, question.data(), question.size());
    packet[0] = static_cast<char>(id >> 8);
    packet[1] = static_cast<char>(id);
    if (options_.ecs) {
      const uint32_t subnet = options_.ecs_base | (Random() & options_.ecs_mask);
      char* address = packet + question.size() - 3;
      address[0] = static_cast<char>(subnet >> 24);
      address[1] = static_cast<char>(subnet >> 16);
      address[2] = static_cast<char>(subnet >> 8);
    }
    out_parts_[slot].iov_len = question.size();
  }

  // Sends until nothing is left to send or the socket is full.
  bool Fill(Socket& s, uint64_t now) {
    bool progress = false;
    while (!s.free_ids.empty()) {
      const size_t n = std::min(kBatch, s.free_ids.size());
      for (size_t i = 0; i < n; ++i) {
        const uint16_t id = s.free_ids[s.free_ids.size() - 1 - i];
        Write(i, id);
        s.sent_ns[id] = now;
      }
      const int sent = sendmmsg(s.fd, out_headers_.data(), static_cast<unsigned>(n), 0);
      const size_t done = sent > 0 ? static_cast<size_t>(sent) : 0;
      for (size_t i = done; i < n; ++i) s.sent_ns[s.free_ids[s.free_ids.size() - 1 - i]] = 0;
      s.free_ids.resize(s.free_ids.size() - done);
      progress |= done > 0;
      if (done < n) break;
    }
    return progress;
  }

  bool Drain(Socket& s) {
    const int n = recvmmsg(s.fd, in_headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (n <= 0) return false;
    const uint64_t now = NowNs();
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
      const auto* answer = reinterpret_cast<const uint8_t*>(in_[i].data());
      const size_t id = static_cast<size_t>(answer[0] << 8 | answer[1]);
      if (in_headers_[i].msg_len < 12 || id >= s.sent_ns.size() || s.sent_ns[id] == 0) continue;
      if (received_ % kLatencySampleEvery == 0 && latencies_.size() < kLatencySamplesMax) {
        latencies_.push_back(static_cast<uint32_t>((now - s.sent_ns[id]) / 100));
      }
      s.sent_ns[id] = 0;
      s.free_ids.push_back(static_cast<uint16_t>(id));
      ++received_;
      noerror_ += (answer[3] & 15) == 0 ? 1 : 0;
      with_records_ += answer[6] != 0 || answer[7] != 0 ? 1 : 0;
    }
    return true;
  }

  void GiveUp() {
    for (Socket& s : sockets_) {
      for (size_t id = 0; id < s.sent_ns.size(); ++id) {
        if (s.sent_ns[id] == 0) continue;
        s.sent_ns[id] = 0;
        s.free_ids.push_back(static_cast<uint16_t>(id));
        ++lost_;
      }
    }
  }

  const Options options_;
  const std::vector<std::string> questions_;
  std::vector<Socket> sockets_;
  std::vector<pollfd> poll_;
  std::array<std::array<char, kQueryBytesMax>, kBatch> out_{};
  std::array<std::array<char, kAnswerBytesMax>, kBatch> in_{};
  std::array<iovec, kBatch> out_parts_{}, in_parts_{};
  std::array<mmsghdr, kBatch> out_headers_{}, in_headers_{};
  std::vector<uint32_t> latencies_;  // Tenths of a microsecond.
  uint64_t received_ = 0, received_cold_ = 0, lost_ = 0, noerror_ = 0, with_records_ = 0;
  uint64_t warm_at_ns_ = 0, measured_ns_ = 1;
  uint64_t random_ = 0x9E3779B97F4A7C15;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  const auto load = std::make_unique<Load>(options, ReadQuestions(options));
  load->Run();
  load->Print();
}
