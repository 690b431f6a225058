// REST operations that the whole resource answers: close, exists, groups, permissions, list. Requests ->
// questions for the core, and what was gathered -> responses. Without I/O; loop thread.
// Source: Azure Web PubSub data-plane REST reference, 2024-12-01.
//
// How complete an answer is stands in the header x-nonet-instances: "asked=3 answered=2 silent=westus". An
// answer that a silent instance could overturn ("there is no such connection") is 503 instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/http/server.h"
#include "replica/core/gather.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

struct RestQuestion {
  Question question;
  int status = 204;           // When it succeeds.
  int missing_status = 0;     // When nothing matched (or, for a check, nothing is granted); 0: the same.
  std::string missing_code;   // Of that error.
  std::string link;           // Lists: the URL of the next page up to the token.
  uint32_t top = UINT32_MAX;  // Lists: members still wanted, this page included.
};

using RestQuery = std::vector<std::pair<std::string, std::string>>;

// `rest`: the decoded segments below /api/hubs/{hub}, which is valid. nullopt: no operation of these.
std::optional<std::variant<http::Response, RestQuestion>> DecideQuestion(const http::Request& request,
                                                                         const std::string& hub,
                                                                         const std::vector<std::string>& rest,
                                                                         const RestQuery& query);
http::Response AnswerQuestion(const RestQuestion& asked, const Gathered& result);

}  // namespace nonet::replica
