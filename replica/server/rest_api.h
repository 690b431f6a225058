// The REST data plane: requests -> messages to publish, or the answer. Without I/O; loop thread.
// Source: Azure Web PubSub data-plane REST reference, 2024-12-01.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http/server.h"
#include "replica/core/message.h"
#include "replica/server/instance_config.h"
#include "replica/server/rest_questions.h"

namespace nonet::replica {

// Either the final answer, a message to publish and then answer 202, or a question to the whole resource.
using RestDecision = std::variant<http::Response, Message, RestQuestion>;

struct RestContext {
  const InstanceConfig& config;
  // Empty when healthy; else why /api/health answers 503.
  absl::string_view unhealthy;
  int64_t wall_ns = 0;
};

RestDecision DecideRest(const http::Request& request, const RestContext& context);

// A flat error body {"code","message"} with x-ms-error-code.
http::Response RestError(int status, absl::string_view code, absl::string_view message);
// 401, 429, 503 or 400 by the status' code.
http::Response RestError(const absl::Status& status);
// 400 for errors::FilterInvalid: the message as Azure words it, and in `details` where in the filter it is
// wrong and what to do.
http::Response RestFilterError(const absl::Status& status);
// 202 without a body. The id is what `nonet why` takes.
http::Response RestAccepted(absl::string_view message_id);
// Echoes x-ms-client-request-id and names the supported versions.
void AddCommonHeaders(absl::string_view client_request_id, http::Response* response);

// The token of a request: query parameter access_token, else the Bearer authorization header; may be empty.
std::string TokenOf(const http::Request& request, absl::string_view query_token);

}  // namespace nonet::replica
