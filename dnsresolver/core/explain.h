// The slow, spoken form of an answer: who was asked about, from where, which endpoints came into question
// and why each was taken or left. It works the decision out anew from configuration, health and matrix
// rather than from the compiled picks and scopes; a test holds the two against each other. Pure.
//
//   absl::StatusOr<Explanation> why = Explain(table, "contoso", ClientRegion{15});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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
  bool chosen = false;
  std::string excluded_because;  // Empty when eligible.
};

struct Explanation {
  std::string name;
  bool exists = false;
  std::string cname;    // Of the chosen instance; empty for none, and for names that are no resource's.
  std::string address;  // Of the chosen instance, or of the name itself.
  uint32_t ttl_s = 0;   // Of the record that decides: the CNAME, the address, or the negative answer.
  uint64_t revision = 0;

  std::string client_region;
  std::string matched_prefix;
  int scope_prefix_length = 0;
  bool fail_open = false;
  std::vector<Candidate> candidates;  // Nearest first.
  std::vector<std::string> sentences;
};

// `name` is a resource's id or any host name of the zone. INVALID_ARGUMENT for what can be no such name.
absl::StatusOr<Explanation> Explain(const AnswerTable& table, absl::string_view name,
                                    const ClientPlace& client);

}  // namespace nonet::dns
