// Counts of answers by RCODE, batched: the answering threads add once a batch.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/process/metrics.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {

// What one batch came to. One thread.
struct QueryCounts {
  static constexpr size_t kRcodes = 24;  // BADVERS and BADCOOKIE included.
  std::array<uint32_t, kRcodes> by_rcode{};
  uint32_t dropped = 0;
  uint32_t slipped = 0, withheld = 0;  // By rate limiting; the former are among by_rcode too.
  uint32_t good_cookies = 0;
  uint64_t bytes_in = 0, bytes_out = 0;

  void Add(size_t query_bytes, const Response& response) {
    bytes_in += query_bytes;
    bytes_out += response.bytes;
    if (response.cookie == CookieState::kGood) ++good_cookies;
    if (response.bytes == 0) {
      ++dropped;
    } else {
      ++by_rcode[static_cast<size_t>(response.rcode) % kRcodes];
    }
  }
};

class QueryMetrics {  // Thread-safe.
 public:
  QueryMetrics(Metrics& metrics, const char* transport);  // "udp", "tcp"
  void Add(const QueryCounts& counts);

 private:
  std::vector<Counter> by_rcode_;
  Counter dropped_, slipped_, withheld_, good_cookies_, bytes_in_, bytes_out_;
};

}  // namespace nonet::dns
