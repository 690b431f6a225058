#include "common/watch/watch_state.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/rpc/status.h"

namespace nonet {
namespace {

using watch::v1::Event;
using watch::v1::WatchResponse;

// A state file is this word, the checksum of the rest in 16 hex digits, a newline, and a WatchResponse of
// kind SNAPSHOT. Its `last` is false when a newer version of something was refused.
constexpr absl::string_view kMagic = "nonet-watch-1 ";

// Field number and wire type 2 (a message) of WatchResponse.events.
constexpr uint32_t kEventsTag = WatchResponse::kEventsFieldNumber << 3 | 2;

// FNV-1a, 64 bits: finds a damaged file, no more.
uint64_t Checksum(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

std::string WatchState::Encode() const {
  WatchResponse head;
  head.set_kind(WatchResponse::KIND_SNAPSHOT);
  head.set_revision(revision_);
  head.set_history(history_);
  head.set_last(refusals_.empty() && !restored_with_refusals_);
  std::string bytes = head.SerializeAsString();
  {
    // The events follow one by one, as parts of the same message: nothing is copied to build it.
    google::protobuf::io::StringOutputStream stream(&bytes);  // Appends.
    google::protobuf::io::CodedOutputStream coded(&stream);
    for (const auto& [name, event] : objects_) {
      coded.WriteTag(kEventsTag);
      coded.WriteVarint64(event.ByteSizeLong());
      event.SerializeWithCachedSizes(&coded);
    }
  }
  return absl::StrCat(kMagic, absl::StrFormat("%016x", Checksum(bytes)), "\n", bytes);
}

absl::Status WatchState::Restore(absl::string_view file, WatchClient::Delta& delta) {
  if (!absl::ConsumePrefix(&file, kMagic) || file.size() < 17 || file[16] != '\n') {
    return absl::DataLossError("not a watch state file");
  }
  uint64_t expected = 0;
  const absl::string_view bytes = file.substr(17);
  WatchResponse content;
  if (!absl::SimpleHexAtoi(file.substr(0, 16), &expected) || Checksum(bytes) != expected ||
      !content.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("the watch state file is damaged");
  }
  Outcome outcome;
  for (Event& event : *content.mutable_events()) Take(std::move(event), outcome);
  Tell(outcome, delta);
  restored_with_refusals_ = !content.last() || !refusals_.empty();
  refusals_.clear();
  revision_ = content.revision();
  history_ = content.history();
  delta.revision = revision_;
  delta.from_disk = true;
  return absl::OkStatus();
}

std::optional<WatchClient::Delta> WatchState::Receive(WatchResponse response) {
  if (!response.history().empty()) Follow(response.history());
  switch (response.kind()) {
    case WatchResponse::KIND_SNAPSHOT:
      return ReceiveSnapshot(std::move(response));
    case WatchResponse::KIND_CHANGES: {
      WatchClient::Delta delta;
      Outcome outcome;
      for (Event& event : *response.mutable_events()) Take(std::move(event), outcome);
      Tell(outcome, delta);
      revision_ = std::max(revision_, response.revision());
      delta.revision = revision_;
      if (delta.changed.empty() && delta.removed.empty()) {
        Progress(revision_);
        return std::nullopt;
      }
      return delta;
    }
    case WatchResponse::KIND_PROGRESS:
      revision_ = std::max(revision_, response.revision());
      Progress(revision_);
      return std::nullopt;
    default:  // A kind of a later version carries nothing that this one could apply.
      return std::nullopt;
  }
}

void WatchState::Follow(const std::string& history) {
  next_history_ = history;
  if (history_.empty()) history_ = history;  // From before histories had names, and taken up where it was.
  if (history_ == history) return;
  // What was acknowledged, and what is being applied, says nothing about the new one. A snapshot follows.
  acknowledged_ = 0;
  for (Unapplied& entry : unapplied_) entry.revision = 0;
}

std::optional<WatchClient::Delta> WatchState::ReceiveSnapshot(WatchResponse response) {
  receiving_snapshot_ = true;
  for (Event& event : *response.mutable_events()) {
    std::string name = event.name();
    parts_[std::move(name)] = std::move(event);
  }
  if (!response.last()) return std::nullopt;
  auto parts = std::exchange(parts_, {});
  restored_with_refusals_ = false;
  Outcome outcome;
  for (auto it = objects_.begin(); it != objects_.end();) {
    if (parts.contains(it->first)) {
      ++it;
      continue;
    }
    outcome[it->first] = false;
    it = objects_.erase(it);
  }
  refusals_.clear();
  for (auto& [name, event] : parts) Take(std::move(event), outcome);
  WatchClient::Delta delta;
  Tell(outcome, delta);
  receiving_snapshot_ = false;
  history_ = next_history_;
  revision_ = response.revision();  // Also when it is lower: a snapshot replaces everything.
  delta.revision = revision_;
  return delta;
}

void WatchState::Take(Event event, Outcome& outcome) {
  const std::string name = event.name();
  const auto held = objects_.find(name);
  if (held != objects_.end()) {
    // Within a stream revisions rise; a snapshot may carry what is held already.
    if (held->second.revision() == event.revision()) return;
    if (held->second.revision() > event.revision() && !receiving_snapshot_) return;
  }
  if (event.deleted()) {
    refusals_.erase(name);
    if (held == objects_.end()) return;
    objects_.erase(held);
    outcome[name] = false;
    return;
  }
  if (const absl::Status verdict = validate_ ? validate_(event) : absl::OkStatus(); !verdict.ok()) {
    watch::v1::Refusal& refusal = refusals_[name];
    refusal.set_name(name);
    refusal.set_revision(event.revision());
    *refusal.mutable_error() = rpc::ToErrorInfo(verdict);
    return;
  }
  refusals_.erase(name);
  objects_[name] = std::move(event);
  outcome[name] = true;
}

void WatchState::Tell(const Outcome& outcome, WatchClient::Delta& delta) {
  for (const auto& [name, held] : outcome) (held ? delta.changed : delta.removed).push_back(name);
}

void WatchState::Progress(uint64_t revision) {
  if (unapplied_.empty()) {
    acknowledged_ = revision;
  } else {
    unapplied_.back().revision = revision;
  }
}

uint64_t WatchState::BeginApply(uint64_t revision) {
  unapplied_.push_back({++last_ticket_, revision});
  return last_ticket_;
}

void WatchState::EndApply(uint64_t ticket) {
  for (Unapplied& entry : unapplied_) {
    if (entry.ticket == ticket) entry.applied = true;
  }
  while (!unapplied_.empty() && unapplied_.front().applied) {
    acknowledged_ = unapplied_.front().revision;
    unapplied_.pop_front();
  }
}

}  // namespace nonet
