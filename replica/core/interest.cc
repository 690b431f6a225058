#include "replica/core/interest.h"

#include "common/base/check.h"
#include "replica/core/limits.h"

namespace nonet::replica {
namespace {

size_t CostOf(const InterestChange& change) { return change.hub.size() + change.name.size() + 16; }

// FNV-1a, 64 bits.
uint64_t Mix(uint64_t hash, absl::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

}  // namespace

uint64_t InterestHash(absl::string_view hub, Target kind, absl::string_view name) {
  const char separator[] = {'\0', static_cast<char>(kind), '\0'};
  uint64_t hash = Mix(0xCBF29CE484222325u, hub);
  hash = Mix(hash, absl::string_view(separator, sizeof(separator)));
  hash = Mix(hash, name);
  // The finaliser of SplitMix64: sums of plain FNV values cancel too easily.
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
  return hash ^ (hash >> 31);
}

uint64_t OwnInterest::Record(absl::string_view hub, Target kind, absl::string_view name, bool present) {
  const uint64_t hash = InterestHash(hub, kind, name);
  present ? sum_.Add(hash) : sum_.Remove(hash);
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

uint64_t OwnInterest::Members(absl::string_view hub_name, Target kind, absl::string_view name) const {
  const auto hub = hubs_.find(hub_name);
  if (hub == hubs_.end()) return 0;
  if (kind == Target::kAll) return hub->second.all.connections;
  const auto& names = kind == Target::kGroup ? hub->second.groups : hub->second.users;
  const auto entry = names.find(name);
  return entry == names.end() ? 0 : entry->second.connections;
}

const InterestSum* PeerInterest::sum(int slot) const {
  const Slot& s = slots_[static_cast<size_t>(slot)];
  return s.inexact ? nullptr : &s.sum;
}

void PeerInterest::Set(Slot& slot, PeerSet bit, PeerSet* peers, const InterestChange& change) {
  if (((*peers & bit) != 0) == change.present) return;
  *peers ^= bit;
  const uint64_t hash = InterestHash(change.hub, change.kind, change.name);
  change.present ? slot.sum.Add(hash) : slot.sum.Remove(hash);
}

void PeerInterest::Apply(int number, const InterestChange& change) {
  last_.Forget();
  const PeerSet bit = PeerSet{1} << number;
  Slot& slot = slots_[static_cast<size_t>(number)];
  auto found = hubs_.find(change.hub);
  if (found == hubs_.end()) {
    if (!change.present) return;
    found = hubs_.try_emplace(change.hub).first;
  }
  Hub& hub = found->second;
  if (change.kind == Target::kAll) {
    Set(slot, bit, &hub.all, change);
    return;
  }
  auto& names = change.kind == Target::kGroup ? hub.groups : hub.users;
  const auto entry = names.find(change.name);
  if (entry != names.end()) {
    Set(slot, bit, &entry->second, change);
    if (entry->second == 0) {
      names.erase(entry);
      --names_;
    }
  } else if (change.present && names_ >= kPeerInterestNamesMax) {
    hub.everything |= bit;
    slot.inexact = true;
  } else if (change.present) {
    Set(slot, bit, &names[change.name], change);
    ++names_;
  }
}

void PeerInterest::Clear(int slot) {
  last_.Forget();
  const PeerSet keep = ~(PeerSet{1} << slot);
  slots_[static_cast<size_t>(slot)] = Slot();
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

PeerSet PeerInterest::Wanting(absl::string_view hub, Target kind, absl::string_view name) const {
  if (const PeerSet* known = last_.Find(hub, kind, name)) return *known;
  return last_.Keep(hub, kind, name, LookUp(hub, kind, name));
}

PeerSet PeerInterest::LookUp(absl::string_view hub_name, Target kind, absl::string_view name) const {
  const auto hub = hubs_.find(hub_name);
  if (hub == hubs_.end()) return 0;
  if (kind == Target::kAll) return hub->second.all | hub->second.everything;
  const auto& names = kind == Target::kGroup ? hub->second.groups : hub->second.users;
  const auto entry = names.find(name);
  return hub->second.everything | (entry == names.end() ? 0 : entry->second);
}

}  // namespace nonet::replica
