#include "dnsresolver/core/answer_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

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

// The records that `write` leaves in a buffer.
template <typename Write>
Sections Compile(uint16_t answers, uint16_t authorities, Write write) {
  std::array<uint8_t, kSectionBytesMax> buffer;
  Writer out(buffer);
  write(out);
  NONET_CHECK(!out.overflowed());
  return {{buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(out.size())}, answers, authorities};
}

}  // namespace

AnswerPlan::AnswerPlan(AnswerSettings settings, Topology topology,
                       std::shared_ptr<const PrefixTable> prefixes)
    : settings_(std::move(settings)), topology_(std::move(topology)), prefixes_(std::move(prefixes)) {
  CompileZone();
  resources_.resize(topology_.resources.size());
  for (uint32_t i = 0; i < resources_.size(); ++i) {
    AddName(topology_.resources[i].host_name, {Kind::kResource, i, 0});
  }
  for (uint32_t i = 0; i < resources_.size(); ++i) {
    const std::vector<Endpoint>& endpoints = topology_.resources[i].endpoints;
    for (uint32_t j = 0; j < endpoints.size(); ++j) {
      AddName(endpoints[j].host_name, {Kind::kInstance, i, j});
    }
    CompileResource(i);
  }
}

void AnswerPlan::AddName(const std::string& host_name, Entry entry) {
  const absl::StatusOr<Name> name = Name::FromText(host_name);
  if (!name.ok() || !name->IsWithin(settings_.zone)) return;
  names_.try_emplace(std::string(name->key()), entry);
}

const AnswerPlan::Entry* AnswerPlan::Find(absl::string_view key) const {
  const auto it = names_.find(key);
  return it == names_.end() ? nullptr : &it->second;
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
  names_.emplace(std::string(settings_.zone.key()), Entry{Kind::kApex});
  soa_ = Compile(1, 0, [&](Writer& out) { WriteSoa(out, kHeaderBytes, kZoneTtlSeconds); });
  name_servers_ = Compile(1, 0, [&](Writer& out) {
    WriteRecordHead(out, kHeaderBytes, kTypeNs, kZoneTtlSeconds, 1 + 2 + 2);
    WriteLabel(out, "ns");
    out.U16(PointerTo(kHeaderBytes));
  });
  // Two letters: no resource can have this name (ids have three at least).
  AddName("ns." + settings_.zone.ToText(), {Kind::kNameServer});
  if (settings_.name_server_address.has_value()) {
    server_address_ = Compile(1, 0, [&](Writer& out) {
      WriteAddress(out, kHeaderBytes, kZoneTtlSeconds, *settings_.name_server_address);
    });
  }
}

void AnswerPlan::CompileResource(uint32_t index) {
  const ResourceTopology& resource = topology_.resources[index];
  ResourcePlan& plan = resources_[index];
  std::map<PreferenceOrder, int> numbers;
  for (const Region& region : Regions()) {
    PreferenceOrder order = OrderFor(resource, region.number);
    const auto [it, inserted] = numbers.try_emplace(order, static_cast<int>(plan.orders.size()));
    if (inserted) plan.orders.push_back(std::move(order));
    plan.order_of_region.push_back(it->second);
  }
  plan.scopes = ScopeTable(*prefixes_, plan.order_of_region,
                           plan.order_of_region[static_cast<size_t>(resource.primary_region)]);
  plan.first_pick = static_cast<uint32_t>(picks_);
  picks_ += plan.orders.size();
  const absl::StatusOr<Name> name = Name::FromText(resource.host_name);
  for (const Endpoint& endpoint : resource.endpoints) {
    plan.answers.push_back(name.ok() ? CompileEndpoint(*name, endpoint) : EndpointAnswers{});
  }
}

AnswerPlan::EndpointAnswers AnswerPlan::CompileEndpoint(const Name& resource_name,
                                                        const Endpoint& endpoint) const {
  EndpointAnswers answers;
  const absl::StatusOr<Name> target = Name::FromText(endpoint.host_name);
  if (!target.ok() || !target->IsWithin(settings_.zone) || !resource_name.IsWithin(settings_.zone)) {
    return answers;
  }
  const size_t zone_at = kHeaderBytes + resource_name.size() - settings_.zone.size();
  // The labels before the zone, then a pointer to it in the question.
  const Bytes own_labels = target->wire().first(target->size() - settings_.zone.size());
  const size_t target_at = kHeaderBytes + resource_name.size() + 4 + 12;  // After question and record head.
  const auto write_cname = [&](Writer& out) {
    WriteRecordHead(out, kHeaderBytes, kTypeCname, settings_.ttl_s, own_labels.size() + 2);
    out.Raw(own_labels);
    out.U16(PointerTo(zone_at));
  };
  answers.cname = Compile(1, 0, write_cname);
  answers.cname_and_soa = Compile(1, 1, [&](Writer& out) {
    write_cname(out);
    WriteSoa(out, zone_at, settings_.negative_ttl_s());
  });
  if (endpoint.address.has_value()) {
    answers.cname_and_address = Compile(2, 0, [&](Writer& out) {
      write_cname(out);
      WriteAddress(out, target_at, settings_.address_ttl_s(), *endpoint.address);
    });
    answers.own_address = Compile(1, 0, [&](Writer& out) {
      WriteAddress(out, kHeaderBytes, settings_.address_ttl_s(), *endpoint.address);
    });
  }
  return answers;
}

AnswerTable::AnswerTable(std::shared_ptr<const AnswerPlan> plan, Health health)
    : plan_(std::move(plan)), health_(std::move(health)) {
  NONET_CHECK(health_.size() == plan_->topology().resources.size());
  picks_.reserve(plan_->picks());
  for (uint32_t i = 0; i < health_.size(); ++i) {
    NONET_CHECK(health_[i].size() == plan_->topology().resources[i].endpoints.size());
    for (const PreferenceOrder& order : plan_->resource(i).orders) {
      picks_.push_back(static_cast<int8_t>(Choose(order, health_[i]).endpoint));
    }
  }
}

}  // namespace nonet::dns
