// The answers, precomputed. Two layers, both immutable: the plan follows from configuration (names, orders,
// scopes, wire form of every possible answer), the table adds today's health: one pick for each resource and
// preference order. A health change compiles a new table over the same plan.
//
// Wire form: the question is uncompressed and at offset 12, so for a given name every compression pointer of
// the answer is known beforehand.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/writer.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/name_index.h"
#include "dnsresolver/core/prefix_table.h"
#include "dnsresolver/core/profile_plan.h"
#include "dnsresolver/core/sections.h"
#include "dnsresolver/core/steering.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

// What a resource's name leads to: its instance's name at once, or by way of an alias of its own, as Azure's
// leads through <profile>.trafficmanager.net.
enum class Chain : uint8_t { kDirect, kTrafficManager };
inline constexpr char kAliasLabel[] = "tm";  // contoso.tm.<zone>. No resource has so short an id.

struct AnswerSettings {
  Name zone;
  uint32_t ttl_s = 90;                      // Of the CNAME; at most kTtlSecondsMax.
  std::optional<Ipv4> name_server_address;  // The address of "ns.<zone>".
  std::string server_id;                    // NSID (RFC 5001); at most kServerIdBytesMax; none when empty.
  std::string version;  // For "version.bind" (RFC 4892); class CHAOS is refused when empty.
  Chain chain = Chain::kDirect;
  bool explain = false;  // Extended errors (RFC 8914) say why, and so does TXT explain.<name>.
  uint16_t udp_bytes_max = kUdpBytesMax;
  SteeringSwitches switches;  // Where profiles leave a choice.

  uint32_t address_ttl_s() const { return std::min(ttl_s, kAddressTtlSecondsMax); }
  uint32_t negative_ttl_s() const { return std::min(ttl_s, kNegativeTtlSecondsMax); }

  friend bool operator==(const AnswerSettings&, const AnswerSettings&) = default;
};

// The statuses of all endpoints, shaped as Topology::resources and their endpoints.
using Health = std::vector<std::vector<MonitorStatus>>;

class AnswerPlan {
 public:
  enum class Kind : uint8_t { kApex, kNameServer, kResource, kInstance, kAlias, kAliases };
  struct Entry {
    Kind kind;
    uint32_t resource = 0;  // Index into topology().resources; for kResource, kInstance, kAlias.
    uint32_t endpoint = 0;  // kInstance: index into its endpoints.
  };
  struct EndpointAnswers {
    Sections cname_and_address;  // For A.
    Sections cname;              // For every other type: ANY is minimal (RFC 8482).
    Sections own_address;        // For A of the instance's own name; empty without an address.
  };
  // Follows from the resource, the settings and the prefixes alone, so plans before and after share it as
  // long as those stay.
  struct alignas(64) ResourcePlan {
    // What every answer reads is in the first two cache lines.
    absl::InlinedVector<char, 64> key;  // The host name's wire form; empty outside the zone.
    std::vector<EndpointAnswers> answers;
    // Who is steered by profiles; nullptr for the others. Goes before `scopes` and the orders.
    std::shared_ptr<const ProfilePlan> profile;
    Sections alias;                              // The CNAME to the alias; empty without one.
    std::vector<EndpointAnswers> alias_answers;  // For the alias's own name; empty without one.
    ScopeTable scopes;                           // Numbers the orders as `orders` does.
    std::string alias_key;                       // As `key`, of the alias; empty without one.
    std::vector<std::string> endpoint_keys;      // The same of the endpoints.
    std::vector<PreferenceOrder> orders;         // The distinct ones.
    std::vector<int> order_of_region;            // Index into `orders` by region number.
  };

  // Names outside the zone are left out; of two things with one name the resource wins, then who sorts first.
  // What `previous` has of unchanged resources is shared rather than compiled anew.
  AnswerPlan(AnswerSettings settings, Topology topology, std::shared_ptr<const PrefixTable> prefixes,
             const AnswerPlan* previous = nullptr);

