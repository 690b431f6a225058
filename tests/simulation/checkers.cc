#include "tests/simulation/checkers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nonet::sync_check {

void Deliveries::Got(uint32_t subscriber, uint32_t sender, uint32_t stream, uint64_t number) {
  ++count_;
  const auto what = [&] {
    return absl::StrCat("subscriber ", subscriber, " got message ", number, " of sender ", sender,
                        " to stream ", stream);
  };
  if (!seen_.insert({subscriber, sender, stream, number}).second) {
    violations_.push_back({"duplicate", absl::StrCat(what(), " twice")});
    return;
  }
  uint64_t& last = last_[{subscriber, sender, stream, 0}];
  if (number < last) violations_.push_back({"order", absl::StrCat(what(), " after message ", last)});
  last = std::max(last, number);
}

bool Deliveries::Has(uint32_t subscriber, uint32_t sender, uint32_t stream, uint64_t number) const {
  return seen_.contains({subscriber, sender, stream, number});
}

std::vector<Promise> CheckPromises(const std::vector<Promise>& promises, const Deliveries& deliveries,
                                   const std::function<bool(const Promise&)>& excused,
                                   Violations* violations) {
  std::vector<Promise> missing;
  for (const Promise& p : promises) {
    if (deliveries.Has(p.subscriber, p.sender, p.stream, p.number)) continue;
    if (excused(p)) {
      missing.push_back(p);
      continue;
    }
    violations->push_back(
        {"promise", absl::StrCat("subscriber ", p.subscriber, " at instance ", p.at, " never got message ",
                                 p.number, " of sender ", p.sender, " to stream ", p.stream, " (sequence ",
                                 p.sequence, " of instance ", p.origin, "), and nobody says why")});
  }
  return missing;
}

bool Listed(const replica::GapList& gaps, const std::string& origin, const std::string& epoch,
            const std::string& peer, uint64_t sequence) {
  for (const replica::Gap& gap : gaps.listed()) {
    if (gap.origin == origin && gap.epoch == epoch && gap.peer == peer && gap.first <= sequence &&
        (gap.last == 0 || sequence <= gap.last)) {
      return true;
    }
  }
  return false;
}

void CheckAudits(const std::vector<replica::Audit>& first, const std::vector<replica::Audit>& second,
                 Violations* violations) {
  for (const replica::Finding& finding : replica::Judge(first, second)) {
    if (!finding.violation()) continue;
    violations->push_back(
        {"conservation", absl::StrCat(replica::FindingName(finding.kind), " ", finding.origin, " -> ",
                                      finding.peer, ": ", finding.text)});
  }
}

void CheckBounds(const replica::Audit& audit, const replica::PeerLogLimits& limits, size_t largest,
                 Violations* violations) {
  for (const replica::LinkAudit& link : audit.to) {
    const uint64_t bytes_max = limits.bytes_max + limits.in_flight_bytes_max + largest;
    if (link.waiting_bytes > bytes_max) {
      violations->push_back({"bounds", absl::StrCat(audit.instance, " keeps ", link.waiting_bytes,
                                                    " bytes for ", link.peer, ", at most ", bytes_max)});
    }
    // What is under way is kept on top: each message costs at least its overhead.
    const uint64_t messages_max =
        limits.messages_max + limits.in_flight_bytes_max / replica::kMessageOverheadBytes + 1;
    if (link.waiting + link.in_flight > messages_max) {
      violations->push_back({"bounds", absl::StrCat(audit.instance, " keeps ", link.waiting + link.in_flight,
                                                    " messages for ", link.peer)});
    }
  }
}

}  // namespace nonet::sync_check
