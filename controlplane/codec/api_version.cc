#include "controlplane/codec/api_version.h"

#include <array>

#include "absl/strings/match.h"
#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

constexpr std::array<absl::string_view, 14> kVersions = {
    "2021-10-01",         "2022-08-01-preview", "2023-02-01",         "2023-03-01-preview",
    "2023-06-01-preview", "2023-08-01-preview", "2024-01-01-preview", "2024-03-01",
    "2024-04-01-preview", "2024-08-01-preview", "2024-10-01-preview", "2025-01-01-preview",
    "2025-08-01-preview", "2025-12-01-preview"};

// When the type came.
absl::string_view FirstVersion(absl::string_view type) {
  if (absl::StartsWith(type, "webPubSub/replicas/sharedPrivateLinkResources")) return "2024-01-01-preview";
  if (absl::StartsWith(type, "webPubSub/replicas")) return "2023-03-01-preview";
  if (absl::StartsWith(type, "webPubSub/custom")) return "2022-08-01-preview";
  return kVersions.front();
}

}  // namespace

std::vector<std::string> ApiVersionsOf(absl::string_view type) {
  const absl::string_view first = FirstVersion(type);
  std::vector<std::string> versions;
  for (const absl::string_view each : kVersions) {
    if (each.substr(0, 10) >= first.substr(0, 10)) versions.emplace_back(each);
  }
  return versions;
}

absl::Status CheckApiVersion(absl::string_view version, absl::string_view type) {
  const std::vector<std::string> known = ApiVersionsOf(type);
  if (version.empty()) return errors::MissingApiVersion(known);
  for (const std::string& each : known) {
    if (absl::EqualsIgnoreCase(each, version)) return absl::OkStatus();
  }
  return errors::UnknownApiVersion(version.substr(0, 64), type, known);
}

}  // namespace nonet::controlplane::arm
