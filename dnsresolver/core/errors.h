// What the resolver tells people is wrong. Each returns a Status with a stable id, a sentence, a next step.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::dns::errors {

// ---- Questions (SteeringService) ----
absl::Status NameRequired();
absl::Status NameInvalid(absl::string_view name, absl::string_view why);
absl::Status NameOutsideZone(absl::string_view name, absl::string_view zone);
absl::Status RegionUnknown(absl::string_view region, absl::string_view nearest);
absl::Status ClientSubnetInvalid(absl::string_view why);
absl::Status ResourceNotFound(absl::string_view resource);
absl::Status WatcherTooSlow();
absl::Status TooManyWatchers();
absl::Status ShuttingDown();

// ---- Hypotheses and history (SteeringService) ----
absl::Status SupposedHealthInvalid(absl::string_view subject, absl::string_view why,
                                   absl::string_view try_this);
absl::Status RoundTripsInvalid(absl::string_view why);
absl::Status TtlInvalid();
absl::Status TableReferenceInvalid(absl::string_view why);
// `first_ns`: Unix time of the oldest table; 0: there is none.
absl::Status BeforeHistory(int64_t first_ns);
absl::Status TableUnknown(uint64_t number, uint64_t first, uint64_t last);
absl::Status HistoryUnreadable(absl::string_view path);

// ---- Configuration that is refused ----
absl::Status ConfigObjectUnexpected(absl::string_view name);
absl::Status ConfigRegionUnknown(absl::string_view name, absl::string_view region);
absl::Status ConfigHostNameInvalid(absl::string_view name, absl::string_view host_name,
                                   absl::string_view zone);
absl::Status ConfigAddressInvalid(absl::string_view name, absl::string_view address);
absl::Status ConfigAddressLost(absl::string_view name, absl::string_view address);
absl::Status ConfigStale(absl::string_view name, uint64_t revision, uint64_t held);

// ---- Flags ----
// `flag` without dashes: "probe_interval".
absl::Status FlagInvalid(absl::string_view flag, absl::string_view value, absl::string_view rule);
absl::Status CannotListen(absl::string_view address, absl::string_view why);

}  // namespace nonet::dns::errors
