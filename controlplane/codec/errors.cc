#include "controlplane/codec/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"

namespace nonet::controlplane::arm::errors {
namespace {

using absl::StatusCode;
using absl::StrCat;
using absl::string_view;

absl::Status BadRequest(string_view reason, string_view message, string_view target,
                        std::string next_step = "") {
  return MakeError(StatusCode::kInvalidArgument, reason, message,
                   {.next_step = std::move(next_step), .metadata = {{"target", std::string(target)}}});
}

}  // namespace

absl::Status InvalidJson(string_view why) {
  return BadRequest("INVALID_JSON", StrCat("the body is no JSON document that can be read: ", why), "body");
}

absl::Status UnknownProperty(string_view path, string_view known) {
  return BadRequest("UNKNOWN_PROPERTY", StrCat("there is no property ", path), path,
                    StrCat("leave it out, or use one of: ", known));
}

absl::Status WrongType(string_view path, string_view expected, string_view found) {
  return BadRequest("WRONG_TYPE", StrCat(path, " must be ", expected, ", not ", found), path);
}

absl::Status NotAllowed(string_view path, string_view value, string_view allowed) {
  return BadRequest("VALUE_NOT_ALLOWED", StrCat(path, " cannot be \"", value, "\""), path,
                    StrCat("use one of: ", allowed));
}

absl::Status MissingProperty(string_view path) {
  return BadRequest("MISSING_PROPERTY", StrCat(path, " is required"), path);
}

absl::Status ReadOnlyProperty(string_view path, string_view current) {
  return BadRequest("READ_ONLY_PROPERTY",
                    StrCat(path, " is read-only", current.empty() ? "" : " and is ", current), path,
                    "leave it out, or send it as it was read");
}

absl::Status TooManyItems(string_view path, size_t count, size_t max) {
  return BadRequest("TOO_MANY_ITEMS", StrCat(path, " has ", count, " items; at most ", max, " can be given"),
                    path);
}

absl::Status MissingApiVersion(const std::vector<std::string>& supported) {
  return BadRequest("MISSING_API_VERSION", "the query parameter api-version is required", "api-version",
                    StrCat("add ?api-version= with one of: ", absl::StrJoin(supported, ", ")));
}

absl::Status UnknownApiVersion(string_view version, string_view type,
                               const std::vector<std::string>& supported) {
  return BadRequest("UNKNOWN_API_VERSION",
                    StrCat("Microsoft.SignalRService/", type, " has no api-version \"", version, "\""),
                    "api-version", StrCat("use one of: ", absl::StrJoin(supported, ", ")));
}

absl::Status BadQuery(string_view why) {
  return BadRequest("INVALID_QUERY", StrCat("the query of the URL cannot be read: ", why), "query");
}

absl::Status NoSuchPath(string_view path) {
  return MakeError(StatusCode::kNotFound, "NO_SUCH_PATH",
                   StrCat("nothing of Microsoft.SignalRService/WebPubSub is at ", path),
                   {.next_step = "/subscriptions/{id}/resourceGroups/{group}/providers/"
                                 "Microsoft.SignalRService/webPubSub/{name} is where a resource is",
                    .metadata = {{"target", std::string(path)}}});
}

absl::Status MethodNotAllowed(string_view method, string_view path, string_view allowed) {
  return MakeError(StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED", StrCat(path, " has no ", method),
                   {.next_step = StrCat("use ", allowed),
                    .metadata = {{"target", std::string(path)}, {"allow", std::string(allowed)}}});
}

absl::Status NoToken() {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_MISSING",
                   "every call of Azure Resource Manager REST needs the cluster's bearer token",
                   {.next_step = "send 'Authorization: Bearer TOKEN' with the content of the file that "
                                 "cluster.json names as armTokenFile"});
}

absl::Status AlreadyThere(string_view name) {
  return MakeError(
      StatusCode::kAborted, "ALREADY_THERE", StrCat(name, " exists, and the call says If-None-Match: *"),
      {.next_step = "leave the header out to replace it", .metadata = {{"target", std::string(name)}}});
}

absl::Status NotThere(string_view name) {
  return MakeError(
      StatusCode::kAborted, "NOT_THERE", StrCat(name, " does not exist, and the call says If-Match"),
      {.next_step = "leave the header out to create it", .metadata = {{"target", std::string(name)}}});
}

}  // namespace nonet::controlplane::arm::errors
