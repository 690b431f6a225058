#include "dnsresolver/core/answer_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/regions/regions.h"

namespace nonet::dns {
namespace {

// SOA timers, for secondaries that do not exist; RFC 1912 section 2.2 suggests these magnitudes.
constexpr uint32_t kSoaRefreshSeconds = 3600;
constexpr uint32_t kSoaRetrySeconds = 600;
constexpr uint32_t kSoaExpireSeconds = 86400;
constexpr size_t kSectionBytesMax = 512;  // Two records and an SOA, with names mostly compressed.

Bytes AsBytes(absl::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

void WriteLabel(Writer& out, absl::string_view label) {
  out.U8(static_cast<uint8_t>(label.size()));
  out.Raw(AsBytes(label));
}

void WriteRecordHead(Writer& out, size_t owner_at, uint16_t type, uint32_t ttl_s, size_t rdata_bytes) {
  out.U16(PointerTo(owner_at));
  out.U16(type);
  out.U16(kClassIn);
  out.U32(ttl_s);
  out.U16(static_cast<uint16_t>(rdata_bytes));
}

void WriteAddress(Writer& out, size_t owner_at, uint32_t ttl_s, const Ipv4& address) {
  WriteRecordHead(out, owner_at, kTypeA, ttl_s, address.size());
  out.Raw(address);
}

Bytes LabelsBefore(const Name& zone, const Name& name) {
  return name.wire().first(name.size() - zone.size());
}

// To a name of `labels` and then the zone's, which a name at `zone_at` of the message ends in.
void WriteCname(Writer& out, size_t owner_at, uint32_t ttl_s, Bytes labels, size_t zone_at) {
  WriteRecordHead(out, owner_at, kTypeCname, ttl_s, labels.size() + 2);
  out.Raw(labels);
  out.U16(PointerTo(zone_at));
}

// TXT of class CHAOS, of one string: at most 255 bytes.
void WriteChaosText(Writer& out, absl::string_view text) {
  out.U16(PointerTo(kHeaderBytes));
  out.U16(kTypeTxt);
  out.U16(kClassChaos);
  out.U32(0);
  out.U16(static_cast<uint16_t>(1 + text.size()));
  WriteLabel(out, text);
}

// The records that `write` leaves in a buffer.
template <typename Write>
Sections Compile(uint16_t answers, uint16_t authorities, Write write) {
  std::array<uint8_t, kSectionBytesMax> buffer;
  Writer out(buffer);
  write(out);
  NONET_CHECK(!out.overflowed());
  return {answers, authorities, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(out.size())}};
}

}  // namespace

AnswerPlan::AnswerPlan(AnswerSettings settings, Topology topology,
                       std::shared_ptr<const PrefixTable> prefixes, const AnswerPlan* previous)
    : settings_(std::move(settings)), topology_(std::move(topology)), prefixes_(std::move(prefixes)) {
  names_.Reserve(3 + 2 * topology_.resources.size());
  size_t instances = 0;
  for (const ResourceTopology& resource : topology_.resources) instances += resource.endpoints.size();
  instances_.Reserve(instances);
  CompileZone();
  const bool reuse =
      previous != nullptr && previous->prefixes_ == prefixes_ && previous->settings_ == settings_;
  CompileResources(reuse ? previous : nullptr);
  for (uint32_t i = 0; i < resources_.size(); ++i) {
    const auto& key = resources_[i]->key;
    names_.Add({key.data(), key.size()}, {Kind::kResource, i, 0});
    names_.Add(resources_[i]->alias_key, {Kind::kAlias, i, 0});
  }
  for (uint32_t i = 0; i < resources_.size(); ++i) {
    const std::vector<std::string>& keys = resources_[i]->endpoint_keys;
    for (uint32_t j = 0; j < keys.size(); ++j) instances_.Add(keys[j], {Kind::kInstance, i, j});
  }
}

void AnswerPlan::CompileResources(const AnswerPlan* previous) {
  size_t old = 0;  // Both are sorted by name.
  resources_.reserve(topology_.resources.size());
  for (const ResourceTopology& resource : topology_.resources) {
    if (previous != nullptr) {
      const std::vector<ResourceTopology>& held = previous->topology_.resources;
      while (old < held.size() && held[old].name < resource.name) ++old;
      if (old < held.size() && AnswersAlike(held[old], resource)) {
        resources_.push_back(previous->resources_[old]);
        continue;
      }
    }
    resources_.push_back(CompileResource(resource));
  }
}

std::string AnswerPlan::KeyOf(const std::string& host_name) const {
  const absl::StatusOr<Name> name = Name::FromText(host_name);
  return name.ok() && name->IsWithin(settings_.zone) ? std::string(name->key()) : std::string();
}

const AnswerPlan::Entry* AnswerPlan::Find(absl::string_view key) const {
  const Entry* entry = names_.Find(key);
  return entry != nullptr ? entry : instances_.Find(key);
}

void AnswerPlan::WriteSoa(Writer& out, size_t zone_at, uint32_t ttl_s) const {
  WriteRecordHead(out, zone_at, kTypeSoa, ttl_s, (1 + 2 + 2) + (1 + 10 + 2) + 5 * 4);
  WriteLabel(out, "ns");
  out.U16(PointerTo(zone_at));
  WriteLabel(out, "hostmaster");
  out.U16(PointerTo(zone_at));
  out.U32(static_cast<uint32_t>(topology_.revision));  // Wraps: serials are compared so (RFC 1982).
  out.U32(kSoaRefreshSeconds);
  out.U32(kSoaRetrySeconds);
  out.U32(kSoaExpireSeconds);
  out.U32(settings_.negative_ttl_s());
}

void AnswerPlan::CompileZone() {
  zone_key_ = std::string(settings_.zone.key());
  names_.Add(zone_key_, {Kind::kApex});
  soa_ = Compile(1, 0, [&](Writer& out) { WriteSoa(out, kHeaderBytes, kZoneTtlSeconds); });
  name_servers_ = Compile(1, 0, [&](Writer& out) {
    WriteRecordHead(out, kHeaderBytes, kTypeNs, kZoneTtlSeconds, 1 + 2 + 2);
    WriteLabel(out, "ns");
    out.U16(PointerTo(kHeaderBytes));
  });
  const auto chaos = [](const std::string& text) {
    if (text.empty()) return Sections();
    return Compile(1, 0, [&](Writer& out) { WriteChaosText(out, text); });
  };
  version_ = chaos(settings_.version);
  server_id_ = chaos(settings_.server_id);
  // Two letters: no resource can have this name (ids have three at least).
  name_server_key_ = KeyOf("ns." + settings_.zone.ToText());
  names_.Add(name_server_key_, {Kind::kNameServer});
  if (settings_.chain == Chain::kTrafficManager) {
    aliases_key_ = KeyOf(absl::StrCat(kAliasLabel, ".", settings_.zone.ToText()));
    names_.Add(aliases_key_, {Kind::kAliases});
  }
  if (settings_.name_server_address.has_value()) {
    server_address_ = Compile(1, 0, [&](Writer& out) {
      WriteAddress(out, kHeaderBytes, kZoneTtlSeconds, *settings_.name_server_address);
    });
  }
}

std::shared_ptr<const AnswerPlan::ResourcePlan> AnswerPlan::CompileResource(
    const ResourceTopology& resource) const {
  const auto plan = std::make_shared<ResourcePlan>();
  std::map<PreferenceOrder, int> numbers;
  for (const Region& region : Regions()) {
    PreferenceOrder order = OrderFor(resource, region.number);
    const auto [it, inserted] = numbers.try_emplace(order, static_cast<int>(plan->orders.size()));
    if (inserted) plan->orders.push_back(std::move(order));
    plan->order_of_region.push_back(it->second);
  }
  plan->scopes = ScopeTable(*prefixes_, plan->order_of_region,
                            plan->order_of_region[static_cast<size_t>(resource.primary_region)]);
  if (!resource.profiles.empty()) plan->profile = std::make_shared<const ProfilePlan>(resource, *prefixes_);
  const std::string key = KeyOf(resource.host_name);
  plan->key.assign(key.begin(), key.end());
  for (const Endpoint& endpoint : resource.endpoints) {
    plan->endpoint_keys.push_back(KeyOf(endpoint.host_name));
  }
  const absl::StatusOr<Name> name = Name::FromText(resource.host_name);
  if (plan->key.empty() || !name.ok()) {
    plan->answers.resize(resource.endpoints.size());
  } else if (settings_.chain == Chain::kTrafficManager) {
    CompileAlias(resource, *name, *plan);
  } else {
    for (const Endpoint& endpoint : resource.endpoints) {
      plan->answers.push_back(CompileEndpoint(*name, nullptr, endpoint));
    }
  }
  return plan;
}

void AnswerPlan::CompileAlias(const ResourceTopology& resource, const Name& name, ResourcePlan& plan) const {
  const std::string text = name.ToText(), zone = settings_.zone.ToText();
  const absl::StatusOr<Name> alias =
      Name::FromText(absl::StrCat(text.substr(0, text.size() - zone.size()), kAliasLabel, ".", zone));
  if (!alias.ok()) {
    plan.answers.resize(resource.endpoints.size());
    return;
  }
  plan.alias_key = std::string(alias->key());
  plan.alias = Compile(1, 0, [&](Writer& out) {
    WriteCname(out, kHeaderBytes, kAliasTtlSeconds, LabelsBefore(settings_.zone, *alias),
               kHeaderBytes + name.size() - settings_.zone.size());
  });
  for (const Endpoint& endpoint : resource.endpoints) {
    plan.answers.push_back(CompileEndpoint(name, &*alias, endpoint));
    plan.alias_answers.push_back(CompileEndpoint(*alias, nullptr, endpoint));
  }
}

AnswerPlan::EndpointAnswers AnswerPlan::CompileEndpoint(const Name& name, const Name* alias,
                                                        const Endpoint& endpoint) const {
  EndpointAnswers answers;
  const Name& zone = settings_.zone;
  const absl::StatusOr<Name> target = Name::FromText(endpoint.host_name);
  if (!target.ok() || !target->IsWithin(zone) || !name.IsWithin(zone)) return answers;
  const size_t zone_at = kHeaderBytes + name.size() - zone.size();
  const Bytes target_labels = LabelsBefore(zone, *target);
  const Bytes alias_labels = alias != nullptr ? LabelsBefore(zone, *alias) : Bytes();
  constexpr size_t kRecordHeadBytes = 12;
  const size_t first_at = kHeaderBytes + name.size() + 4 + kRecordHeadBytes;  // The first CNAME's target.
  const size_t target_at = first_at + (alias != nullptr ? alias_labels.size() + 2 + kRecordHeadBytes : 0);
  const uint16_t links = alias != nullptr ? 2 : 1;
  const auto write_links = [&](Writer& out) {
    if (alias != nullptr) WriteCname(out, kHeaderBytes, kAliasTtlSeconds, alias_labels, zone_at);
    WriteCname(out, alias != nullptr ? first_at : kHeaderBytes, settings_.ttl_s, target_labels, zone_at);
  };
  answers.cname = Compile(links, 0, write_links);
  if (endpoint.address.has_value()) {
    answers.cname_and_address = Compile(static_cast<uint16_t>(links + 1), 0, [&](Writer& out) {
      write_links(out);
      WriteAddress(out, target_at, settings_.address_ttl_s(), *endpoint.address);
    });
    answers.own_address = Compile(1, 0, [&](Writer& out) {
      WriteAddress(out, kHeaderBytes, settings_.address_ttl_s(), *endpoint.address);
    });
  }
  return answers;
}

AnswerTable::AnswerTable(std::shared_ptr<const AnswerPlan> plan, Health health, const AnswerTable* previous)
    : plan_(std::move(plan)), health_(std::move(health)) {
  NONET_CHECK(health_.size() == plan_->topology().resources.size());
  picks_.reserve(health_.size());
  for (uint32_t i = 0; i < health_.size(); ++i) {
    const bool same = previous != nullptr && i < previous->health_.size() &&
                      &plan_->resource(i) == &previous->plan_->resource(i) &&
                      health_[i] == previous->health_[i];
    picks_.push_back(same ? previous->picks_[i] : PicksOf(i));
    if (plan_->resource(i).profile == nullptr) continue;
    profiles_.resize(health_.size());
    profiles_[i] = same ? previous->profiles_[i] : ProfileAnswersOf(i);
  }
}

std::shared_ptr<const ProfileAnswers> AnswerTable::ProfileAnswersOf(uint32_t resource) const {
  const AnswerPlan::ResourcePlan& compiled = plan_->resource(resource);
  return std::make_shared<const ProfileAnswers>(
      compiled.profile, plan_->topology().resources[resource], health_[resource], plan_->settings().switches,
      ProfileAnswers::Form{plan_->settings().ttl_s, compiled.key.size(), &compiled.alias});
}

AnswerTable::Picks AnswerTable::PicksOf(uint32_t resource) const {
  const AnswerPlan::ResourcePlan& compiled = plan_->resource(resource);
  const ResourceTopology& topology = plan_->topology().resources[resource];
  NONET_CHECK(health_[resource].size() == topology.endpoints.size());
  std::vector<int8_t> by_order;
  for (const PreferenceOrder& order : compiled.orders) {
    by_order.push_back(static_cast<int8_t>(Choose(order, health_[resource]).endpoint));
  }
  Picks picks;
  picks.by_region.fill(-1);
  for (size_t region = 0; region < compiled.order_of_region.size(); ++region) {
    picks.by_region[region] = by_order[static_cast<size_t>(compiled.order_of_region[region])];
  }
  picks.by_region[LocationTree::kNowhere] = picks.by_region[static_cast<size_t>(topology.primary_region)];
  return picks;
}

}  // namespace nonet::dns
