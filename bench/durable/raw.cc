// The ceiling of durable changes: threads that append to one file, as to one log, and fdatasync after each
// append.
//
//   durable_raw FILE THREADS SECONDS BYTES
//
// Prints one line: "rate PER_S p50_us N p99_us N bytes N".
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void Append(const std::string& path, size_t bytes, Clock::time_point end,
            std::vector<int64_t>* latencies_ns) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string record(bytes, 'v');
  for (Clock::time_point now = Clock::now(); now < end;) {
    if (fd < 0 || write(fd, record.data(), bytes) != static_cast<ssize_t>(bytes) || fdatasync(fd) != 0) {
      std::perror(path.c_str());
      std::exit(1);
    }
    const Clock::time_point done = Clock::now();
    latencies_ns->push_back((done - now).count());
    now = done;
  }
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: durable_raw FILE THREADS SECONDS BYTES\n");
    return 2;
  }
  const size_t threads = std::strtoul(argv[2], nullptr, 10);
  const double seconds = std::strtod(argv[3], nullptr);
  const size_t bytes = std::strtoul(argv[4], nullptr, 10);
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::vector<int64_t>> latencies(threads);
  std::vector<std::thread> running;
  for (size_t i = 0; i < threads; ++i) {
    running.emplace_back(Append, std::string(argv[1]), bytes, end, &latencies[i]);
  }
  for (std::thread& thread : running) thread.join();
  unlink(argv[1]);
  const double took_s = std::chrono::duration<double>(Clock::now() - begin).count();
  std::vector<int64_t> all;
  for (const auto& one : latencies) all.insert(all.end(), one.begin(), one.end());
  if (all.empty()) return 1;
  std::sort(all.begin(), all.end());
  const auto percentile = [&](size_t percent) {
    return static_cast<double>(all[(all.size() - 1) * percent / 100]) / 1e3;
  };
  std::printf("rate %.1f p50_us %.1f p99_us %.1f bytes %zu\n", static_cast<double>(all.size()) / took_s,
              percentile(50), percentile(99), bytes);
}
