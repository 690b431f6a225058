#include "controlplane/core/operations.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/clock/clock.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"

namespace nonet::controlplane {
namespace {

using resource::v1::Operation;

int64_t WallNs(const google::protobuf::Timestamp& time) {
  return time.seconds() * kNanosPerSecond + time.nanos();
}

bool IsRunning(const Operation& operation) {
  return operation.state() == resource::v1::OPERATION_STATE_RUNNING;
}

}  // namespace

std::string OperationName(uint64_t revision) { return absl::StrCat("operations/", revision); }

void OperationTable::Restore(std::vector<Operation> operations) {
  operations_.clear();
  running_.clear();
  ended_.clear();
  for (Operation& operation : operations) {
    const uint64_t revision = operation.revision();
    if (IsRunning(operation)) {
      running_[CanonicalName(operation.target())] = revision;
    } else {
      ended_.insert(revision);
    }
    operations_[revision] = std::make_shared<const Operation>(std::move(operation));
  }
}

void OperationTable::Keep(Operation operation, OperationChanges& changes) {
  const uint64_t revision = operation.revision();
  SharedOperation& kept = operations_[revision];
  kept = std::make_shared<const Operation>(std::move(operation));
  changes.put[revision] = kept;
}

void OperationTable::Begin(Operation operation, int64_t wall_ns, OperationChanges& changes) {
  const uint64_t revision = operation.revision();
  SetTime(*operation.mutable_start_time(), wall_ns);
  if (IsRunning(operation)) {
    Finish(operation.target(), resource::v1::OPERATION_STATE_CANCELED, "OVERTAKEN",
           errors::Overtaken(operation.name()), wall_ns, changes);
    running_[CanonicalName(operation.target())] = revision;
  } else {
    SetTime(*operation.mutable_end_time(), wall_ns);
    operation.set_percent_complete(100);
    ended_.insert(revision);
  }
  Keep(std::move(operation), changes);
  Forget(wall_ns, changes);
}

void OperationTable::Finish(absl::string_view target, resource::v1::OperationState state,
                            absl::string_view reason, absl::string_view why, int64_t wall_ns,
                            OperationChanges& changes) {
  const auto it = running_.find(CanonicalName(target));
  if (it == running_.end()) return;
  Operation operation = *operations_.at(it->second);
  running_.erase(it);
  ended_.insert(operation.revision());
  operation.set_state(state);
  operation.set_percent_complete(100);
  operation.clear_progress();
  SetTime(*operation.mutable_end_time(), wall_ns);
  if (!why.empty()) {
    operation.mutable_error()->set_reason(std::string(reason));
    operation.mutable_error()->set_message(std::string(why));
  }
  Keep(std::move(operation), changes);
}

void OperationTable::Forget(int64_t wall_ns, OperationChanges& changes) {
  const size_t kept =
      ended_.size() > kOperationsMax ? kOperationsMax - kOperationsMax / kTrimmedShare : kOperationsMax;
  // By start: one that ended long after may be kept a little longer for the sake of one before it.
  while (!ended_.empty()) {
    const auto it = operations_.find(*ended_.begin());
    const bool old = wall_ns - WallNs(it->second->end_time()) > kOperationKeptNs;
    if (!old && ended_.size() <= kept) return;
    changes.put.erase(it->first);
    std::vector<RevisionRange>& forgotten = changes.forgotten;
    const bool next = !forgotten.empty() && forgotten.back().first < it->first &&
                      (it == operations_.begin() || std::prev(it)->first < forgotten.back().first);
    if (next) {
      forgotten.back().last = it->first;
    } else {
      forgotten.push_back({it->first, it->first});
    }
    ended_.erase(ended_.begin());
    operations_.erase(it);
  }
}

const Operation* OperationTable::Find(uint64_t revision) const {
  const auto it = operations_.find(revision);
  return it == operations_.end() ? nullptr : it->second.get();
}

const Operation* OperationTable::Running(absl::string_view target) const {
  const auto it = running_.find(CanonicalName(target));
  return it == running_.end() ? nullptr : Find(it->second);
}

absl::StatusOr<const Operation*> OperationTable::Get(absl::string_view name) const {
  absl::string_view number = name;
  uint64_t revision = 0;
  if (!absl::ConsumePrefix(&number, "operations/") || !absl::SimpleAtoi(number, &revision)) {
    return errors::InvalidName("name", name, "operations/{revision}");
  }
  const Operation* operation = Find(revision);
  if (operation == nullptr) return errors::OperationNotFound(name);
  return operation;
}

absl::StatusOr<resource::v1::ListOperationsResponse> OperationTable::List(
    const resource::v1::ListOperationsRequest& request) const {
  const std::string list = absl::StrCat("operations ", CanonicalName(request.parent()));
  ASSIGN_OR_RETURN(Page page, Page::Begin(list, request.page_size(), request.page_token()));
  uint64_t before = UINT64_MAX;
  if (!page.after().empty() && !absl::SimpleAtoi(page.after(), &before)) return errors::InvalidPageToken();
  const std::string wanted = ResourceOf(request.parent());
  if (!request.parent().empty() && wanted.empty()) {
    return errors::InvalidName("parent", request.parent(), "resources/{resource}");
  }
  resource::v1::ListOperationsResponse response;
  for (auto it = operations_.lower_bound(before); it != operations_.begin();) {
    --it;
    if (!wanted.empty() && ResourceOf(it->second->target()) != wanted) continue;
    if (!page.Take(absl::StrCat(it->first), it->second->ByteSizeLong())) break;
    *response.add_operations() = *it->second;
  }
  response.set_next_page_token(page.NextToken());
  return response;
}

}  // namespace nonet::controlplane
