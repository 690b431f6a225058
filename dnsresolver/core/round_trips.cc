#include "dnsresolver/core/round_trips.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

constexpr uint16_t kUnknown = UINT16_MAX;
static_assert(kRoundTripMsMax < kUnknown);

size_t Place(const Region& from, const Region& to) {
  return static_cast<size_t>(from.number) * Regions().size() + static_cast<size_t>(to.number);
}

}  // namespace

absl::StatusOr<RoundTrips> RoundTrips::Make(std::string label, std::span<const std::string> regions,
                                            std::span<const uint32_t> ms) {
  if (label.size() > kRoundTripLabelBytesMax) return errors::RoundTripsInvalid("their label is too long");
  if (regions.empty() || regions.size() > kRoundTripRegionsMax) {
    return errors::RoundTripsInvalid(absl::StrCat("1 to ", kRoundTripRegionsMax, " regions are taken"));
  }
  if (ms.size() != regions.size() * regions.size())
    return errors::RoundTripsInvalid("the matrix is not square");
  std::vector<const Region*> known;
  std::set<absl::string_view> seen;
  for (const std::string& name : regions) {
    known.push_back(FindRegion(name));
    if (known.back() == nullptr) {
      return errors::RoundTripsInvalid(absl::StrCat("there is no Azure region '", name.substr(0, 64),
                                                    "'; did you mean ", NearestRegionName(name), "?"));
    }
    if (!seen.insert(name).second) return errors::RoundTripsInvalid(absl::StrCat(name, " is in it twice"));
  }
  RoundTrips made;
  made.label_ = std::move(label);
  made.ms_.assign(Regions().size() * Regions().size(), kUnknown);
  for (size_t i = 0; i < ms.size(); ++i) {
    const Region& from = *known[i / regions.size()];
    const Region& to = *known[i % regions.size()];
    if (ms[i] > kRoundTripMsMax) {
      return errors::RoundTripsInvalid(absl::StrCat(from.name, " to ", to.name, ", ", ms[i],
                                                    " ms, is more than ", kRoundTripMsMax, " ms"));
    }
    if (ms[i] > 0) made.ms_[Place(from, to)] = static_cast<uint16_t>(ms[i]);
  }
  return made;
}

int RoundTrips::Ms(const Region& from, const Region& to) const {
  const uint16_t ms = ms_[Place(from, to)];
  return ms == kUnknown ? nonet::RttMs(from, to) : ms;
}

}  // namespace nonet::dns
