// The slow, spoken form of an answer: who was asked about, from where, which endpoints came into question
// and why each was taken or left. It works the decision out anew from configuration, health and matrix
// rather than from the compiled picks and scopes; a test holds the two against each other. Pure.
//
//   absl::StatusOr<Explanation> why = Explain(table, "contoso", ClientRegion{15});
//
// What would be answered if something were otherwise is the same of another table: hypothesis.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

struct ClientUnknown {};  // Matches no prefix.
struct ClientRegion {
  int region = 0;
};
using ClientPlace = std::variant<ClientUnknown, ClientRegion, IpPrefix>;

struct Candidate {
  std::string name;
  std::string host_name;
  std::string region;
  int rtt_ms = 0;
  std::string client_region_borrowed_from;  // Whose figures stand in; empty: its own.
  std::string region_borrowed_from;
  MonitorStatus status = MonitorStatus::kInactive;
  bool chosen = false;           // Some query of this client's is answered with it.
  std::string excluded_because;  // Empty when eligible.
  std::string kept_because;      // Why it would be out of service, were anybody else in (KeepServing).
};

// One way that the answer may go.
struct PossibleAnswer {
  std::vector<std::string> host_names;  // Of instances: one, but for multivalue. None: no data, or no name.
  double share = 1;                     // Of the queries; all of them add up to 1.
};

struct Explanation {
  std::string name;
  bool exists = false;
  std::string cname;    // Of the likeliest instance; empty for none, for several at once, for other names.
  std::string address;  // Of the likeliest instance or instances (with ", "), or of the name itself.
  uint32_t ttl_s = 0;   // Of the record that decides: the CNAME, the address, or the negative answer.
  uint64_t revision = 0;

  std::string method;  // "performance", "weighted"; of the outermost profile. Empty for other names.
  std::string client_region;
  std::string matched_prefix;
  int scope_prefix_length = 0;
  bool fail_open = false;
  std::vector<Candidate> candidates;     // Nearest first.
  std::vector<PossibleAnswer> possible;  // The likeliest first; empty for names that are no resource's.
  std::vector<std::string> sentences;
};

// `name` is a resource's id or any host name of the zone. INVALID_ARGUMENT for what can be no such name.
absl::StatusOr<Explanation> Explain(const AnswerTable& table, absl::string_view name,
                                    const ClientPlace& client);

// What clients of a region may be told for a resource (an index of the topology), the likeliest first.
std::vector<PossibleAnswer> PossibleAnswers(const AnswerTable& table, uint32_t resource,
                                            const Region& region);

// A resource's id or a host name of the zone, as Explain takes it.
absl::StatusOr<Name> NameInZone(const AnswerSettings& settings, absl::string_view name);

}  // namespace nonet::dns
