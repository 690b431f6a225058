#include "dnsresolver/core/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns::errors {

using absl::StatusCode;
using absl::StrCat;

absl::Status NameRequired() {
  return MakeError(StatusCode::kInvalidArgument, "NAME_REQUIRED", "no name was given to resolve",
                   {.next_step = "give a resource's name, such as contoso, or a host name of the zone"});
}

absl::Status NameInvalid(absl::string_view name, absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "NAME_INVALID", why,
                   {.next_step = "give a resource's name, such as contoso, or a host name of the zone",
                    .metadata = {{"name", std::string(name)}}});
}

absl::Status NameOutsideZone(absl::string_view name, absl::string_view zone) {
  return MakeError(StatusCode::kInvalidArgument, "NAME_OUTSIDE_ZONE",
                   StrCat(name, " is not in the zone ", zone, ", the only one answered here"),
                   {.next_step = StrCat("ask for a name that ends in .", zone),
                    .metadata = {{"name", std::string(name)}, {"zone", std::string(zone)}}});
}

absl::Status RegionUnknown(absl::string_view region, absl::string_view nearest) {
  return MakeError(
      StatusCode::kInvalidArgument, "REGION_UNKNOWN", StrCat("there is no Azure region '", region, "'"),
      {.next_step = StrCat("did you mean ", nearest, "?"), .metadata = {{"region", std::string(region)}}});
}

absl::Status ClientSubnetInvalid(absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "CLIENT_SUBNET_INVALID", why,
                   {.next_step = "give a prefix such as 10.15.0.0/24"});
}

absl::Status ResourceNotFound(absl::string_view resource) {
  return MakeError(StatusCode::kNotFound, "RESOURCE_NOT_FOUND", StrCat("the resolver knows no ", resource),
                   {.next_step = "nonet resource list", .metadata = {{"resource", std::string(resource)}}});
}

absl::Status SupposedHealthInvalid(absl::string_view subject, absl::string_view why,
                                   absl::string_view try_this) {
  return MakeError(StatusCode::kInvalidArgument, "SUPPOSED_HEALTH_INVALID",
                   StrCat("cannot suppose that of '", subject, "': ", why),
                   {.next_step = std::string(try_this), .metadata = {{"subject", std::string(subject)}}});
}

absl::Status RoundTripsInvalid(absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "ROUND_TRIPS_INVALID", StrCat("the round trips: ", why),
                   {.next_step = "give a square matrix of Azure regions, as in common/regions/data"});
}

absl::Status TtlInvalid() {
  return MakeError(StatusCode::kInvalidArgument, "TTL_INVALID", "the supposed TTL is out of range",
                   {.next_step = StrCat("whole seconds, 0 to ", kTtlSecondsMax)});
}

absl::Status TableReferenceInvalid(absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "TABLE_REFERENCE_INVALID", why,
                   {.next_step = "name a table by its number, a time, or round trips; nonet dns history"});
}

absl::Status BeforeHistory(int64_t first_ns) {
  if (first_ns == 0) {
    return MakeError(StatusCode::kNotFound, "BEFORE_HISTORY", "the resolver's history is empty",
                     {.next_step = "leave the time out: what is in force now is always known"});
  }
  const absl::Time first = absl::FromUnixNanos(first_ns);
  return MakeError(StatusCode::kNotFound, "BEFORE_HISTORY",
                   StrCat("the resolver's history begins at ",
                          absl::FormatTime("%Y-%m-%d %H:%M:%E3S", first, absl::UTCTimeZone()), " UTC"),
                   {.next_step = "ask for a later time; nonet dns history lists what there is"});
}

absl::Status TableUnknown(uint64_t number, uint64_t first, uint64_t last) {
  return MakeError(StatusCode::kNotFound, "TABLE_UNKNOWN",
                   last == 0
                       ? StrCat("there is no table ", number, ": the resolver's history is empty")
                       : StrCat("there is no table ", number, "; the history has ", first, " to ", last),
                   {.next_step = "nonet dns history"});
}

