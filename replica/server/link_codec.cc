#include "replica/server/link_codec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

// A day: whoever adds more means a partition.
constexpr uint64_t kAddedRoundTripNsMax = 86'400 * static_cast<uint64_t>(kNanosPerSecond);

absl::StatusOr<LinkSide> SideFromProto(const fault::v1::LinkSide& in) {
  switch (in.kind_case()) {
    case fault::v1::LinkSide::kRegion:
      if (FindRegion(in.region()) == nullptr) {
        return errors::BadLinkPlan(absl::StrCat("there is no region '", in.region(), "'"));
      }
      return LinkSide{LinkSide::Kind::kRegion, in.region()};
    case fault::v1::LinkSide::kInstance:
      return LinkSide{LinkSide::Kind::kInstance, in.instance()};
    case fault::v1::LinkSide::kClients:
      return LinkSide{LinkSide::Kind::kClients};
    case fault::v1::LinkSide::kProbes:
      return LinkSide{LinkSide::Kind::kProbes};
    case fault::v1::LinkSide::KIND_NOT_SET:
      break;
  }
  return errors::BadLinkPlan("a side is neither a region, an instance, the clients nor the probes");
}

absl::Status CheckAmount(const LinkFault& fault) {
  switch (fault.kind) {
    case LinkFaultKind::kPartition:
      return absl::OkStatus();
    case LinkFaultKind::kLatency:
      return fault.amount <= kAddedRoundTripNsMax ? absl::OkStatus()
                                                  : errors::BadLinkPlan("a latency is above a day");
    case LinkFaultKind::kBandwidth:
      return fault.amount > 0 ? absl::OkStatus() : errors::BadLinkPlan("a bandwidth is zero");
    default:
      return fault.amount <= kPartsPerMillion ? absl::OkStatus()
                                              : errors::BadLinkPlan("a share is above 100 percent");
  }
}

absl::StatusOr<LinkFault> FaultFromProto(const fault::v1::LinkFault& in) {
  if (in.kind() < fault::v1::LINK_FAULT_KIND_PARTITION || in.kind() > fault::v1::LINK_FAULT_KIND_BANDWIDTH) {
    return errors::BadLinkPlan("a fault's kind is unknown");
  }
  LinkFault fault;
  fault.kind = static_cast<LinkFaultKind>(in.kind() - fault::v1::LINK_FAULT_KIND_PARTITION);
  ASSIGN_OR_RETURN(fault.a, SideFromProto(in.a()));
  ASSIGN_OR_RETURN(fault.b, SideFromProto(in.b()));
  fault.one_way = in.one_way();
  fault.amount = in.amount();
  RETURN_IF_ERROR(CheckAmount(fault));
  return fault;
}

}  // namespace

absl::StatusOr<LinkPlan> FromProto(const fault::v1::LinkPlan& in) {
  if (in.wan() < fault::v1::WAN_UNSPECIFIED || in.wan() > fault::v1::WAN_MEASURED) {
    return errors::BadLinkPlan("the wide-area mode is unknown");
  }
  if (static_cast<size_t>(in.faults_size()) > kLinkFaultsMax) {
    return errors::BadLinkPlan(absl::StrCat("more than ", kLinkFaultsMax, " faults"));
  }
  LinkPlan plan;
  plan.number = in.number();
  plan.wan = in.wan() == fault::v1::WAN_MEASURED;
  for (const fault::v1::LinkFault& each : in.faults()) {
    ASSIGN_OR_RETURN(LinkFault fault, FaultFromProto(each));
    plan.faults.push_back(std::move(fault));
  }
  return plan;
}

absl::StatusOr<LinkPlan> LinkPlanFromBytes(absl::string_view bytes) {
  fault::v1::LinkPlan proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return errors::BadLinkPlan("it is no nonet.fault.v1.LinkPlan");
  }
  return FromProto(proto);
}

fault::v1::LinkState ToProto(const LinkTable& links) {
  const LinkCounters counters = links.counters();
  fault::v1::LinkState state;
  state.set_number(links.plan().number);
  state.set_delayed(counters.delayed);
  state.set_waiting(counters.waiting);
  state.set_waiting_bytes(counters.waiting_bytes);
  state.set_retransmitted(counters.retransmitted);
  state.set_duplicated(counters.duplicated);
  state.set_reordered(counters.reordered);
  return state;
}

}  // namespace nonet::replica
