#include "dnsresolver/core/explain.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"

namespace nonet::dns {
namespace {

const Region& RegionAt(int number) { return Regions()[static_cast<size_t>(number)]; }

std::string BorrowedFrom(const Region& region) {
  return region.rtt_from == region.name ? std::string() : std::string(region.rtt_from);
}

// Where the client is taken to be.
struct Located {
  int region = 0;
  std::string prefix;  // Empty: none matched.
};

Located Locate(const AnswerTable& table, const ResourceTopology& resource, const ClientPlace& client,
               std::vector<std::string>& sentences) {
  if (const auto* asked = std::get_if<ClientRegion>(&client)) {
    sentences.push_back(absl::StrCat("The client is in ", RegionAt(asked->region).name, ", as asked."));
    return {asked->region, ""};
  }
  const absl::string_view primary = RegionAt(resource.primary_region).name;
  const auto* prefix = std::get_if<IpPrefix>(&client);
  if (prefix == nullptr) {
    sentences.push_back(
        absl::StrCat("Nothing says where the client is, so the primary's region counts: ", primary, "."));
    return {resource.primary_region, ""};
  }
  if (const auto match = table.plan().prefixes().Find(*prefix)) {
    sentences.push_back(absl::StrCat("The client, ", prefix->ToText(), ", is in ",
                                     RegionAt(match->region).name, ": that region owns ",
                                     match->prefix.ToText(), "."));
    return {match->region, match->prefix.ToText()};
  }
  sentences.push_back(absl::StrCat("No prefix of the table holds ", prefix->ToText(),
                                   ", so the primary's region counts: ", primary, "."));
  return {resource.primary_region, ""};
}

// Object names, nearest first, from a region.
std::vector<const Endpoint*> Nearest(const ResourceTopology& resource, int region) {
  std::vector<const Endpoint*> nearest;
  for (const Endpoint& endpoint : resource.endpoints) nearest.push_back(&endpoint);
  std::sort(nearest.begin(), nearest.end(), [&](const Endpoint* a, const Endpoint* b) {
    const auto key = [&](const Endpoint& e) {
      return std::make_tuple(RttMs(RegionAt(region), RegionAt(e.region)), e.region == region ? 0 : 1, e.name);
    };
    return key(*a) < key(*b);
  });
  return nearest;
}

// The widest block around the client in which everybody has the same order. The longest match changes only
// where an entry begins or ends, so those addresses stand for all others.
int ScopeOf(const AnswerTable& table, const ResourceTopology& resource, const IpPrefix& client) {
  const int bits = BitsOf(client.family);
  const auto order_at = [&](const absl::uint128& address) {
    const auto match = table.plan().prefixes().Find({client.family, bits, address});
    return Nearest(resource, match.has_value() ? match->region : resource.primary_region);
  };
  std::vector<absl::uint128> edges;
  for (const PrefixTable::Entry& entry : table.plan().prefixes().entries()) {
    if (entry.prefix.family != client.family) continue;
    edges.push_back(entry.prefix.bits);
    if (entry.prefix.length > 0) {
      edges.push_back(entry.prefix.bits + (absl::uint128(1) << (128 - entry.prefix.length)));
    }
  }
  const std::vector<const Endpoint*> wanted = order_at(client.bits);
  std::vector<absl::uint128> differing;
  for (const absl::uint128& edge : edges) {
    if (order_at(edge) != wanted) differing.push_back(edge);
  }
  for (int length = 0; length < bits; ++length) {
    const absl::uint128 mask = IpPrefix::MaskOf(length);
    const auto inside = [&](const absl::uint128& edge) { return (edge & mask) == (client.bits & mask); };
    const bool starts_alike = order_at(client.bits & mask) == wanted;
    if (starts_alike && std::none_of(differing.begin(), differing.end(), inside)) return length;
  }
  return bits;
}

std::string WhyExcluded(const Endpoint& endpoint, MonitorStatus status, bool fail_open) {
  switch (status) {
    case MonitorStatus::kOnline:
    case MonitorStatus::kCheckingEndpoint:
      return "";
    case MonitorStatus::kDegraded:
      return fail_open ? "" : "more probes in a row failed than are tolerated";
    case MonitorStatus::kDisabled:
      return "its region endpoint is disabled";
    case MonitorStatus::kStopped:
      return "it is stopped";
    case MonitorStatus::kInactive:
      return endpoint.provisioned ? "it has not told its address yet"
                                  : absl::StrCat("its provisioning state is ", endpoint.provisioning_state);
  }
  return "";
}

bool HasStatus(const std::vector<MonitorStatus>& statuses, std::initializer_list<MonitorStatus> any_of) {
  return std::any_of(statuses.begin(), statuses.end(), [&](MonitorStatus status) {
    return std::find(any_of.begin(), any_of.end(), status) != any_of.end();
  });
}

void DescribeCandidates(Explanation& out, const Region& client) {
  if (const std::string lender = BorrowedFrom(client); !lender.empty()) {
    out.sentences.push_back(absl::StrCat("The matrix has no figures for ", client.name, "; those of ", lender,
                                         ", the nearest region that it has, stand in."));
  }
  for (const Candidate& candidate : out.candidates) {
    std::string text = absl::StrCat(candidate.host_name, ": ", candidate.region, ", ", candidate.rtt_ms,
                                    " ms, ", MonitorStatusName(candidate.status));
    if (!candidate.region_borrowed_from.empty()) {
      absl::StrAppend(&text, ", with the figures of ", candidate.region_borrowed_from);
    }
    if (!candidate.excluded_because.empty()) {
      absl::StrAppend(&text, "; left out because ", candidate.excluded_because);
    }
    out.sentences.push_back(absl::StrCat(text, "."));
  }
}

void DescribeAnswer(Explanation& out) {
  if (out.cname.empty()) {
    out.sentences.push_back(
        absl::StrCat("Nothing is eligible: the name exists, without data, for ", out.ttl_s, " s."));
    return;
  }
  out.sentences.push_back(absl::StrCat(
      "The answer is ", out.cname,
      out.fail_open ? ", the nearest: every eligible endpoint is Degraded, so all count as Online."
                    : ", the nearest that is eligible."));
  out.sentences.push_back(out.scope_prefix_length == 0
                              ? absl::StrCat("It may be cached for ", out.ttl_s, " s.")
                              : absl::StrCat("It may be cached for ", out.ttl_s,
                                             " s, for every client of the same /", out.scope_prefix_length,
                                             "."));
}

void ExplainResource(const AnswerTable& table, uint32_t index, const ClientPlace& client, Explanation& out) {
  const ResourceTopology& resource = table.plan().topology().resources[index];
  const std::vector<MonitorStatus>& statuses = table.health()[index];
  const Located located = Locate(table, resource, client, out.sentences);
  const Region& from = RegionAt(located.region);
  out.client_region = std::string(from.name);
  out.matched_prefix = located.prefix;
  out.fail_open = !HasStatus(statuses, {MonitorStatus::kOnline, MonitorStatus::kCheckingEndpoint}) &&
                  HasStatus(statuses, {MonitorStatus::kDegraded});
  out.ttl_s = table.plan().settings().negative_ttl_s();
  for (const Endpoint* endpoint : Nearest(resource, located.region)) {
    const Region& region = RegionAt(endpoint->region);
    Candidate candidate;
    candidate.name = endpoint->name;
    candidate.host_name = endpoint->host_name;
    candidate.region = std::string(region.name);
    candidate.rtt_ms = RttMs(from, region);
    candidate.client_region_borrowed_from = BorrowedFrom(from);
    candidate.region_borrowed_from = BorrowedFrom(region);
    candidate.status = statuses[static_cast<size_t>(endpoint - resource.endpoints.data())];
    candidate.excluded_because = WhyExcluded(*endpoint, candidate.status, out.fail_open);
    if (candidate.excluded_because.empty() && out.cname.empty()) {
      candidate.chosen = true;
      out.cname = endpoint->host_name;
      if (endpoint->address.has_value()) out.address = FormatIpv4(*endpoint->address);
      out.ttl_s = table.plan().settings().ttl_s;
    }
    out.candidates.push_back(std::move(candidate));
  }
  const auto* prefix = std::get_if<IpPrefix>(&client);
  if (prefix != nullptr && prefix->length > 0 && !out.cname.empty()) {
    out.scope_prefix_length = ScopeOf(table, resource, *prefix);
  }
  DescribeCandidates(out, from);
  DescribeAnswer(out);
}

void ExplainOther(const AnswerTable& table, const AnswerPlan::Entry* entry, Explanation& out) {
  const AnswerSettings& settings = table.plan().settings();
  out.exists = entry != nullptr;
  out.ttl_s = settings.negative_ttl_s();
  if (entry == nullptr) {
    out.sentences.push_back(absl::StrCat(out.name, " does not exist, for ", out.ttl_s, " s."));
    return;
  }
  if (entry->kind == AnswerPlan::Kind::kInstance) {
    const Endpoint& endpoint = table.plan().topology().resources[entry->resource].endpoints[entry->endpoint];
    if (!endpoint.address.has_value()) {
      out.sentences.push_back("This is an instance's own name; the instance has not told its address yet.");
      return;
    }
    out.address = FormatIpv4(*endpoint.address);
    out.ttl_s = settings.address_ttl_s();
    out.sentences.push_back("This is an instance's own name; it resolves whatever the instance's state.");
    return;
  }
  if (entry->kind == AnswerPlan::Kind::kNameServer && settings.name_server_address.has_value()) {
    out.address = FormatIpv4(*settings.name_server_address);
    out.ttl_s = kZoneTtlSeconds;
  }
  out.sentences.push_back("This is a name of the zone itself.");
}

}  // namespace

absl::StatusOr<Explanation> Explain(const AnswerTable& table, absl::string_view name,
                                    const ClientPlace& client) {
  if (name.empty() || name == ".") return errors::NameRequired();
  const std::string zone = table.plan().settings().zone.ToText();
  const bool is_id = name.find('.') == absl::string_view::npos;
  const absl::StatusOr<Name> parsed = Name::FromText(is_id ? absl::StrCat(name, ".", zone) : name);
  if (!parsed.ok()) return errors::NameInvalid(name, parsed.status().message());
  if (!parsed->IsWithin(table.plan().settings().zone)) return errors::NameOutsideZone(name, zone);
  Explanation out;
  out.name = parsed->ToText();
  out.revision = table.plan().topology().revision;
  const AnswerPlan::Entry* entry = table.plan().Find(parsed->key());
  if (entry != nullptr && entry->kind == AnswerPlan::Kind::kResource) {
    out.exists = true;
    ExplainResource(table, entry->resource, client, out);
  } else {
    ExplainOther(table, entry, out);
  }
  return out;
}

}  // namespace nonet::dns