absl::Status HistoryUnreadable(absl::string_view path) {
  return MakeError(StatusCode::kDataLoss, "HISTORY_UNREADABLE",
                   StrCat("the history file ", path, " is damaged"),
                   {.next_step = "ask for another time; the file may be deleted"});
}

absl::Status WatcherTooSlow() {
  return MakeError(StatusCode::kResourceExhausted, "WATCHER_TOO_SLOW",
                   StrCat("more than ", kEventsQueuedPerWatcherMax, " events waited to be read"),
                   {.next_step = "call again with `after` set to the time of the last event read"});
}

absl::Status TooManyWatchers() {
  return MakeError(StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                   StrCat(kWatchersMax, " calls watch already"), {.next_step = "end one of them"});
}

absl::Status ShuttingDown() {
  return MakeError(StatusCode::kUnavailable, "SHUTTING_DOWN", "the resolver is stopping",
                   {.next_step = "try again"});
}

absl::Status ConfigObjectUnexpected(absl::string_view name) {
  return MakeError(StatusCode::kInvalidArgument, "CONFIG_OBJECT_UNEXPECTED",
                   StrCat(name, " is neither a resource nor a replica of one"),
                   {.metadata = {{"name", std::string(name)}}});
}

absl::Status ConfigRegionUnknown(absl::string_view name, absl::string_view region) {
  return MakeError(StatusCode::kInvalidArgument, "CONFIG_REGION_UNKNOWN",
                   StrCat(name, " is in region '", region, "', which the resolver does not know"),
                   {.metadata = {{"name", std::string(name)}, {"region", std::string(region)}}});
}

absl::Status ConfigHostNameInvalid(absl::string_view name, absl::string_view host_name,
                                   absl::string_view zone) {
  return MakeError(StatusCode::kInvalidArgument, "CONFIG_HOST_NAME_INVALID",
                   StrCat(name, " has the host name '", host_name, "', which is no name of the zone ", zone),
                   {.next_step = "start the resolver and the control plane with the same --zone",
                    .metadata = {{"name", std::string(name)}, {"host_name", std::string(host_name)}}});
}

absl::Status ConfigAddressInvalid(absl::string_view name, absl::string_view address) {
  return MakeError(StatusCode::kInvalidArgument, "CONFIG_ADDRESS_INVALID",
                   StrCat(name, " listens on '", address, "', which is no IPv4 address"),
                   {.metadata = {{"name", std::string(name)}, {"address", std::string(address)}}});
}

absl::Status ConfigAddressLost(absl::string_view name, absl::string_view address) {
  return MakeError(StatusCode::kFailedPrecondition, "CONFIG_ADDRESS_LOST",
                   StrCat(name, " came without an address, but is known to listen on ", address),
                   {.metadata = {{"name", std::string(name)}, {"address", std::string(address)}}});
}

absl::Status ConfigStale(absl::string_view name, uint64_t revision, uint64_t held) {
  return MakeError(StatusCode::kFailedPrecondition, "CONFIG_STALE",
                   StrCat(name, " came at revision ", revision, ", but revision ", held, " is in force"),
                   {.metadata = {{"name", std::string(name)}, {"held_revision", StrCat(held)}}});
}

absl::Status FlagInvalid(absl::string_view flag, absl::string_view value, absl::string_view rule) {
  return MakeError(StatusCode::kInvalidArgument, "FLAG_INVALID",
                   StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}}), "=", value, ": ", rule),
                   {.metadata = {{"flag", std::string(flag)}}});
}

absl::Status CannotListen(absl::string_view address, absl::string_view why) {
  return MakeError(StatusCode::kUnavailable, "CANNOT_LISTEN", StrCat("cannot listen on ", address, ": ", why),
                   {.next_step = "choose another --dns-listen, or stop what holds it",
                    .metadata = {{"address", std::string(address)}}});
}

}  // namespace nonet::dns::errors
