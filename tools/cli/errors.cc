#include "tools/cli/errors.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/regions/regions.h"
#include "tools/cli/dir.h"

namespace nonet::cli {
namespace {

constexpr absl::string_view kExitCodeUrl = "nonet/exit_code";

absl::Status WithExitCode(absl::Status status, int code) {
  status.SetPayload(kExitCodeUrl, absl::Cord(absl::StrCat(code)));
  return status;
}

}  // namespace

namespace errors {

absl::Status Usage(absl::string_view message, absl::string_view next_step) {
  return WithExitCode(MakeError(absl::StatusCode::kInvalidArgument, "USAGE", message,
                                {.next_step = std::string(next_step), .metadata = {}}),
                      kExitUsage);
}

absl::Status Local(absl::string_view reason, absl::string_view message, absl::string_view next_step) {
  return WithExitCode(MakeError(absl::StatusCode::kInternal, reason, message,
                                {.next_step = std::string(next_step), .metadata = {}}),
                      kExitInternal);
}

absl::Status NotRunning(absl::string_view dir) {
  return MakeError(absl::StatusCode::kUnavailable, "NOT_RUNNING",
                   absl::StrCat("no cluster is running in ", dir),
                   {.next_step = WithDir("nonet up", dir), .metadata = {{"dir", std::string(dir)}}});
}

absl::Status NotAnswering(absl::string_view who, absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "NOT_ANSWERING",
                   absl::StrCat(who, " does not answer: ", why),
                   {.next_step = "nonet status", .metadata = {}});
}

absl::Status TimedOut(absl::string_view what, absl::string_view next_step) {
  return WithExitCode(MakeError(absl::StatusCode::kDeadlineExceeded, "TIMED_OUT", what,
                                {.next_step = std::string(next_step), .metadata = {}}),
                      kExitTimedOut);
}

absl::Status SettingsDiffer(absl::string_view option, absl::string_view saved, absl::string_view given,
                            absl::string_view dir) {
  return WithExitCode(
      MakeError(absl::StatusCode::kFailedPrecondition, "SETTING_DIFFERS",
                absl::StrCat("the cluster in ", dir, " was made with ", option, " ", saved, ", not ", given),
                {.next_step = absl::StrCat("leave ", option, " out, use another --dir, or start afresh: ",
                                           WithDir("nonet reset", dir)),
                 .metadata = {{"option", std::string(option)}}}),
      kExitUsage);
}

absl::Status AsUsage(absl::Status status) { return WithExitCode(std::move(status), kExitUsage); }

absl::Status UnknownRegion(absl::string_view region) {
  const absl::string_view nearest = NearestRegionName(region);
  return Usage(absl::StrCat("\"", region, "\" is not a region: did you mean ", nearest, "?"), nearest);
}

}  // namespace errors

std::string WithDir(absl::string_view command, absl::string_view dir) {
  if (dir == DefaultDir()) return std::string(command);
  return absl::StrCat(command, " --dir ", dir);
}

int ExitCode(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  if (const auto payload = status.GetPayload(kExitCodeUrl)) {
    int code = kExitInternal;
    if (absl::SimpleAtoi(std::string(*payload), &code)) return code;
  }
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return kExitTimedOut;
  return kExitServerBase + static_cast<int>(status.code());
}

std::string ErrorText(const absl::Status& status, bool colour) {
  std::string reason = ErrorReason(status);
  if (reason.empty()) reason = absl::StatusCodeToString(status.code());
  const std::string head = absl::StrCat("error[", reason, "]");
  std::string text = colour ? absl::StrCat("\x1b[1;31m", head, "\x1b[0m: ") : absl::StrCat(head, ": ");
  absl::StrAppend(&text, status.message(), "\n");
  const std::string next_step = GetErrorDetails(status).next_step;
  if (!next_step.empty()) absl::StrAppend(&text, "  try: ", next_step, "\n");
  return text;
}

}  // namespace nonet::cli
