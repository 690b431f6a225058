// Link faults: what people put between two sides.
#include "tools/supervisor/core/link_faults.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

constexpr const char* kLinkKindNames[] = {"partition", "latency", "loss",
                                          "duplicate", "reorder", "bandwidth"};
constexpr absl::string_view kClientsSide = "clients";
constexpr absl::string_view kProbesSide = kDnsresolverKey;

// Traffic ends at an instance; these two only begin it.
bool OnlyBegins(const LinkSide& side) {
  return side.kind == LinkSide::Kind::kClients || side.kind == LinkSide::Kind::kProbes;
}

}  // namespace

absl::string_view LinkKindName(LinkFaultKind kind) { return kLinkKindNames[static_cast<int>(kind)]; }

std::string LinkKey(const LinkFault& link) {
  return absl::StrCat(LinkKindName(link.kind), "|", static_cast<int>(link.a.kind), link.a.name,
                      link.one_way ? ">" : "|", static_cast<int>(link.b.kind), link.b.name);
}

absl::Status CheckLinkAmount(LinkFaultKind kind, uint64_t amount) {
  switch (kind) {
    case LinkFaultKind::kPartition:
      return amount == 0 ? absl::OkStatus() : BadLinkAmount("a partition has no amount");
    case LinkFaultKind::kLatency:
      return amount <= static_cast<uint64_t>(kLinkLatencyNsMax)
                 ? absl::OkStatus()
                 : BadLinkAmount("a latency adds at most 60 s to the round trip");
    case LinkFaultKind::kLoss:
    case LinkFaultKind::kDuplicate:
    case LinkFaultKind::kReorder:
      return amount <= kPartsPerMillion ? absl::OkStatus() : BadLinkAmount("a share is 0 to 100 percent");
    case LinkFaultKind::kBandwidth:
      return absl::OkStatus();
  }
  return BadLinkAmount("the kind of fault is unknown");
}

std::string Fleet::SideName(const LinkSide& side) const {
  switch (side.kind) {
    case LinkSide::Kind::kRegion:
      return side.name;
    case LinkSide::Kind::kInstance: {
      // A bare name that is also a region's would be read as the region.
      std::string name = names_.NameOf(side.name);
      const auto it = entries_.find(side.name);
      if (FindRegion(name) == nullptr || it == entries_.end()) return name;
      const InstanceSpec& instance = it->second.durable.instance;
      return absl::StrCat(instance.resource_id, "/", instance.replica_id);
    }
    case LinkSide::Kind::kClients:
      return std::string(kClientsSide);
    case LinkSide::Kind::kProbes:
      return std::string(kProbesSide);
  }
  return side.name;
}

absl::StatusOr<LinkSide> Fleet::ParseSide(absl::string_view text) const {
  if (text == kClientsSide) return LinkSide{.kind = LinkSide::Kind::kClients, .name = ""};
  if (text == kProbesSide) return LinkSide{.kind = LinkSide::Kind::kProbes, .name = ""};
  if (text == kControlplaneKey) return ControlplaneHasNoLinks();
  if (FindRegion(text) != nullptr)
    return LinkSide{.kind = LinkSide::Kind::kRegion, .name = std::string(text)};
  absl::StatusOr<std::string> key = names_.KeyOf(text);
  if (key.ok()) return LinkSide{.kind = LinkSide::Kind::kInstance, .name = *std::move(key)};
  if (!absl::IsNotFound(key.status())) return key.status();
  std::vector<std::string> instances;
  for (const auto& [name, entry] : entries_) {
    if (entry.durable.kind == ProcessKind::kInstance) instances.push_back(names_.NameOf(name));
  }
  return UnknownLinkSide(text, instances);
}

absl::Status Fleet::ParseSides(absl::string_view a, absl::string_view b, LinkFault* link) const {
  ASSIGN_OR_RETURN(link->a, ParseSide(a));
  ASSIGN_OR_RETURN(link->b, ParseSide(b));
  if (link->a == link->b) return SameLinkSide(a);
  if (OnlyBegins(link->a) && OnlyBegins(link->b)) return NoSuchLink(a, b);
  return absl::OkStatus();
}

absl::StatusOr<Fault> Fleet::SetLinkFault(LinkFaultKind kind, absl::string_view a, absl::string_view b,
                                          bool one_way, uint64_t amount, Now now, Effects& effects) {
  LinkFault link{.kind = kind, .a = {}, .b = {}, .one_way = one_way, .amount = amount};
  RETURN_IF_ERROR(CheckLinkAmount(kind, amount));
  RETURN_IF_ERROR(ParseSides(a, b, &link));
  if (shutting_down_) return ShuttingDown();
  if (!one_way && link.b < link.a) std::swap(link.a, link.b);
  Fault fault{.kind = Fault::Kind::kLink,
              .subject = LinkKey(link),
              .mode = RegionDownMode::kRefuse,
              .start_wall_ns = now.wall_ns,
              .name = "",
              .link = link};
  const FaultKey key{fault.kind, fault.subject};
  const auto it = faults_.find(key);
  if (kind != LinkFaultKind::kPartition && amount == 0) {
    if (!EndFault(key, effects)) return LinkNotFaulty(a, b);
    return Named(fault);
  }
  if (it != faults_.end() && it->second.link == link) return Named(it->second);
  if (it == faults_.end() && LinkFaults().size() >= kLinkFaultsMax) return TooManyLinkFaults(kLinkFaultsMax);
  AddFault(fault, effects);
  return Named(fault);
}

absl::StatusOr<std::vector<Fault>> Fleet::HealLink(absl::string_view a, absl::string_view b,
                                                   Effects& effects) {
  LinkFault asked;
  RETURN_IF_ERROR(ParseSides(a, b, &asked));
  std::vector<Fault> ended;
  for (const auto& [key, fault] : faults_) {
    if (fault.kind != Fault::Kind::kLink) continue;
    const bool same = (fault.link.a == asked.a && fault.link.b == asked.b) ||
                      (fault.link.a == asked.b && fault.link.b == asked.a);
    if (same) ended.push_back(Named(fault));
  }
  if (ended.empty()) return LinkNotFaulty(a, b);
  for (const Fault& fault : ended) EndFault({fault.kind, fault.subject}, effects);
  return ended;
}

std::vector<LinkFault> Fleet::LinkFaults() const {
  std::vector<LinkFault> links;
  for (const auto& [key, fault] : faults_) {
    if (fault.kind == Fault::Kind::kLink) links.push_back(fault.link);
  }
  return links;
}

}  // namespace nonet::supervisor
