#include "replica/core/hub.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "replica/core/limits.h"

namespace nonet::replica {

bool AckHistory::Contains(uint64_t ack_id) const {
  if (ring_.empty() || ack_id > highest_) return false;
  return std::find(ring_.begin(), ring_.end(), ack_id) != ring_.end();
}

void AckHistory::Record(uint64_t ack_id) {
  highest_ = std::max(highest_, ack_id);
  if (ring_.size() < kAckIdsRemembered) {
    ring_.push_back(ack_id);
    return;
  }
  ring_[next_] = ack_id;
  next_ = (next_ + 1) % kAckIdsRemembered;
}

Connection& HubTable::Add(ConnectionSpec spec, uint64_t* change) {
  last_.Forget();
  const ConnectionKey key = spec.key;
  const std::vector<std::string> groups = std::move(spec.groups);
  spec.groups.clear();
  auto [it, inserted] = connections_.emplace(key, std::make_unique<Connection>(std::move(spec)));
  NONET_CHECK(inserted);
  Connection& connection = *it->second;
  const std::string& hub_name = connection.spec.hub;
  Hub& hub = hubs_[hub_name];
  hub.all.emplace(key, &connection);
  hub.by_id.emplace(connection.spec.id, &connection);
  *change = interest_.Add(hub_name, Target::kAll, "");
  if (!connection.spec.user_id.empty()) {
    hub.users[connection.spec.user_id].emplace(key, &connection);
    *change = std::max(*change, interest_.Add(hub_name, Target::kUser, connection.spec.user_id));
  }
  for (const std::string& group : groups) {
    if (const auto joined = Join(connection, group)) *change = std::max(*change, *joined);
  }
  return connection;
}

void HubTable::Remove(ConnectionKey key) {
  last_.Forget();
  const auto it = connections_.find(key);
  if (it == connections_.end()) return;
  Connection& connection = *it->second;
  while (!connection.groups.empty()) Leave(connection, std::string(connection.groups.begin()->first));
  const auto found = hubs_.find(connection.spec.hub);
  Hub& hub = found->second;
  if (!connection.spec.user_id.empty()) {
    const auto user = hub.users.find(connection.spec.user_id);
    user->second.erase(key);
    if (user->second.empty()) hub.users.erase(user);
    interest_.Release(connection.spec.hub, Target::kUser, connection.spec.user_id);
  }
  hub.by_id.erase(connection.spec.id);
  hub.all.erase(key);
  interest_.Release(connection.spec.hub, Target::kAll, "");
  if (hub.all.empty()) hubs_.erase(found);
  connections_.erase(it);
}

Connection* HubTable::Find(ConnectionKey key) {
  const auto it = connections_.find(key);
  return it == connections_.end() ? nullptr : it->second.get();
}

std::optional<uint64_t> HubTable::Join(Connection& connection, absl::string_view group) {
  last_.Forget();
  if (const auto it = connection.groups.find(group); it != connection.groups.end()) return it->second;
  if (connection.groups.size() >= kGroupsPerConnectionMax) return std::nullopt;
  hubs_[connection.spec.hub].groups[group].emplace(connection.spec.key, &connection);
  const uint64_t change = interest_.Add(connection.spec.hub, Target::kGroup, group);
  connection.groups.emplace(group, change);
  return change;
}

void HubTable::Leave(Connection& connection, absl::string_view group) {
  last_.Forget();
  const auto it = connection.groups.find(group);
  if (it == connection.groups.end()) return;
  Hub& hub = hubs_.find(connection.spec.hub)->second;
  const auto members = hub.groups.find(group);
  members->second.erase(connection.spec.key);
  if (members->second.empty()) hub.groups.erase(members);
  interest_.Release(connection.spec.hub, Target::kGroup, group);
  connection.groups.erase(it);
}

HubTable::Audience HubTable::LookUp(absl::string_view hub_name, Target target, absl::string_view name) const {
  const auto found = hubs_.find(hub_name);
  if (found == hubs_.end()) return {};
  const Hub& hub = found->second;
  if (target == Target::kAll) return {&hub, &hub.all};
  if (target == Target::kConnection) return {&hub, nullptr};
  const auto& names = target == Target::kGroup ? hub.groups : hub.users;
  const auto members = names.find(name);
  return {&hub, members == names.end() ? nullptr : &members->second};
}

void HubTable::Recipients(const Message& message, std::vector<Connection*>* out) {
  Select(message.hub, message.target, message.target_name, message.excluded_connections, message.filter.get(),
         out);
}

void HubTable::Select(absl::string_view hub_name, Target target, absl::string_view name,
                      const std::vector<std::string>& excluded_ids, const ConnectionFilter* filter,
                      std::vector<Connection*>* out) {
  const Audience* last = last_.Find(hub_name, target, name);
  const Audience& audience =
      last != nullptr ? *last : last_.Keep(hub_name, target, name, LookUp(hub_name, target, name));
  if (audience.hub == nullptr) return;
  const auto& by_id = audience.hub->by_id;
  std::vector<ConnectionKey> excluded;  // Empty for most messages, so no memory is taken.
  for (const std::string& id : excluded_ids) {
    const auto it = by_id.find(id);
    if (it != by_id.end()) excluded.push_back(it->second->spec.key);
  }
  std::sort(excluded.begin(), excluded.end());
  const auto consider = [&](ConnectionKey key, Connection* connection) {
    if (!excluded.empty() && std::binary_search(excluded.begin(), excluded.end(), key)) return;
    if (filter != nullptr &&
        !filter->Matches({connection->spec.id, connection->spec.user_id, connection->groups})) {
      return;
    }
    out->push_back(connection);
  };
  if (target == Target::kConnection) {
    const auto it = by_id.find(name);
    if (it != by_id.end()) consider(it->second->spec.key, it->second);
  } else if (audience.members != nullptr) {
    for (const auto& [key, connection] : *audience.members) consider(key, connection);
  }
}

std::vector<ConnectionKey> HubTable::Keys() const {
  std::vector<ConnectionKey> keys;
  keys.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace nonet::replica
