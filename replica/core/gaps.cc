#include "replica/core/gaps.h"

#include <algorithm>
#include <utility>

namespace nonet::replica {
namespace {

// Runs that may still grow: a few hubs and causes for each pair of instances.
constexpr size_t kOpenRunsMax = 64;

}  // namespace

absl::string_view GapCauseName(GapCause cause) {
  switch (cause) {
    case GapCause::kLogOverflow:
      return "LogOverflow";
    case GapCause::kAged:
      return "Aged";
    case GapCause::kExpired:
      return "Expired";
    case GapCause::kPeerGone:
      return "PeerGone";
    case GapCause::kOriginGone:
      return "OriginGone";
  }
  return "Unknown";
}

void GapList::Add(Gap gap) {
  messages_[static_cast<size_t>(gap.cause)] += gap.messages;
  if (gap.messages > 0) {
    for (OpenRun& run : runs_) {
      if (run.gap < first_ || run.cause != gap.cause || run.peer != gap.peer || run.origin != gap.origin ||
          run.hub != gap.hub) {
        continue;
      }
      Gap& grown = gaps_[run.gap - first_];
      grown.first = std::min(grown.first, gap.first);
      grown.last = std::max(grown.last, gap.last);
      grown.messages += gap.messages;
      return;
    }
    runs_.push_back({first_ + gaps_.size(), gap.origin, gap.peer, gap.hub, gap.cause});
    if (runs_.size() > kOpenRunsMax) runs_.pop_front();
  }
  ++total_;
  gaps_.push_back(std::move(gap));
  if (gaps_.size() > kGapsListed) {
    gaps_.pop_front();
    ++first_;
  }
}

void GapList::Resolve(absl::string_view origin, absl::string_view epoch) {
  for (auto it = gaps_.begin(); it != gaps_.end(); ++it) {
    if (it->last != 0 || it->origin != origin || it->epoch != epoch) continue;
    const uint64_t number = first_ + static_cast<uint64_t>(it - gaps_.begin());
    gaps_.erase(it);
    --total_;
    for (OpenRun& run : runs_) {
      if (run.gap > number) --run.gap;
    }
    return;
  }
}

void GapList::EndRun(absl::string_view origin, absl::string_view peer) {
  runs_.erase(std::remove_if(runs_.begin(), runs_.end(),
                             [&](const OpenRun& run) { return run.origin == origin && run.peer == peer; }),
              runs_.end());
}

}  // namespace nonet::replica
