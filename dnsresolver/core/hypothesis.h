// What would be answered if something were otherwise: the same table, recompiled with another health, TTL or
// matrix of round trips. Pure.
//
//   Hypothesis hypothesis{.health = {{"westus", "down"}}, .ttl_s = 30};
//   ASSIGN_OR_RETURN(auto supposed, Suppose(table, hypothesis, "contoso"));
//   ASSIGN_OR_RETURN(Explanation why, Explain(*supposed, "contoso", client));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/round_trips.h"

namespace nonet::dns {

struct Hypothesis {
  struct Health {
    std::string subject;  // A region, an instance's id, or its host name.
    // "down" and "up" make a probed endpoint Degraded and Online, and leave the others as they are; a monitor
    // status by its name holds whatever the endpoint is.
    std::string status;
  };
  std::vector<Health> health{};
  std::optional<uint32_t> ttl_s{};
  std::shared_ptr<const RoundTrips> round_trips{};

  bool empty() const { return health.empty() && !ttl_s.has_value() && round_trips == nullptr; }
};

// `name`: as for Explain; then only its resource is compiled (a name that is no resource's compiles none).
// Empty: all are. SUPPOSED_HEALTH_INVALID says which subject or status is not known.
absl::StatusOr<std::shared_ptr<const AnswerTable>> Suppose(const AnswerTable& table,
                                                           const Hypothesis& hypothesis,
                                                           absl::string_view name);

// "Suppose that westus is down and the TTL is 30 s." Empty for nothing supposed.
std::string HypothesisSentence(const Hypothesis& hypothesis);

}  // namespace nonet::dns
