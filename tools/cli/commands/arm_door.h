// The objects of a resource group by their ARM ids, read and written through gRPC: what a template's
// evaluated resources go through. Shapes are the codec's, the same as the ARM REST door's. Not thread-safe.
//
//   ArmDoor door(*cluster.control, *cluster.children, "nonet");
//   ASSIGN_OR_RETURN(const ArmDoor::Written written, door.Put(Kind::kReplica, {"contoso", "westus"}, body,
//   false));
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nonet/resource/v1/resource.pb.h"
#include "tools/cli/client/child_client.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/deploy/arm_ids.h"
#include "tools/cli/deploy/evaluator.h"

namespace nonet::cli {

class ArmDoor final : public deploy::LiveState {
 public:
  // Both clients outlive it.
  ArmDoor(ControlClient& control, ChildClient& children, std::string group);

  using Names = std::vector<std::string>;  // "contoso", "westus"

  // As it is; nullopt when it or its parent is not there.
  absl::StatusOr<std::optional<Json>> Find(deploy::Kind kind, const Names& names);

  struct Written {
    Json document;    // As it is stored, or would be.
    Awaited awaited;  // What to wait for; an empty etag where nothing changed.
    std::vector<std::string> warnings;
  };
  // Creates or replaces, as PUT does. `body` is a resource of a template without its expressions.
  absl::StatusOr<Written> Put(deploy::Kind kind, const Names& names, const Json& body, bool validate_only);

  // What the group has besides, as ARM ids: resources, replicas and what else belongs to them.
  absl::StatusOr<std::vector<std::string>> ListIds();

  absl::StatusOr<Json> Show(const std::string& id) override;
  absl::StatusOr<Json> ListKeys(const std::string& id) override;

 private:
  // A call's request about a child, with everything that each of them has.
  template <typename Request>
  Request About(const std::string& parent, bool validate_only) const;

  absl::StatusOr<std::optional<resource::v1::Resource>> FindParent(const std::string& name);
  absl::StatusOr<Written> PutResource(const Names& names, const Json& body, bool validate_only);
  absl::StatusOr<Written> PutReplica(const Names& names, const Json& body, bool validate_only);
  absl::StatusOr<Written> PutChild(deploy::Kind kind, const Names& names, const Json& body,
                                   bool validate_only);

  ControlClient& control_;
  ChildClient& children_;
  const std::string group_;
};

}  // namespace nonet::cli
