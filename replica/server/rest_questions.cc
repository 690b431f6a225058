#include "replica/server/rest_questions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "replica/codec/limits.h"
#include "replica/codec/names.h"
#include "replica/codec/server_frame.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/odata_filter.h"
#include "replica/server/rest_api.h"

namespace nonet::replica {
namespace {
namespace asking {

using Decision = std::variant<http::Response, RestQuestion>;
using Segments = std::vector<std::string>;

constexpr size_t kExcludedIdsMax = 1'000;
constexpr size_t kGroupsAtOnceMax = 1'000;
constexpr uint32_t kPageSizeMax = 200;
constexpr uint32_t kPageSizeDefault = 100;

http::Response Refuse(absl::string_view message) { return RestError(400, "Error.BadRequest", message); }

http::Response NotAllowed(absl::string_view methods) {
  http::Response response =
      RestError(405, "MethodNotAllowed", absl::StrCat("This path answers ", methods, "."));
  response.headers.emplace_back("allow", std::string(methods));
  return response;
}

// The last value; empty when absent.
std::string Parameter(const RestQuery& query, absl::string_view name) {
  std::string found;
  for (const auto& [key, value] : query) {
    if (key == name) found = value;
  }
  return found;
}

std::optional<http::Response> ReadNumber(const RestQuery& query, absl::string_view name, uint32_t max,
                                         uint32_t* out) {
  const std::string text = Parameter(query, name);
  if (text.empty()) return std::nullopt;
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > max) {
    return Refuse(absl::StrCat("'", name, "' must be a whole number from 1 to ", max, "."));
  }
  *out = number;
  return std::nullopt;
}

// Group names and ids that cannot exist are refused rather than looked for.
std::optional<http::Response> CheckName(Target target, const std::string& name) {
  if (target == Target::kGroup ? IsValidGroup(name) : IsValidId(name)) {
    if (IsUtf8(name)) return std::nullopt;
  }
  return Refuse(target == Target::kGroup ? "The group name must be 1 to 1024 characters, not all white space."
                                         : "The id must be 1 to 1024 bytes.");
}

struct Subject {
  Target target;
  absl::string_view kind;  // In error codes.
};

std::optional<Subject> SubjectOf(const std::string& segment) {
  if (segment == "connections") return Subject{Target::kConnection, "Connection"};
  if (segment == "groups") return Subject{Target::kGroup, "Group"};
  if (segment == "users") return Subject{Target::kUser, "User"};
  return std::nullopt;
}

RestQuestion Make(Operation operation, Target target, std::string name, int status) {
  RestQuestion asked;
  asked.question.operation = operation;
  asked.question.target = target;
  asked.question.target_name = std::move(name);
  asked.status = status;
  return asked;
}

Decision Close(const RestQuery& query, Target target, std::string name) {
  RestQuestion asked = Make(Operation::kClose, target, std::move(name), 204);
  asked.question.reason = Parameter(query, "reason");
  if (!IsUtf8(asked.question.reason)) return Refuse("'reason' is not valid UTF-8.");
  for (const auto& [key, value] : query) {
    if (key == "excluded") asked.question.excluded_connections.push_back(value);
    if (key == "filter") return Refuse("'filter' is not supported here; nothing was closed. Leave it out.");
  }
  if (asked.question.excluded_connections.size() > kExcludedIdsMax) {
    return Refuse(absl::StrCat("'excluded' may be given at most ", kExcludedIdsMax, " times."));
  }
  return asked;
}

Decision ChangeGroups(Operation operation, Target target, std::string name, Segments groups) {
  const bool add = operation == Operation::kAddToGroups;
  RestQuestion asked = Make(operation, target, std::move(name), add ? 200 : 204);
  asked.question.groups = std::move(groups);
  if (add) {
    asked.missing_status = 404;
    asked.missing_code = target == Target::kUser ? "Error.User.NotExisted" : "Error.Connection.NotExisted";
  }
  return asked;
}

// "filter" of the body: a text, or null or empty for every connection.
std::optional<http::Response> ReadFilterOf(const nlohmann::json& body,
                                           std::shared_ptr<const ConnectionFilter>* out) {
  const auto found = body.find("filter");
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (!found->is_string()) return Refuse("\"filter\" must be a text; nothing was changed.");
  const std::string text = found->get<std::string>();
  if (text.empty()) return std::nullopt;
  auto filter = ParseFilter(text);
  if (!filter.ok()) return RestFilterError(filter.status());
  *out = *std::move(filter);
  return std::nullopt;
}

// {"groups":[...],"filter":"..."}: of the connections of the hub that match when it begins.
Decision ChangeAll(const http::Request& request, Operation operation) {
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("groups") || !body["groups"].is_array()) {
    return Refuse("The body must be a JSON object with an array \"groups\".");
  }
  Segments groups;
  for (const auto& group : body["groups"]) {
    if (!group.is_string() || !IsValidGroup(group.get<std::string>())) {
      return Refuse("\"groups\" must be names of 1 to 1024 characters.");
    }
    groups.push_back(group.get<std::string>());
  }
  if (groups.empty() || groups.size() > kGroupsAtOnceMax) {
    return Refuse(absl::StrCat("\"groups\" must have 1 to ", kGroupsAtOnceMax, " names."));
  }
  RestQuestion asked = Make(operation, Target::kAll, "", 200);
  asked.question.groups = std::move(groups);
  if (auto refused = ReadFilterOf(body, &asked.question.filter)) return *std::move(refused);
  return asked;
}

// The continuation token is the last connection id of the page, and how many members are still wanted.
Decision ListGroup(const http::Request& request, const std::string& group, const RestQuery& query) {
  uint32_t page = kPageSizeDefault;
  RestQuestion asked = Make(Operation::kList, Target::kGroup, group, 200);
  if (auto refused = ReadNumber(query, "maxpagesize", kPageSizeMax, &page)) return *std::move(refused);
  if (auto refused = ReadNumber(query, "top", UINT32_MAX, &asked.top)) return *std::move(refused);
  const std::string token = Parameter(query, "continuationToken");
  if (!token.empty() && !absl::WebSafeBase64Unescape(token, &asked.question.after)) {
    return Refuse("'continuationToken' is not one that was given out.");
  }
  asked.question.limit = std::min(page, asked.top);
  const std::string* host = request.Header("host");
  asked.link = absl::StrCat("http://", host == nullptr ? "" : *host, request.path, "?api-version=2024-12-01",
                            "&maxpagesize=", page);
  return asked;
}

Decision Permissions(const http::Request& request, const Segments& rest, const RestQuery& query) {
  Operation operation = Operation::kCheck;
  int status = 200, missing = 404;
  std::string code = "Error.Connection.NotExisted";
  if (request.method == "PUT") {
    operation = Operation::kGrant;
  } else if (request.method == "DELETE") {
    operation = Operation::kRevoke;
    status = 204;
    missing = 0;
  } else if (request.method == "HEAD") {
    code = "Warning.Permission.NotGranted";
  } else {
    return NotAllowed("PUT, DELETE, HEAD");
  }
  if (rest[1] != "sendToGroup" && rest[1] != "joinLeaveGroup") {
    return Refuse("The permission must be sendToGroup or joinLeaveGroup.");
  }
  if (auto refused = CheckName(Target::kConnection, rest[3])) return *std::move(refused);
  RestQuestion asked = Make(operation, Target::kConnection, rest[3], status);
  asked.missing_status = missing;
  asked.missing_code = code;
  asked.question.permission =
      rest[1] == "sendToGroup" ? Permission::kSendToGroup : Permission::kJoinLeaveGroup;
  asked.question.permission_group = Parameter(query, "targetName");
  if (!asked.question.permission_group.empty()) {
    if (auto refused = CheckName(Target::kGroup, asked.question.permission_group)) return *std::move(refused);
  }
  return asked;
}

// /connections/{id}, /groups/{group}, /users/{id} and what lies below them.
std::optional<Decision> OfSubject(const http::Request& request, const Segments& rest,
                                  const RestQuery& query) {
  const auto subject = SubjectOf(rest[0]);
  if (!subject || rest.size() < 2) return std::nullopt;
  if (auto refused = CheckName(subject->target, rest[1])) return *std::move(refused);
  const std::string& method = request.method;
  const std::string& name = rest[1];
  if (rest.size() == 2) {
    if (method == "DELETE" && subject->target == Target::kConnection) {
      return Close(query, subject->target, name);
    }
    if (method != "HEAD") {
      return NotAllowed(subject->target == Target::kConnection ? "HEAD, DELETE" : "HEAD");
    }
    RestQuestion asked = Make(Operation::kExists, subject->target, name, 200);
    asked.missing_status = 404;
    asked.missing_code = absl::StrCat("Warning.", subject->kind, ".NotExisted");
    return asked;
  }
  if (rest[2] == ":closeConnections" && rest.size() == 3 && subject->target != Target::kConnection) {
    if (method != "POST") return NotAllowed("POST");
    return Close(query, subject->target, name);
  }
  if (rest[2] == "connections" && subject->target == Target::kGroup) {
    if (rest.size() == 3) {
      if (method != "GET") return NotAllowed("GET");
      return ListGroup(request, name, query);
    }
    if (rest.size() != 4) return std::nullopt;
    if (auto refused = CheckName(Target::kConnection, rest[3])) return *std::move(refused);
    if (method != "PUT" && method != "DELETE") return NotAllowed("PUT, DELETE");
    return ChangeGroups(method == "PUT" ? Operation::kAddToGroups : Operation::kRemoveFromGroups,
                        Target::kConnection, rest[3], {name});
  }
  if (rest[2] == "groups" && subject->target != Target::kGroup) {
    if (rest.size() == 3) {
      if (method != "DELETE") return NotAllowed("DELETE");
      return ChangeGroups(Operation::kRemoveFromGroups, subject->target, name, {});
    }
    if (rest.size() != 4 || subject->target != Target::kUser) return std::nullopt;
    if (auto refused = CheckName(Target::kGroup, rest[3])) return *std::move(refused);
    if (method != "PUT" && method != "DELETE") return NotAllowed("PUT, DELETE");
    return ChangeGroups(method == "PUT" ? Operation::kAddToGroups : Operation::kRemoveFromGroups,
                        Target::kUser, name, {rest[3]});
  }
  return std::nullopt;
}

std::optional<Decision> Decide(const http::Request& request, const Segments& rest, const RestQuery& query) {
  if (rest.empty()) return std::nullopt;
  if (rest.size() == 1 && rest[0].size() > 1 && rest[0][0] == ':') {
    const bool add = rest[0] == ":addToGroups", remove = rest[0] == ":removeFromGroups";
    if (rest[0] != ":closeConnections" && !add && !remove) return std::nullopt;
    if (request.method != "POST") return NotAllowed("POST");
    if (!add && !remove) return Close(query, Target::kAll, "");
    return ChangeAll(request, add ? Operation::kAddToGroups : Operation::kRemoveFromGroups);
  }
  if (rest[0] == "permissions") {
    if (rest.size() != 4 || rest[2] != "connections") return std::nullopt;
    return Permissions(request, rest, query);
  }
  return OfSubject(request, rest, query);
}

http::Response Page(const RestQuestion& asked, const Gathered& result) {
  http::Response response;
  response.content_type = "application/json; charset=utf-8";
  response.body = "{\"value\":[";
  for (const Member& member : result.members) {
    if (response.body.back() == '}') response.body.push_back(',');
    response.body.append("{\"connectionId\":");
    AppendJsonString(member.connection_id, &response.body);
    if (!member.user_id.empty()) {
      response.body.append(",\"userId\":");
      AppendJsonString(member.user_id, &response.body);
    }
    response.body.push_back('}');
  }
  response.body.push_back(']');
  const auto given = static_cast<uint32_t>(result.members.size());
  if (result.more && given < asked.top) {
    std::string link = absl::StrCat(
        asked.link, "&continuationToken=", absl::WebSafeBase64Escape(result.members.back().connection_id));
    if (asked.top != UINT32_MAX) absl::StrAppend(&link, "&top=", asked.top - given);
    response.body.append(",\"nextLink\":");
    AppendJsonString(link, &response.body);
  }
  response.body.push_back('}');
  return response;
}

http::Response Say(const RestQuestion& asked, const Gathered& result) {
  if (result.refused > 0) {
    return Refuse(asked.question.operation == Operation::kAddToGroups
                      ? "A connection has as many groups as it may have; it joined no more."
                      : "The connection has as many permissions as it may have.");
  }
  const bool check = asked.question.operation == Operation::kCheck;
  const bool found = check ? result.granted > 0 : result.matched > 0;
  if (!found && asked.missing_status != 0) {
    if (!result.complete()) {
      return RestError(
          503, "ServiceUnavailable",
          absl::StrCat(absl::StrJoin(result.silent, ", "), " did not answer, and nobody else knows; retry."));
    }
    return RestError(asked.missing_status, asked.missing_code,
                     check ? "The permission is not granted." : "There is none.");
  }
  if (asked.question.operation == Operation::kList) return Page(asked, result);
  http::Response response;
  response.status = asked.status;
  return response;
}

}  // namespace asking
}  // namespace

std::optional<std::variant<http::Response, RestQuestion>> DecideQuestion(const http::Request& request,
                                                                         const std::string& hub,
                                                                         const std::vector<std::string>& rest,
                                                                         const RestQuery& query) {
  auto decision = asking::Decide(request, rest, query);
  if (decision) {
    if (auto* asked = std::get_if<RestQuestion>(&*decision)) asked->question.hub = CanonicalHub(hub);
  }
  return decision;
}

http::Response AnswerQuestion(const RestQuestion& asked, const Gathered& result) {
  http::Response response = asking::Say(asked, result);
  std::string instances = absl::StrCat("asked=", result.asked, " answered=", result.answered);
  if (!result.silent.empty()) {
    absl::StrAppend(&instances, " silent=",
                    absl::StrJoin(result.silent, ",", [](std::string* out, const std::string& name) {
                      const absl::string_view brief = ShortName(name);
                      out->append(brief.data(), brief.size());
                    }));
  }
  response.headers.emplace_back("x-nonet-instances", std::move(instances));
  return response;
}

}  // namespace nonet::replica
