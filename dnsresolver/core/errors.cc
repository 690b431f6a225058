#include "dnsresolver/core/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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
