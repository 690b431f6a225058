#include "common/http/response.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/http/parser.h"

namespace nonet::http {
namespace {

bool Breaks(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) != absl::string_view::npos;
}

bool IsOurs(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "content-length") || absl::EqualsIgnoreCase(name, "connection") ||
         absl::EqualsIgnoreCase(name, "transfer-encoding");
}

void AppendHeader(std::string& out, absl::string_view name, absl::string_view value) {
  if (name.empty() || Breaks(name) || Breaks(value)) return;
  absl::StrAppend(&out, name, ": ", value, "\r\n");
}

// RFC 9110 section 8.6: these have no body, and no length of one.
bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

std::string JsonString(absl::string_view text) {
  std::string safe;
  for (const char c : text) safe += absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? ' ' : c;
  return absl::StrCat("\"", absl::StrReplaceAll(safe, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace

std::string FormatResponse(const Response& response, bool head, bool keep_alive) {
  std::string out = absl::StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status), "\r\n");
  if (!response.content_type.empty()) AppendHeader(out, "content-type", response.content_type);
  for (const auto& [name, value] : response.headers) {
    if (!IsOurs(name)) AppendHeader(out, name, value);
  }
  const bool no_body = HasNoBody(response.status);
  if (!no_body) absl::StrAppend(&out, "content-length: ", response.body.size(), "\r\n");
  absl::StrAppend(&out, "connection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n");
  if (!no_body && !head) out += response.body;
  return out;
}

Response ErrorResponse(int status, absl::string_view message) {
  std::string code = ReasonPhrase(status);  // "Bad Request" -> "BadRequest", as Azure's services write it.
  code.erase(std::remove(code.begin(), code.end(), ' '), code.end());
  return {.status = status,
          .content_type = "application/json",
          .body = absl::StrCat(R"({"error": {"code": )", JsonString(code), R"(, "message": )",
                               JsonString(message), "}}"),
          .headers = {}};
}

}  // namespace nonet::http
