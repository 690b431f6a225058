#include "tools/supervisor/core/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/regions/regions.h"

namespace nonet::supervisor {

using absl::StatusCode;

absl::Status UnknownRegion(absl::string_view region) {
  return MakeError(
      StatusCode::kInvalidArgument, "UNKNOWN_REGION", absl::StrCat("there is no region \"", region, "\""),
      {.next_step = absl::StrCat("use Azure's programmatic name, for example ", NearestRegionName(region)),
       .metadata = {{"region", std::string(region)}}});
}

absl::Status RegionNotDown(absl::string_view region) {
  return MakeError(StatusCode::kNotFound, "REGION_NOT_DOWN", absl::StrCat(region, " is not down"),
                   {.next_step = "nonet fault list", .metadata = {{"region", std::string(region)}}});
}

absl::Status NoFreeAddress(absl::string_view region) {
  return MakeError(StatusCode::kResourceExhausted, "NO_FREE_ADDRESS",
                   absl::StrCat("no address is left for another instance in ", region),
                   {.next_step = "wait: an address is free again 10 minutes after its instance was deleted",
                    .metadata = {{"region", std::string(region)}}});
}

absl::Status UnknownProcess(absl::string_view name, const std::vector<std::string>& known) {
  return MakeError(StatusCode::kNotFound, "UNKNOWN_PROCESS",
                   absl::StrCat("there is no process \"", name, "\""),
                   {.next_step = absl::StrCat("use one of: ", absl::StrJoin(known, ", ")),
                    .metadata = {{"process", std::string(name)}}});
}

absl::Status AmbiguousProcess(absl::string_view name, const std::vector<std::string>& candidates) {
  return MakeError(StatusCode::kInvalidArgument, "AMBIGUOUS_PROCESS",
                   absl::StrCat("several resources have an instance \"", name, "\""),
                   {.next_step = absl::StrCat("use one of: ", absl::StrJoin(candidates, ", ")),
                    .metadata = {{"process", std::string(name)}}});
}

absl::Status ProcessNotRunning(absl::string_view name, absl::string_view why) {
  return MakeError(StatusCode::kFailedPrecondition, "PROCESS_NOT_RUNNING",
                   absl::StrCat(name, " is not running: ", why),
                   {.next_step = "nonet status", .metadata = {{"process", std::string(name)}}});
}

absl::Status ProcessNotHeld(absl::string_view name) {
  return MakeError(StatusCode::kFailedPrecondition, "PROCESS_NOT_HELD",
                   absl::StrCat(name, " is neither paused nor held dead"),
                   {.next_step = "nonet fault list", .metadata = {{"process", std::string(name)}}});
}

absl::Status UnknownLinkSide(absl::string_view side, const std::vector<std::string>& known) {
  return MakeError(StatusCode::kNotFound, "UNKNOWN_LINK_SIDE",
                   absl::StrCat("\"", side, "\" is neither a region nor an instance"),
                   {.next_step = absl::StrCat("use a region like ", NearestRegionName(side), ", or one of: ",
                                              absl::StrJoin(known, ", "), ", clients, dnsresolver"),
                    .metadata = {{"side", std::string(side)}}});
}

absl::Status ControlplaneHasNoLinks() {
  return MakeError(StatusCode::kInvalidArgument, "CONTROLPLANE_HAS_NO_LINKS",
                   "the control plane is in no region, so no link leads to it",
                   {.next_step = "nonet fault pause controlplane"});
}

absl::Status SameLinkSide(absl::string_view side) {
  return MakeError(StatusCode::kInvalidArgument, "SAME_LINK_SIDE",
                   absl::StrCat("both sides are ", side, ": a link has two"),
                   {.next_step = "give two different sides", .metadata = {{"side", std::string(side)}}});
}

absl::Status NoSuchLink(absl::string_view a, absl::string_view b) {
  return MakeError(StatusCode::kInvalidArgument, "NO_SUCH_LINK",
                   absl::StrCat(a, " and ", b, " never talk to each other"),
                   {.next_step = "give a region or an instance as one of the sides"});
}

absl::Status LinkNotFaulty(absl::string_view a, absl::string_view b) {
  return MakeError(StatusCode::kNotFound, "LINK_NOT_FAULTY",
                   absl::StrCat("there is no fault between ", a, " and ", b),
                   {.next_step = "nonet fault list"});
}

absl::Status BadLinkAmount(absl::string_view rule) {
  return MakeError(StatusCode::kInvalidArgument, "BAD_LINK_AMOUNT", rule,
                   {.next_step = "nonet fault --help"});
}

absl::Status TooManyLinkFaults(size_t limit) {
  return MakeError(StatusCode::kResourceExhausted, "TOO_MANY_LINK_FAULTS",
                   absl::StrCat("there are ", limit, " link faults already"),
                   {.next_step = "nonet fault clear, or end some with nonet fault heal"});
}

absl::Status ShuttingDown() {
  return MakeError(StatusCode::kUnavailable, "SHUTTING_DOWN", "the cluster is shutting down",
                   {.next_step = "nonet up"});
}

absl::Status NotReady(const std::vector<std::string>& missing) {
  return MakeError(StatusCode::kDeadlineExceeded, "NOT_READY",
                   absl::StrCat("not ready: ", absl::StrJoin(missing, "; ")), {.next_step = "nonet logs"});
}

absl::Status TooManyCallers(absl::string_view of_what, size_t limit) {
  return MakeError(StatusCode::kResourceExhausted, "TOO_MANY_CALLERS",
                   absl::StrCat("already ", limit, " callers of ", of_what),
                   {.next_step = "try again later"});
}

absl::Status SlowSubscriber(size_t limit) {
  return MakeError(StatusCode::kResourceExhausted, "SLOW_SUBSCRIBER",
                   absl::StrCat("more than ", limit, " events behind"),
                   {.next_step = "subscribe again after the last event seen"});
}

absl::Status AlreadyRunning(absl::string_view dir, absl::string_view pid) {
  return MakeError(
      StatusCode::kFailedPrecondition, "ALREADY_RUNNING",
      absl::StrCat("a supervisor", pid.empty() ? "" : " (pid ", pid, pid.empty() ? "" : ")",
                   " already runs in ", dir),
      {.next_step = absl::StrCat("nonet status --dir ", dir), .metadata = {{"dir", std::string(dir)}}});
}

absl::Status UnreadableState(absl::string_view file, absl::string_view why) {
  return MakeError(
      StatusCode::kDataLoss, "UNREADABLE_STATE", absl::StrCat(file, ": ", why),
      {.next_step = "nonet reset, or restore the file", .metadata = {{"file", std::string(file)}}});
}

absl::Status BadSetting(absl::string_view flag, absl::string_view value, absl::string_view rule) {
  return MakeError(
      StatusCode::kInvalidArgument, "BAD_SETTING", absl::StrCat("--", flag, "=", value, ": ", rule),
      {.next_step = absl::StrCat("give another --", flag), .metadata = {{"flag", std::string(flag)}}});
}

absl::Status SettingDiffers(absl::string_view flag, absl::string_view given, absl::string_view kept,
                            absl::string_view dir) {
  return MakeError(
      StatusCode::kFailedPrecondition, "SETTING_DIFFERS",
      absl::StrCat("--", flag, "=", given, ", but the cluster in ", dir, " was made with ", kept),
      {.next_step = absl::StrCat("leave --", flag, " out, use another --dir, or: nonet reset --dir ", dir),
       .metadata = {{"flag", std::string(flag)}}});
}

absl::Status ProgramMissing(absl::string_view path) {
  return MakeError(StatusCode::kNotFound, "PROGRAM_MISSING", absl::StrCat("there is no program ", path),
                   {.next_step = "tools/build", .metadata = {{"path", std::string(path)}}});
}

}  // namespace nonet::supervisor
