// Responses as bytes.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/server.h"

namespace nonet::http {

// With `head`, the length of the body but not the body. A header whose name or value could break the message
// apart (CR, LF, NUL) is left out, as are content-length and connection, which are ours.
std::string FormatResponse(const Response& response, bool head, bool keep_alive);
// {"error": {"code": "BadRequest", "message": "..."}}
Response ErrorResponse(int status, absl::string_view message);

}  // namespace nonet::http
