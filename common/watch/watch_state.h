// What a subscriber of the configuration holds: its last good objects, what it refused, and how far its owner
// has applied. No stream, file or clock in here: watch_client.cc moves the bytes.
//
//   if (auto delta = state.Receive(std::move(response))) {
//     const uint64_t ticket = state.BeginApply(delta->revision);
//     ... apply ...
//     state.EndApply(ticket);
//   }
//   ack.set_revision(state.acknowledged());
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/watch/watch_client.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet {

// Changes given to the owner and not yet applied by it; at the limit the client stops reading its stream.
inline constexpr size_t kWatchUnappliedMax = 1024;

class WatchState {  // One owner; not thread-safe.
 public:
  explicit WatchState(WatchClient::Validate validate) : validate_(std::move(validate)) {}

  // Takes a state file's content. DATA_LOSS when it is not one, and then nothing changes. Objects that
  // are refused now are left out.
  absl::Status Restore(absl::string_view file, WatchClient::Delta& delta);
  std::string Encode() const;

  // Takes one message of the stream. Answers what the owner must apply: nothing for progress, for a part of a
  // snapshot that is not the last, and when every change was refused or known.
  std::optional<WatchClient::Delta> Receive(watch::v1::WatchResponse response);
  // The stream ended: an unfinished snapshot is forgotten.
  void AbandonSnapshot() { parts_.clear(), receiving_snapshot_ = false; }

  // Every delta given to the owner is one ticket; what is acknowledged never passes an open one.
  uint64_t BeginApply(uint64_t revision);
  void EndApply(uint64_t ticket);
  size_t unapplied() const { return unapplied_.size(); }
  // Everything up to here has been applied.
  uint64_t acknowledged() const { return acknowledged_; }

  // What to resume after: 0 (a snapshot, please) when nothing is held, and after a restart with refusals, so
  // that what was refused is tried again.
  uint64_t resume_revision() const { return restored_with_refusals_ ? 0 : revision_; }
  uint64_t revision() const { return revision_; }
  // What its revisions count in (watch.proto); empty while nobody said.
  const std::string& history() const { return history_; }
  const WatchClient::Objects& objects() const { return objects_; }
  // By object name: refused versions that are still the newest.
  const std::map<std::string, watch::v1::Refusal>& refusals() const { return refusals_; }

 private:
  struct Unapplied {
    uint64_t ticket;
    uint64_t revision;
    bool applied = false;
  };

  void Follow(const std::string& history);
  std::optional<WatchClient::Delta> ReceiveSnapshot(watch::v1::WatchResponse response);
  void Take(watch::v1::Event event, WatchClient::Delta& delta);
  void Progress(uint64_t revision);

  WatchClient::Validate validate_;
  WatchClient::Objects objects_;
  std::map<std::string, watch::v1::Refusal> refusals_;
  std::map<std::string, watch::v1::Event> parts_;  // Of the snapshot that is arriving.
  bool receiving_snapshot_ = false;
  std::set<std::string> touched_;  // Names in the delta that is being made.
  bool restored_with_refusals_ = false;
  uint64_t revision_ = 0;
  std::string history_;
  std::string next_history_;  // Of the snapshot that is arriving; in force once it is whole.
  uint64_t acknowledged_ = 0;
  uint64_t last_ticket_ = 0;
  std::deque<Unapplied> unapplied_;  // Bounded by kWatchUnappliedMax.
};

}  // namespace nonet
