#include "dnsresolver/core/explain.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/explain_profile.h"
#include "dnsresolver/core/round_trips.h"

namespace nonet::dns {
namespace {

std::string BorrowedFrom(const Region& region) {
  return region.rtt_from == region.name ? std::string() : std::string(region.rtt_from);
}

// Where the client is taken to be.
struct Located {
  int region = 0;      // Whose round trips count.
  bool known = false;  // Or nothing said so, and it is the primary's.
  std::string prefix;  // What matched; empty: nothing did.
  IpPrefix address;    // Of the client, or of somebody there.
};

IpPrefix FirstAddress(IpPrefix prefix) {
  prefix.length = BitsOf(prefix.family);
  return prefix;
}

Located InRegion(const Region& region) {
  const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(PrivatePrefix(region));
  return {region.number, true, "", prefix.ok() ? FirstAddress(*prefix) : IpPrefix{IpFamily::kV4, 32, 0}};
}

Located Locate(const AnswerTable& table, const ResourceTopology& resource, const ClientPlace& client,
               std::vector<std::string>& sentences) {
  if (const auto* asked = std::get_if<ClientRegion>(&client)) {
    sentences.push_back(absl::StrCat("The client is in ", RegionAt(asked->region).name, ", as asked."));
    return InRegion(RegionAt(asked->region));
  }
  const absl::string_view primary = RegionAt(resource.primary_region).name;
  const auto* prefix = std::get_if<IpPrefix>(&client);
  if (prefix == nullptr) {
    sentences.push_back(
        absl::StrCat("Nothing says where the client is, so the primary's region counts: ", primary, "."));
    return {resource.primary_region, false, "", IpPrefix{IpFamily::kV4, 32, 0}};
  }
  if (const auto match = table.plan().prefixes().Find(*prefix)) {
    sentences.push_back(absl::StrCat("The client, ", prefix->ToText(), ", is in ",
                                     RegionAt(match->region).name, ": that region owns ",
                                     match->prefix.ToText(), "."));
    return {match->region, true, match->prefix.ToText(), FirstAddress(*prefix)};
  }
  sentences.push_back(absl::StrCat("No prefix of the table holds ", prefix->ToText(),
                                   ", so the primary's region counts: ", primary, "."));
  return {resource.primary_region, false, "", FirstAddress(*prefix)};
}

// Object names, nearest first, from a region.
std::vector<const Endpoint*> Nearest(const ResourceTopology& resource, int region) {
  std::vector<const Endpoint*> nearest;
  for (const Endpoint& endpoint : resource.endpoints) nearest.push_back(&endpoint);
  std::sort(nearest.begin(), nearest.end(), [&](const Endpoint* a, const Endpoint* b) {
    const auto key = [&](const Endpoint& e) {
      return std::make_tuple(RttMs(resource.round_trips.get(), RegionAt(region), RegionAt(e.region)),
                             e.region == region ? 0 : 1, e.name);
    };
    return key(*a) < key(*b);
  });
  return nearest;
}

constexpr size_t kScopeEntriesMax = 4096;  // With more, the compiled scope is taken: looking anew takes long.

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
  if (endpoint.probing == Probing::kUnused && status == MonitorStatus::kInactive && endpoint.provisioned) {
    return "no profile in use names it";
  }
  if (IsAvailable(status)) return "";
  if (status == MonitorStatus::kDegraded)
    return fail_open ? "" : "more probes in a row failed than are tolerated";
  if (status == MonitorStatus::kDisabled) return "its region endpoint is disabled";
  if (status == MonitorStatus::kStopped) return "it is stopped";
  return endpoint.provisioned ? "it has not told its address yet"
                              : absl::StrCat("its provisioning state is ", endpoint.provisioning_state);
}

bool AllDegraded(const std::vector<MonitorStatus>& statuses) {
  return std::none_of(statuses.begin(), statuses.end(), IsAvailable) &&
         std::find(statuses.begin(), statuses.end(), MonitorStatus::kDegraded) != statuses.end();
}

size_t IndexOf(const ResourceTopology& resource, const Endpoint* endpoint) {
  return static_cast<size_t>(endpoint - resource.endpoints.data());
}

// The nearest that counts; nullptr: none does.
const Endpoint* NearestThatCounts(const ResourceTopology& resource,
                                  const std::vector<MonitorStatus>& statuses, int region) {
  const bool fail_open = AllDegraded(statuses);
  for (const Endpoint* endpoint : Nearest(resource, region)) {
    const MonitorStatus status = statuses[IndexOf(resource, endpoint)];
    if (IsAvailable(status) || (fail_open && status == MonitorStatus::kDegraded)) return endpoint;
  }
  return nullptr;
}

Candidate MakeCandidate(const ResourceTopology& resource, const Endpoint& endpoint, const Region& from,
                        MonitorStatus status, bool fail_open) {
  const Region& region = RegionAt(endpoint.region);
  Candidate candidate;
  candidate.name = endpoint.name;
  candidate.host_name = endpoint.host_name;
  candidate.region = std::string(region.name);
  candidate.rtt_ms = RttMs(resource.round_trips.get(), from, region);
  candidate.client_region_borrowed_from = BorrowedFrom(from);
  candidate.region_borrowed_from = BorrowedFrom(region);
  candidate.status = status;
  candidate.excluded_because = WhyExcluded(endpoint, status, fail_open);
  if (endpoint.kept) {
    candidate.kept_because = absl::StrCat("its provisioning state is ", endpoint.provisioning_state);
  }
  return candidate;
}

// "westus (12 ms, Online)"
std::string Brief(const Candidate& candidate) {
  return absl::StrCat(InstanceId(candidate.name), " (", candidate.rtt_ms, " ms, ",
                      MonitorStatusName(candidate.status), ")");
}

// Who would have been nearer, who is taken, who is farther away.
void DescribeNearest(Explanation& out) {
  const auto chosen = std::find_if(out.candidates.begin(), out.candidates.end(),
                                   [](const Candidate& candidate) { return candidate.chosen; });
  bool first = true;
  for (auto it = out.candidates.begin(); it != chosen; ++it) {
    out.sentences.push_back(
        absl::StrCat(InstanceId(it->name), first ? " would be nearest, " : " would be next, ", it->rtt_ms,
                     " ms away, but is ", MonitorStatusName(it->status), ": ", it->excluded_because, "."));
    first = false;
  }
  if (chosen == out.candidates.end()) return;
  if (!chosen->kept_because.empty()) {
    out.sentences.push_back(absl::StrCat(InstanceId(chosen->name), " is kept in the answers although ",
                                         chosen->kept_because, ": nobody else is in service."));
  }
  out.sentences.push_back(absl::StrCat(
      out.fail_open ? "Every instance in rotation is Degraded, so all count as Online. " : "",
      first || out.fail_open ? "The nearest is " : "So the nearest that counts is ", InstanceId(chosen->name),
      ", ", chosen->rtt_ms, " ms away and ", MonitorStatusName(chosen->status), "."));
  std::vector<std::string> farther;
  for (auto it = std::next(chosen); it != out.candidates.end(); ++it) {
    farther.push_back(it->excluded_because.empty()
                          ? Brief(*it)
                          : absl::StrCat(Brief(*it), ", left out because ", it->excluded_because));
  }
  if (!farther.empty())
    out.sentences.push_back(absl::StrCat("Farther away: ", absl::StrJoin(farther, "; "), "."));
}

void DescribeMatrix(Explanation& out, const ResourceTopology& resource, const Region& client) {
  if (resource.round_trips != nullptr) {
    out.sentences.push_back(absl::StrCat("The round trips are supposed ones",
                                         resource.round_trips->label().empty() ? "" : ", from ",
                                         resource.round_trips->label(), "."));
    return;
  }
  if (const std::string lender = BorrowedFrom(client); !lender.empty()) {
    out.sentences.push_back(absl::StrCat("The matrix has no figures for ", client.name, "; those of ", lender,
                                         ", the nearest region that it has, stand in."));
  }
  for (const Candidate& candidate : out.candidates) {
    if (candidate.region_borrowed_from.empty()) continue;
    out.sentences.push_back(absl::StrCat("For ", candidate.region,
                                         ", which the matrix lacks, the figures of ",
                                         candidate.region_borrowed_from, " stand in."));
  }
}

void DescribeAnswer(Explanation& out) {
  if (out.possible.empty() || out.possible.front().host_names.empty()) {
    out.sentences.push_back(
        out.exists ? absl::StrCat("Nothing is eligible: the name exists, without data, and "
                                  "that may be cached for ",
                                  out.ttl_s, " s.")
                   : absl::StrCat("The name does not exist, and that may be cached for ", out.ttl_s, " s."));
    return;
  }
  std::vector<std::string> ways;
  for (const PossibleAnswer& possible : out.possible) {
    const std::string names =
        possible.host_names.empty() ? "no data" : absl::StrJoin(possible.host_names, " and ");
    ways.push_back(out.possible.size() == 1
                       ? names
                       : absl::StrCat(names, " for ", static_cast<int>(possible.share * 100 + 0.5), " %"));
  }
  out.sentences.push_back(absl::StrCat("The answer is ", absl::StrJoin(ways, ", "), "."));
  out.sentences.push_back(out.scope_prefix_length == 0
                              ? absl::StrCat("It may be cached for ", out.ttl_s, " s.")
                              : absl::StrCat("It may be cached for ", out.ttl_s,
                                             " s, for every client of the same /", out.scope_prefix_length,
                                             "."));
}

// Fills what may be answered; the sentences of the profiles, if the resource has any.
std::vector<PossibleAnswer> Decide(const AnswerTable& table, uint32_t index, const Located& located,
                                   Explanation& out, ProfileStory& story) {
  const ResourceTopology& resource = table.plan().topology().resources[index];
  const std::vector<MonitorStatus>& statuses = table.health()[index];
  std::vector<PossibleAnswer> possible;
  if (resource.profiles.empty()) {
    out.method = std::string(RoutingMethodName(RoutingMethod::kPerformance));
    out.fail_open = AllDegraded(statuses);
    const Endpoint* nearest = NearestThatCounts(resource, statuses, located.region);
    if (nearest != nullptr) story.ways = {{.instances = {static_cast<uint8_t>(IndexOf(resource, nearest))}}};
    if (nearest == nullptr) story.ways = {{}};
  } else {
    out.method = std::string(RoutingMethodName(resource.profiles[0].method));
    story = TellProfiles(resource, statuses,
                         {located.known ? std::optional(located.region) : std::nullopt, located.address},
                         table.plan().settings().switches);
    out.fail_open = story.fail_open;
  }
  for (const ProfileStory::Way& way : story.ways) {
    PossibleAnswer& answer = possible.emplace_back();
    answer.share = way.share;
    for (const uint8_t instance : way.instances)
      answer.host_names.push_back(resource.endpoints[instance].host_name);
  }
  return possible;
}

int ScopeFor(const AnswerTable& table, uint32_t index, const IpPrefix& client) {
  const AnswerPlan::ResourcePlan& plan = table.plan().resource(index);
  if (plan.profile != nullptr) return plan.profile->blocks().Find(client).length;
  if (table.plan().prefixes().entries().size() > kScopeEntriesMax) return plan.scopes.Find(client).length;
  return ScopeOf(table, table.plan().topology().resources[index], client);
}

void FillAnswer(const AnswerTable& table, const ResourceTopology& resource, const ProfileStory& story,
                Explanation& out) {
  const ProfileStory::Way& likeliest = story.ways.front();
  out.exists = !likeliest.no_name;
  out.ttl_s = table.plan().settings().negative_ttl_s();
  if (likeliest.instances.empty()) return;
  out.ttl_s = table.plan().settings().ttl_s;
  std::vector<std::string> addresses;
  for (const uint8_t instance : likeliest.instances) {
    const Endpoint& endpoint = resource.endpoints[instance];
    if (endpoint.address.has_value()) addresses.push_back(FormatIpv4(*endpoint.address));
  }
  out.address = absl::StrJoin(addresses, ", ");
  if (!likeliest.addresses) out.cname = resource.endpoints[likeliest.instances.front()].host_name;
}

void ExplainResource(const AnswerTable& table, uint32_t index, const ClientPlace& client, Explanation& out) {
  const ResourceTopology& resource = table.plan().topology().resources[index];
  const std::vector<MonitorStatus>& statuses = table.health()[index];
  const Located located = Locate(table, resource, client, out.sentences);
  const Region& from = RegionAt(located.region);
  out.client_region = std::string(from.name);
  out.matched_prefix = located.prefix;
  ProfileStory story;
  out.possible = Decide(table, index, located, out, story);
  FillAnswer(table, resource, story, out);
  for (const Endpoint* endpoint : Nearest(resource, located.region)) {
    const size_t at = IndexOf(resource, endpoint);
    Candidate candidate = MakeCandidate(resource, *endpoint, from, statuses[at], out.fail_open);
    candidate.chosen = std::any_of(story.ways.begin(), story.ways.end(), [&](const ProfileStory::Way& way) {
      return std::find(way.instances.begin(), way.instances.end(), at) != way.instances.end();
    });
    out.candidates.push_back(std::move(candidate));
  }
  const auto* prefix = std::get_if<IpPrefix>(&client);
  if (prefix != nullptr && prefix->length > 0 && out.possible.front().host_names.size() > 0) {
    out.scope_prefix_length = ScopeFor(table, index, *prefix);
  }
  DescribeMatrix(out, resource, from);
  if (resource.profiles.empty()) {
    DescribeNearest(out);
  } else {
    out.sentences.insert(out.sentences.end(), story.sentences.begin(), story.sentences.end());
  }
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

absl::StatusOr<Name> NameInZone(const AnswerSettings& settings, absl::string_view name) {
  if (name.empty() || name == ".") return errors::NameRequired();
  const std::string zone = settings.zone.ToText();
  const bool is_id = name.find('.') == absl::string_view::npos;
  const absl::StatusOr<Name> parsed = Name::FromText(is_id ? absl::StrCat(name, ".", zone) : name);
  if (!parsed.ok()) return errors::NameInvalid(name, parsed.status().message());
  if (!parsed->IsWithin(settings.zone)) return errors::NameOutsideZone(name, zone);
  return *parsed;
}

std::vector<PossibleAnswer> PossibleAnswers(const AnswerTable& table, uint32_t resource,
                                            const Region& region) {
  Explanation unused;
  ProfileStory story;
  return Decide(table, resource, InRegion(region), unused, story);
}

absl::StatusOr<Explanation> Explain(const AnswerTable& table, absl::string_view name,
                                    const ClientPlace& client) {
  const absl::StatusOr<Name> parsed = NameInZone(table.plan().settings(), name);
  if (!parsed.ok()) return parsed.status();
  Explanation out;
  out.name = parsed->ToText();
  out.revision = table.plan().topology().revision;
  const AnswerPlan::Entry* entry = table.plan().Find(parsed->key());
  if (entry != nullptr &&
      (entry->kind == AnswerPlan::Kind::kResource || entry->kind == AnswerPlan::Kind::kAlias)) {
    out.exists = true;
    ExplainResource(table, entry->resource, client, out);
  } else {
    ExplainOther(table, entry, out);
  }
  return out;
}

}  // namespace nonet::dns
