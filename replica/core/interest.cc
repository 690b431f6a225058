#include "replica/core/interest.h"

#include "common/base/check.h"
#include "replica/core/limits.h"

namespace nonet::replica {
namespace {

size_t CostOf(const InterestChange& change) { return change.hub.size() + change.name.size() + 16; }

}  // namespace

uint64_t OwnInterest::Record(absl::string_view hub, Target kind, absl::string_view name, bool present) {
  log_.push_back({std::string(hub), kind, std::string(name), present});
  if (log_.size() > kInterestLogMax) {
    log_.pop_front();
    ++first_logged_;
  }
  return latest();
}

uint64_t OwnInterest::Add(absl::string_view hub_name, Target kind, absl::string_view name) {
  Hub& hub = hubs_[hub_name];
  Entry& entry = kind == Target::kAll ? hub.all : (kind == Target::kGroup ? hub.groups : hub.users)[name];
  if (entry.connections++ == 0) entry.change = Record(hub_name, kind, name, true);
  return entry.change;
}

void OwnInterest::Release(absl::string_view hub_name, Target kind, absl::string_view name) {
  const auto hub = hubs_.find(hub_name);
  NONET_CHECK(hub != hubs_.end());
  if (kind == Target::kAll) {
    NONET_CHECK(hub->second.all.connections > 0);
    if (--hub->second.all.connections == 0) Record(hub_name, kind, name, false);
  } else {
    auto& names = kind == Target::kGroup ? hub->second.groups : hub->second.users;
    const auto entry = names.find(name);
    NONET_CHECK(entry != names.end() && entry->second.connections > 0);
    if (--entry->second.connections == 0) {
      names.erase(entry);
      Record(hub_name, kind, name, false);
    }
  }
  if (hub->second.all.connections == 0 && hub->second.groups.empty() && hub->second.users.empty()) {
    hubs_.erase(hub);
  }
}

std::optional<uint64_t> OwnInterest::ChangesAfter(uint64_t from, size_t bytes_max,
                                                  std::vector<InterestChange>* out) const {
  if (from + 1 < first_logged_) return std::nullopt;
  size_t bytes = 0;
  uint64_t at = from;
  while (at < latest()) {
    const InterestChange& change = log_[at + 1 - first_logged_];
    bytes += CostOf(change);
    if (bytes > bytes_max && at > from) break;
    out->push_back(change);
    ++at;
  }
  return at;
}

void OwnInterest::Snapshot(std::vector<InterestChange>* out) const {
  for (const auto& [name, hub] : hubs_) {
    if (hub.all.connections > 0) out->push_back({name, Target::kAll, "", true});
    for (const auto& [group, entry] : hub.groups) out->push_back({name, Target::kGroup, group, true});
    for (const auto& [user, entry] : hub.users) out->push_back({name, Target::kUser, user, true});
  }
}

void PeerInterest::Apply(int slot, const InterestChange& change) {
  const PeerSet bit = PeerSet{1} << slot;
  if (!change.present) {
    const auto hub = hubs_.find(change.hub);
    if (hub == hubs_.end()) return;
    if (change.kind == Target::kAll) {
      hub->second.all &= ~bit;
      return;
    }
    auto& names = change.kind == Target::kGroup ? hub->second.groups : hub->second.users;
    const auto entry = names.find(change.name);
    if (entry == names.end()) return;
    entry->second &= ~bit;
    if (entry->second == 0) {
      names.erase(entry);
      --names_;
    }
    return;
  }
  Hub& hub = hubs_[change.hub];
  if (change.kind == Target::kAll) {
    hub.all |= bit;
    return;
  }
  auto& names = change.kind == Target::kGroup ? hub.groups : hub.users;
  const auto entry = names.find(change.name);
  if (entry != names.end()) {
    entry->second |= bit;
  } else if (names_ >= kPeerInterestNamesMax) {
    hub.everything |= bit;
  } else {
    names.emplace(change.name, bit);
    ++names_;
  }
}

void PeerInterest::Clear(int slot) {
  const PeerSet keep = ~(PeerSet{1} << slot);
  const auto clear = [&](absl::flat_hash_map<std::string, PeerSet>& names) {
    names_ -= absl::erase_if(names, [&](auto& entry) { return (entry.second &= keep) == 0; });
  };
  absl::erase_if(hubs_, [&](auto& entry) {
    Hub& hub = entry.second;
    hub.all &= keep;
    hub.everything &= keep;
    clear(hub.groups);
    clear(hub.users);
    return hub.all == 0 && hub.everything == 0 && hub.groups.empty() && hub.users.empty();
  });
}

PeerSet PeerInterest::Wanting(absl::string_view hub_name, Target kind, absl::string_view name) const {
  const auto hub = hubs_.find(hub_name);
  if (hub == hubs_.end()) return 0;
  if (kind == Target::kAll) return hub->second.all | hub->second.everything;
  const auto& names = kind == Target::kGroup ? hub->second.groups : hub->second.users;
  const auto entry = names.find(name);
  return hub->second.everything | (entry == names.end() ? 0 : entry->second);
}

}  // namespace nonet::replica
