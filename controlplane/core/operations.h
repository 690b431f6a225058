// What became of every change: one operation each, named by the revision that the change made. Bounded
// (limits.h): those that ended are forgotten after 24 hours, or when there are too many. Pure; one owner.
//
//   operations.Begin(operation, now.wall_ns, changes);
//   operations.Finish(name, OPERATION_STATE_SUCCEEDED, "", now.wall_ns, changes);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/core/paging.h"
#include "nonet/resource/v1/operation.pb.h"

namespace nonet::controlplane {

// One version of an operation, never changed once it is shared.
using SharedOperation = std::shared_ptr<const resource::v1::Operation>;

// From one to another, both included.
struct RevisionRange {
  uint64_t first = 0;
  uint64_t last = 0;
  friend bool operator==(const RevisionRange&, const RevisionRange&) = default;
};

// What must be durable together with the change.
struct OperationChanges {
  std::map<uint64_t, SharedOperation> put;  // By revision.
  std::vector<RevisionRange> forgotten;     // None that is kept is within one. Ascending.
  bool empty() const { return put.empty() && forgotten.empty(); }
};

std::string OperationName(uint64_t revision);

class OperationTable {
 public:
  void Restore(std::vector<resource::v1::Operation> operations);
  // Takes over what runs; one that runs on the same target already is Canceled.
  void Begin(resource::v1::Operation operation, int64_t wall_ns, OperationChanges& changes);
  // Ends the one that runs on this object, if one does. `why` is empty unless it failed or was canceled.
  void Finish(absl::string_view target, resource::v1::OperationState state, absl::string_view reason,
              absl::string_view why, int64_t wall_ns, OperationChanges& changes);

  // nullptr when there is none.
  const resource::v1::Operation* Find(uint64_t revision) const;
  // The one that runs on this object, or nullptr.
  const resource::v1::Operation* Running(absl::string_view target) const;
  // By name, "operations/12". NOT_FOUND, INVALID_ARGUMENT.
  absl::StatusOr<const resource::v1::Operation*> Get(absl::string_view name) const;
  absl::StatusOr<resource::v1::ListOperationsResponse> List(
      const resource::v1::ListOperationsRequest& request) const;
  size_t size() const { return operations_.size(); }
  // By revision.
  const std::map<uint64_t, SharedOperation>& all() const { return operations_; }

 private:
  void Keep(resource::v1::Operation operation, OperationChanges& changes);
  void Forget(int64_t wall_ns, OperationChanges& changes);

  std::map<uint64_t, SharedOperation> operations_;
  std::map<std::string, uint64_t> running_;  // By canonical target.
  std::set<uint64_t> ended_;
};

}  // namespace nonet::controlplane
