// The forms of single values: names, URLs, addresses, ARM ids. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane {

// A letter, then letters, digits and _`,.[]; 1 to 128 (proto, HubSettings.hub).
bool IsHubName(absl::string_view hub);

// INVALID_SETTING naming `field`. Any text is at most kTextMax bytes and has no control characters.
absl::Status ValidateText(absl::string_view field, absl::string_view text);
// 1 to 80 letters, digits and _.- with a letter or digit first.
absl::Status ValidateChildName(absl::string_view field, absl::string_view name);
// "/subscriptions/...", without white space.
absl::Status ValidateArmId(absl::string_view field, absl::string_view id);
// Labels of letters, digits, hyphens and underscores, 1 to 63 each, 253 in all; at least two.
absl::Status ValidateDnsName(absl::string_view field, absl::string_view name);
// An IPv4 or IPv6 address or block, or a service tag ("AzureFrontDoor.Backend").
absl::Status ValidateIpRule(absl::string_view field, absl::string_view value);
// Why it is not the URL template of an event handler; empty when it is one.
std::string WhyNotUrlTemplate(absl::string_view url);

}  // namespace nonet::controlplane
