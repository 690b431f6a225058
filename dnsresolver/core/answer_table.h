// The answers, precomputed. Two layers, both immutable: the plan follows from configuration (names, orders,
// scopes, wire form of every possible answer), the table adds today's health: one pick for each resource and
// preference order. A health change compiles a new table over the same plan.
//
// Wire form: the question is uncompressed and at offset 12, so for a given name every compression pointer of
// the answer is known beforehand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/writer.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/prefix_table.h"
#include "dnsresolver/core/steering.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

struct AnswerSettings {
  Name zone;
  uint32_t ttl_s = 90;                      // Of the CNAME; at most kTtlSecondsMax.
  std::optional<Ipv4> name_server_address;  // The address of "ns.<zone>".
  std::string server_id;                    // NSID (RFC 5001); at most 64 bytes; none when empty.
  uint16_t udp_bytes_max = kUdpBytesMax;

  uint32_t address_ttl_s() const { return std::min(ttl_s, kAddressTtlSecondsMax); }
  uint32_t negative_ttl_s() const { return std::min(ttl_s, kNegativeTtlSecondsMax); }
};

// Records in wire form, to follow a question.
struct Sections {
  std::vector<uint8_t> bytes;
  uint16_t answers = 0;
  uint16_t authorities = 0;
};

// The statuses of all endpoints, shaped as Topology::resources and their endpoints.
using Health = std::vector<std::vector<MonitorStatus>>;

class AnswerPlan {
 public:
  enum class Kind : uint8_t { kApex, kNameServer, kResource, kInstance };
  struct Entry {
    Kind kind;
    uint32_t resource = 0;  // Index into topology().resources.
    uint32_t endpoint = 0;  // kInstance: index into its endpoints.
  };
  struct EndpointAnswers {
    Sections cname;              // For CNAME and ANY (RFC 8482).
    Sections cname_and_address;  // For A.
    Sections cname_and_soa;      // For every other type: the target has no such data.
    Sections own_address;        // For A of the instance's own name; empty without an address.
  };
  struct ResourcePlan {
    std::vector<PreferenceOrder> orders;  // The distinct ones.
    std::vector<int> order_of_region;     // Index into `orders` by region number.
    ScopeTable scopes;                    // Gives the same indexes.
    std::vector<EndpointAnswers> answers;
    uint32_t first_pick = 0;  // Where its picks begin in a table.
  };

  // Names outside the zone are left out; of two things with one name the resource wins, then who sorts first.
  AnswerPlan(AnswerSettings settings, Topology topology, std::shared_ptr<const PrefixTable> prefixes);

  // nullptr when the zone has no such name. `key` is Name::key().
  const Entry* Find(absl::string_view key) const;

  const AnswerSettings& settings() const { return settings_; }
  const Topology& topology() const { return topology_; }
  const PrefixTable& prefixes() const { return *prefixes_; }
  const ResourcePlan& resource(uint32_t index) const { return resources_[index]; }
  const Sections& soa() const { return soa_; }                        // For the apex's own name.
  const Sections& name_servers() const { return name_servers_; }      // For the apex's own name.
  const Sections& server_address() const { return server_address_; }  // For "ns.<zone>".
  size_t picks() const { return picks_; }

  // The SOA record (RFC 1035 section 3.3.13). `zone_at`: where in the message the zone's name begins.
  void WriteSoa(Writer& out, size_t zone_at, uint32_t ttl_s) const;

 private:
  void AddName(const std::string& host_name, Entry entry);
  void CompileZone();
  void CompileResource(uint32_t index);
  EndpointAnswers CompileEndpoint(const Name& resource_name, const Endpoint& endpoint) const;

  const AnswerSettings settings_;
  const Topology topology_;
  const std::shared_ptr<const PrefixTable> prefixes_;  // Shared with the plans before and after.
  absl::flat_hash_map<std::string, Entry> names_;      // By wire form. Never iterated.
  std::vector<ResourcePlan> resources_;
  Sections soa_, name_servers_, server_address_;
  size_t picks_ = 0;
};

class AnswerTable {
 public:
  // `health` is shaped as the plan's topology.
  AnswerTable(std::shared_ptr<const AnswerPlan> plan, Health health);

  const AnswerPlan& plan() const { return *plan_; }
  const std::shared_ptr<const AnswerPlan>& shared_plan() const { return plan_; }
  const Health& health() const { return health_; }
  // The endpoint for clients of that order of that resource; -1: none.
  int Pick(const AnswerPlan::ResourcePlan& resource, int order) const {
    return picks_[resource.first_pick + static_cast<uint32_t>(order)];
  }

 private:
  const std::shared_ptr<const AnswerPlan> plan_;  // Shared with the tables before and after.
  const Health health_;
  std::vector<int8_t> picks_;
};

}  // namespace nonet::dns
