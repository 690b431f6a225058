#include "tools/supervisor/server/link_plan.h"

#include "tools/supervisor/core/errors.h"

namespace nonet::supervisor {
namespace {

fault::v1::LinkSide SideToProto(const LinkSide& side) {
  fault::v1::LinkSide proto;
  switch (side.kind) {
    case LinkSide::Kind::kRegion:
      proto.set_region(side.name);
      break;
    case LinkSide::Kind::kInstance:
      proto.set_instance(side.name);
      break;
    case LinkSide::Kind::kClients:
      proto.set_clients(true);
      break;
    case LinkSide::Kind::kProbes:
      proto.set_probes(true);
      break;
  }
  return proto;
}

}  // namespace

fault::v1::LinkPlan MakeLinkPlan(const std::vector<LinkFault>& faults, bool wan) {
  fault::v1::LinkPlan plan;
  plan.set_wan(wan ? fault::v1::WAN_MEASURED : fault::v1::WAN_OFF);
  for (const LinkFault& fault : faults) {
    fault::v1::LinkFault& proto = *plan.add_faults();
    proto.set_kind(ToProto(fault.kind));
    *proto.mutable_a() = SideToProto(fault.a);
    *proto.mutable_b() = SideToProto(fault.b);
    proto.set_one_way(fault.one_way);
    proto.set_amount(fault.amount);
  }
  return plan;
}

absl::StatusOr<LinkFaultKind> KindFromProto(fault::v1::LinkFaultKind kind) {
  if (kind < fault::v1::LINK_FAULT_KIND_PARTITION || kind > fault::v1::LINK_FAULT_KIND_BANDWIDTH) {
    return BadLinkAmount("the kind of fault is unknown");
  }
  return static_cast<LinkFaultKind>(kind - fault::v1::LINK_FAULT_KIND_PARTITION);
}

fault::v1::LinkFaultKind ToProto(LinkFaultKind kind) {
  return static_cast<fault::v1::LinkFaultKind>(static_cast<int>(kind) + fault::v1::LINK_FAULT_KIND_PARTITION);
}

}  // namespace nonet::supervisor
