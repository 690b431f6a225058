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
  const EventLoop::TimerId timer = engine_.loop().RunAt(deadline_ns, [this, id] {
    // In a turn: what is said of the core's state is said once it is durable.
    engine_.SubmitEnd([this, id](Engine::Turn& turn) { Expire(id, turn); });
  });
  waiters_.emplace(id, Waiter{std::move(name), revision, timer, std::move(answer)});
  engine_.SubmitEnd([](Engine::Turn&) {});  // So that it is looked at soon, wherever this was called.
}

void ConvergenceWaiters::Cancel(Id id) {
  if (!waiters_.contains(id)) return;
  Remove(id)(absl::CancelledError("the caller has gone"));
}

void ConvergenceWaiters::Look(Engine::Turn& turn) {
  std::vector<std::pair<Id, Result>> done;
  for (const auto& [id, waiter] : waiters_) {
    auto state = turn.plane.CheckConvergence(waiter.name, waiter.revision, turn.now);
    if (absl::IsUnavailable(state.status)) continue;
    if (state.status.ok()) {
      done.emplace_back(id, std::move(state.response));
    } else {
      done.emplace_back(id, std::move(state.status));
    }
  }
  for (auto& [id, result] : done) AnswerAfter(turn, id, std::move(result));
}

void ConvergenceWaiters::Expire(Id id, Engine::Turn& turn) {
  const auto it = waiters_.find(id);
  if (it == waiters_.end()) return;
  const auto state = turn.plane.CheckConvergence(it->second.name, it->second.revision, turn.now);
  if (!absl::IsUnavailable(state.status)) return;  // Look answers it at the close of this turn.
  AnswerAfter(turn, id,
              errors::NotConverged(InstanceId(it->second.name), state.state, state.missing, state.target));
}

ConvergenceWaiters::Answer ConvergenceWaiters::Remove(Id id) {
  const auto it = waiters_.find(id);
  Answer answer = std::move(it->second.answer);
  engine_.loop().Cancel(it->second.timer);
  waiters_.erase(it);
  return answer;
}

void ConvergenceWaiters::AnswerAfter(Engine::Turn& turn, Id id, Result result) {
  turn.Then([answer = Remove(id), result = std::move(result)](const absl::Status& committed) mutable {
    answer(committed.ok() ? std::move(result) : Result(committed));
  });
}

void ConvergenceWaiters::Stop() {
  while (!waiters_.empty()) Remove(waiters_.begin()->first)(errors::Stopping());
}

}  // namespace nonet::controlplane
