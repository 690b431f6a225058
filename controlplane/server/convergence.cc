#include "controlplane/server/convergence.h"

#include <utility>
#include <vector>

#include "common/base/names.h"
#include "controlplane/core/errors.h"

namespace nonet::controlplane {

ConvergenceWaiters::~ConvergenceWaiters() {
  for (auto& [id, waiter] : waiters_) engine_.loop().Cancel(waiter.timer);
}

void ConvergenceWaiters::Add(Id id, std::string name, uint64_t revision, int64_t deadline_ns, Answer answer) {
  if (waiters_.size() >= kWaitersMax) {
    answer(errors::Overloaded("calls of WaitForConvergence", kWaitersMax));
    return;
  }
  const EventLoop::TimerId timer = engine_.loop().RunAt(deadline_ns, [this, id] { Expire(id); });
  waiters_.emplace(id, Waiter{std::move(name), revision, timer, std::move(answer)});
}

void ConvergenceWaiters::Cancel(Id id) { End(id, absl::CancelledError("the caller has gone")); }

void ConvergenceWaiters::Look() {
  std::vector<std::pair<Id, absl::StatusOr<resource::v1::WaitForConvergenceResponse>>> done;
  for (const auto& [id, waiter] : waiters_) {
    auto state = engine_.plane().CheckConvergence(waiter.name, waiter.revision, engine_.now());
    if (absl::IsUnavailable(state.status)) continue;
    if (state.status.ok()) {
      done.emplace_back(id, std::move(state.response));
    } else {
      done.emplace_back(id, std::move(state.status));
    }
  }
  for (auto& [id, result] : done) End(id, std::move(result));
}

void ConvergenceWaiters::Expire(Id id) {
  const auto it = waiters_.find(id);
  if (it == waiters_.end()) return;
  const auto state = engine_.plane().CheckConvergence(it->second.name, it->second.revision, engine_.now());
  End(id, errors::NotConverged(InstanceId(it->second.name), state.state, state.missing, state.target));
}

void ConvergenceWaiters::End(Id id, absl::StatusOr<resource::v1::WaitForConvergenceResponse> result) {
  const auto it = waiters_.find(id);
  if (it == waiters_.end()) return;
  Answer answer = std::move(it->second.answer);
  engine_.loop().Cancel(it->second.timer);
  waiters_.erase(it);
  answer(std::move(result));
}

void ConvergenceWaiters::Stop() {
  while (!waiters_.empty()) End(waiters_.begin()->first, errors::Stopping());
}

}  // namespace nonet::controlplane
