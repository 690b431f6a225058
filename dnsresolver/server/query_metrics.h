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

  void Add(const Response& response) {
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
  Counter dropped_;
};

}  // namespace nonet::dns
