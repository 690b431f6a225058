#include "replica/core/peer_log.h"

#include <algorithm>
#include <utility>

namespace nonet::replica {

bool PeerLog::Fits(size_t cost) const {
  return messages() < limits_.messages_max && bytes() + cost <= limits_.bytes_max;
}

void PeerLog::Append(MessagePtr message, size_t cost, Now now, Losses* lost) {
  waiting_.push_back({std::move(message), ++assigned_, cost, now.steady_ns});
  waiting_bytes_ += cost;
  // The newest always stays: a message may be larger than the bound.
  while (messages() > limits_.messages_max || bytes() > limits_.bytes_max) {
    if (OldestDroppable() == nullptr || waiting_.size() == 1) break;
    DropOldest(GapCause::kLogOverflow, lost);
  }
}

const PeerLog::Entry* PeerLog::OldestDroppable() const {
  if (!live_ && !flight_.empty()) return &flight_.front();
  return waiting_.empty() ? nullptr : &waiting_.front();
}

bool PeerLog::DropOldest(GapCause cause, Losses* lost) {
  if (live_ || flight_.empty()) {
    if (waiting_.empty()) return false;
    DropWaiting(cause, lost);
    return true;
  }
  const Entry entry = flight_.pop_front();
  flight_bytes_ -= entry.cost;
  unsent_flight_bytes_ -= entry.cost;  // No stream: all of it is unsent on the next one.
  ++in_doubt_;
  Remember(entry, cause, true);
  return true;
}

void PeerLog::DropWaiting(GapCause cause, Losses* lost) {
  const Entry entry = waiting_.pop_front();
  waiting_bytes_ -= entry.cost;
  Remember(entry, cause, false);
  lost->push_back({cause, entry.message->hub, entry.message->sequence, entry.message->sequence, 1});
}

// A run of neighbours of one cause is one; with many hubs in turn, hubs are told apart no longer.
void PeerLog::Remember(const Entry& entry, GapCause cause, bool sent) {
  const uint64_t position = entry.position;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), position, [](uint64_t at, const Run& run) {
    return at < run.notice.first_position;
  });
  if (after != runs_.begin()) {
    Run& before = *std::prev(after);
    if (before.notice.last_position + 1 == position && before.sent == sent && before.notice.cause == cause &&
        (before.notice.hub == entry.message->hub || before.notice.hub.empty() ||
         runs_.size() >= kLossRunsMax)) {
      before.notice.last_position = position;
      before.notice.last_sequence = entry.message->sequence;
      if (before.notice.hub != entry.message->hub) before.notice.hub.clear();
      return;
    }
  }
  Run run;
  run.notice = {position,           position, entry.message->sequence, entry.message->sequence,
                entry.message->hub, cause};
  run.sent = sent;
  runs_.insert(after, std::move(run));
}

void PeerLog::Expire(Now now, Losses* lost) {
  for (const Entry* oldest = OldestDroppable();
       oldest != nullptr && now.steady_ns - oldest->appended_ns > limits_.age_max_ns;
       oldest = OldestDroppable()) {
    DropOldest(GapCause::kAged, lost);
  }
}

void PeerLog::TakeRuns(Batch* batch) {
  auto run = std::lower_bound(runs_.begin(), runs_.end(), told_ + 1, [](const Run& r, uint64_t position) {
    return r.notice.first_position < position;
  });
  for (; run != runs_.end() && run->notice.first_position == told_ + 1; ++run) {
    batch->gaps.push_back(run->notice);
    told_ = run->notice.last_position;
  }
}

void PeerLog::TakeMessages(Batch* batch) {
  const size_t window = static_cast<size_t>(std::min<uint64_t>(credit_bytes_, limits_.in_flight_bytes_max));
  size_t bytes = 0;
  const auto fits = [&](const Entry& entry) {
    if (entry.position != told_ + 1 || batch->messages.size() >= kBatchMessagesMax) return false;
    if (!batch->messages.empty() && bytes + entry.cost > kBatchBytesMax) return false;
    const size_t in_flight = flight_bytes_ - unsent_flight_bytes_;
    return (credit_bytes_ > 0 || probe_) && (in_flight == 0 || in_flight + entry.cost <= window);
  };
  const auto take = [&](Entry& entry) {
    probe_ = false;
    bytes += entry.cost;
    told_ = entry.position;
    batch->messages.push_back(entry.message);
  };
  while (cursor_ < flight_.size() && fits(flight_[cursor_])) {
    unsent_flight_bytes_ -= flight_[cursor_].cost;
    take(flight_[cursor_++]);
  }
  // With too many runs told and not acknowledged, no new ones may come up between messages.
  if (cursor_ < flight_.size() || runs_.size() >= kLossRunsMax / 2) return;
  while (!waiting_.empty() && fits(waiting_.front())) {
    take(waiting_.front());
    waiting_bytes_ -= waiting_.front().cost;
    flight_bytes_ += waiting_.front().cost;
    flight_.push_back(waiting_.pop_front());
    ++cursor_;
  }
}