  // nullptr when the zone has no such name. `key` is Name::key().
  const Entry* Find(absl::string_view key) const;

  // Where LookAhead looks.
  uint64_t FetchName(absl::string_view key) const { return names_.FetchPlace(key); }
  const Entry* FetchEntry(uint64_t fetched_name) const { return names_.FetchKey(fetched_name); }

  const AnswerSettings& settings() const { return settings_; }
  const Topology& topology() const { return topology_; }
  const PrefixTable& prefixes() const { return *prefixes_; }
  const ResourcePlan& resource(uint32_t index) const { return *resources_[index]; }
  const Sections& soa() const { return soa_; }                        // For the apex's own name.
  const Sections& name_servers() const { return name_servers_; }      // For the apex's own name.
  const Sections& server_address() const { return server_address_; }  // For "ns.<zone>".
  const Sections& version() const { return version_; }                // TXT of class CHAOS; empty without.
  const Sections& server_id() const { return server_id_; }            // Likewise.

  // The SOA record (RFC 1035 section 3.3.13). `zone_at`: where in the message the zone's name begins.
  void WriteSoa(Writer& out, size_t zone_at, uint32_t ttl_s) const;

 private:
  void CompileZone();
  void CompileResources(const AnswerPlan* previous);
  std::shared_ptr<const ResourcePlan> CompileResource(const ResourceTopology& resource) const;
  void CompileAlias(const ResourceTopology& resource, const Name& name, ResourcePlan& plan) const;
  // For questions of `name`, with `alias` between it and the endpoint unless that is nullptr.
  EndpointAnswers CompileEndpoint(const Name& name, const Name* alias, const Endpoint& endpoint) const;
  std::string KeyOf(const std::string& host_name) const;

  const AnswerSettings settings_;
  const Topology topology_;
  const std::shared_ptr<const PrefixTable> prefixes_;           // Shared with the plans before and after.
  std::vector<std::shared_ptr<const ResourcePlan>> resources_;  // So are these.
  std::string zone_key_, name_server_key_, aliases_key_;
  // Their keys are those of the resources and the three above. Most questions are for a resource's name, so
  // those of the instances, nine times as many, are apart.
  NameIndex<Entry> names_, instances_;
  Sections soa_, name_servers_, server_address_, version_, server_id_;
};

class AnswerTable {
 public:
  // `health` is shaped as the plan's topology. What `previous` picked for resources whose plan and health are
  // the same is copied.
  AnswerTable(std::shared_ptr<const AnswerPlan> plan, Health health, const AnswerTable* previous = nullptr);

  const AnswerPlan& plan() const { return *plan_; }
  const std::shared_ptr<const AnswerPlan>& shared_plan() const { return plan_; }
  const Health& health() const { return health_; }
  // The endpoint of that resource for clients of that region (or LocationTree::kNowhere); -1: none.
  int Pick(uint32_t resource, int region) const {
    return picks_[resource].by_region[static_cast<size_t>(region)];
  }
  const void* picks_at(uint32_t resource) const { return &picks_[resource]; }
  // Of a resource that is steered by profiles; nullptr for the others.
  const ProfileAnswers* profile(uint32_t resource) const {
    return profiles_.empty() ? nullptr : profiles_[resource].get();
  }

 private:
  // One cache line a resource.
  struct alignas(64) Picks {
    std::array<int8_t, 64> by_region;
  };
  Picks PicksOf(uint32_t resource) const;
  std::shared_ptr<const ProfileAnswers> ProfileAnswersOf(uint32_t resource) const;

  const std::shared_ptr<const AnswerPlan> plan_;  // Shared with the tables before and after.
  const Health health_;
  std::vector<Picks> picks_;
  std::vector<std::shared_ptr<const ProfileAnswers>> profiles_;  // Empty when no resource has profiles.
};

}  // namespace nonet::dns
