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
  }
  return "OTHER";
}

}  // namespace

QueryMetrics::QueryMetrics(Metrics& metrics, const char* transport)
    : dropped_(metrics.AddCounter("nonet_dns_queries_dropped_total",
                                  "Packets that get no answer: too short, or answers themselves.",
                                  {{"transport", transport}})) {
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
}

}  // namespace nonet::dns