void PeerLog::Take(Now now, Batch* batch, Losses* lost) {
  if (!live_ || told_ == assigned_) return;
  while (!waiting_.empty() && cursor_ == flight_.size() && runs_.size() < kLossRunsMax / 2 &&
         waiting_.front().message->Expired(now.wall_ns)) {
    DropWaiting(GapCause::kExpired, lost);
  }
  TakeRuns(batch);
  TakeMessages(batch);
  if (batch->empty()) return;
  batch->first_position = told_ + 1 - batch->messages.size();
  told_ever_ = std::max(told_ever_, told_);
}

void PeerLog::Confirm(uint64_t position) {
  while (!flight_.empty() && flight_.front().position <= position) {
    const Entry entry = flight_.pop_front();
    flight_bytes_ -= entry.cost;
    if (cursor_ > 0) {
      --cursor_;
    } else {
      unsent_flight_bytes_ -= entry.cost;
    }
    ++delivered_;
  }
  while (!runs_.empty() && runs_.front().notice.first_position <= position) {
    Run& run = runs_.front();
    const uint64_t had = std::min(run.notice.last_position, position) - run.notice.first_position + 1;
    if (run.sent) {
      in_doubt_ -= had;
      delivered_ += had;
    }
    if (run.notice.last_position > position) {
      run.notice.first_position = position + 1;
      break;
    }
    runs_.pop_front();
  }
  acknowledged_ = position;
  told_ = std::max(told_, position);
}

bool PeerLog::Acknowledge(uint64_t position) {
  if (position > told_ever_) return false;
  if (position > acknowledged_) Confirm(position);
  return true;
}

bool PeerLog::ResumeAfter(uint64_t position, Losses* lost) {
  if (position > told_ever_ || position < acknowledged_) return false;
  Confirm(position);
  // What was in doubt is not any more: it did not arrive.
  for (Run& run : runs_) {
    if (!run.sent) continue;
    run.sent = false;
    in_doubt_ -= run.notice.messages();
    lost->push_back({run.notice.cause, run.notice.hub, run.notice.first_sequence, run.notice.last_sequence,
                     run.notice.messages()});
  }
  cursor_ = 0;
  unsent_flight_bytes_ = flight_bytes_;
  told_ = position;
  live_ = true;
  return true;
}

void PeerLog::Interrupt() {
  live_ = false;
  cursor_ = 0;
  unsent_flight_bytes_ = flight_bytes_;
}

void PeerLog::Reset(Losses* lost) {
  const auto lose = [&](GapCause cause, const std::string& hub, uint64_t first, uint64_t last, uint64_t n) {
    if (!lost->empty()) {
      Loss& back = lost->back();
      if (back.cause == cause && (back.hub == hub || lost->size() >= kLossRunsMax)) {
        if (back.hub != hub) back.hub.clear();
        back.first_sequence = std::min(back.first_sequence, first);
        back.last_sequence = std::max(back.last_sequence, last);
        back.messages += n;
        return;
      }
    }
    lost->push_back({cause, hub, first, last, n});
  };
  for (const Run& run : runs_) {
    if (!run.sent) continue;  // The others were counted when they were dropped.
    lose(GapCause::kPeerGone, run.notice.hub, run.notice.first_sequence, run.notice.last_sequence,
         run.notice.messages());
  }
  for (Ring<Entry>* entries : {&flight_, &waiting_}) {
    for (size_t i = 0; i < entries->size(); ++i) {
      const Message& message = *(*entries)[i].message;
      lose(GapCause::kPeerGone, message.hub, message.sequence, message.sequence, 1);
    }
    entries->clear();
  }
  runs_.clear();
  cursor_ = flight_bytes_ = unsent_flight_bytes_ = waiting_bytes_ = 0;
  in_doubt_ = assigned_ = acknowledged_ = delivered_ = told_ = told_ever_ = 0;
  live_ = false;
}

}  // namespace nonet::replica
