// What can go wrong in the supervisor, as its users see it. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::supervisor {

absl::Status UnknownRegion(absl::string_view region);
absl::Status RegionNotDown(absl::string_view region);
absl::Status NoFreeAddress(absl::string_view region);
absl::Status UnknownProcess(absl::string_view name, const std::vector<std::string>& known);
absl::Status AmbiguousProcess(absl::string_view name, const std::vector<std::string>& candidates);
absl::Status ProcessNotRunning(absl::string_view name, absl::string_view why);
absl::Status ProcessNotHeld(absl::string_view name);
absl::Status UnknownLinkSide(absl::string_view side, const std::vector<std::string>& known);
absl::Status ControlplaneHasNoLinks();
absl::Status SameLinkSide(absl::string_view side);
absl::Status NoSuchLink(absl::string_view a, absl::string_view b);
absl::Status LinkNotFaulty(absl::string_view a, absl::string_view b);
absl::Status BadLinkAmount(absl::string_view rule);
absl::Status TooManyLinkFaults(size_t limit);
absl::Status ShuttingDown();
absl::Status NotReady(const std::vector<std::string>& missing);
absl::Status TooManyCallers(absl::string_view of_what, size_t limit);
absl::Status SlowSubscriber(size_t limit);
absl::Status AlreadyRunning(absl::string_view dir, absl::string_view pid);
absl::Status UnusableAuthority(absl::string_view dir, absl::string_view why);
absl::Status UnreadableState(absl::string_view file, absl::string_view why);
absl::Status BadSetting(absl::string_view flag, absl::string_view value, absl::string_view rule);
absl::Status SettingDiffers(absl::string_view flag, absl::string_view given, absl::string_view kept,
                            absl::string_view dir);
absl::Status ProgramMissing(absl::string_view path);

}  // namespace nonet::supervisor
