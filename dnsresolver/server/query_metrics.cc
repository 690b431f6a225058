#include "dnsresolver/server/query_metrics.h"

#include <string>

namespace nonet::dns {
namespace {

std::string RcodeName(size_t rcode) {
  switch (static_cast<Rcode>(rcode)) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServFail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
    case Rcode::kBadVers:
      return "BADVERS";
    case Rcode::kBadCookie:
      return "BADCOOKIE";
  }
  return "OTHER";
}

Counter Limited(Metrics& metrics, const char* transport, const char* action) {
  return metrics.AddCounter("nonet_dns_rate_limited_total",
                            "Answers that rate limiting cut short or withheld.",
                            {{"action", action}, {"transport", transport}});
}

Counter Volume(Metrics& metrics, const char* transport, const char* direction) {
  return metrics.AddCounter("nonet_dns_bytes_total", "Bytes of DNS messages; out by in is the amplification.",
                            {{"direction", direction}, {"transport", transport}});
}

}  // namespace

QueryMetrics::QueryMetrics(Metrics& metrics, const char* transport)
    : dropped_(metrics.AddCounter("nonet_dns_queries_dropped_total",
                                  "Packets that get no answer: too short, or answers themselves.",
                                  {{"transport", transport}})),
      slipped_(Limited(metrics, transport, "slip")),
      withheld_(Limited(metrics, transport, "withhold")),
      good_cookies_(metrics.AddCounter("nonet_dns_good_cookies_total",
                                       "Queries that showed a good server cookie.",
                                       {{"transport", transport}})),
      bytes_in_(Volume(metrics, transport, "in")),
      bytes_out_(Volume(metrics, transport, "out")) {
  for (size_t rcode = 0; rcode < QueryCounts::kRcodes; ++rcode) {
    by_rcode_.push_back(metrics.AddCounter("nonet_dns_queries_total", "Queries answered, by RCODE.",
                                           {{"rcode", RcodeName(rcode)}, {"transport", transport}}));
  }
}

void QueryMetrics::Add(const QueryCounts& counts) {
  for (size_t rcode = 0; rcode < QueryCounts::kRcodes; ++rcode) {
    if (counts.by_rcode[rcode] > 0) by_rcode_[rcode].Increment(counts.by_rcode[rcode]);
  }
  if (counts.dropped > 0) dropped_.Increment(counts.dropped);
  if (counts.slipped > 0) slipped_.Increment(counts.slipped);
  if (counts.withheld > 0) withheld_.Increment(counts.withheld);
  if (counts.good_cookies > 0) good_cookies_.Increment(counts.good_cookies);
  if (counts.bytes_in > 0) bytes_in_.Increment(static_cast<double>(counts.bytes_in));
  if (counts.bytes_out > 0) bytes_out_.Increment(static_cast<double>(counts.bytes_out));
}

}  // namespace nonet::dns
