// The fleet's link faults as the plan that instances take, and how they are told: a seam, so that the shell
// is tested without processes.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "nonet/fault/v1/fault.pb.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

fault::v1::LinkPlan MakeLinkPlan(const std::vector<LinkFault>& faults, bool wan);
// INVALID_ARGUMENT for a kind that there is not.
absl::StatusOr<LinkFaultKind> KindFromProto(fault::v1::LinkFaultKind kind);
fault::v1::LinkFaultKind ToProto(LinkFaultKind kind);

class LinkPusher {
 public:
  virtual ~LinkPusher() = default;  // No callback follows.
  // Tells the instance of that object, whose gRPC port that is. `done` runs on the loop, never from within,
  // with the number of the plan that is then in force there.
  using Done = absl::AnyInvocable<void(absl::StatusOr<uint64_t> number)>;
  virtual void Push(const std::string& object, const std::string& address, const fault::v1::LinkPlan& plan,
                    Done done) = 0;
};

}  // namespace nonet::supervisor
