// WaitForConvergence calls that wait: looked at at the close of every turn, answered when it is durable, at
// the latest after their deadline with who is missing.
//
// The loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "controlplane/server/engine.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

class ConvergenceWaiters {
 public:
  using Answer = absl::AnyInvocable<void(absl::StatusOr<resource::v1::WaitForConvergenceResponse>)>;
  using Id = uint64_t;

  explicit ConvergenceWaiters(Engine& engine) : engine_(engine) {}
  ~ConvergenceWaiters();

  // Answers once: after a turn, this one's if called in one, or at `deadline_ns` (steady). `id` is the
  // caller's, unique.
  void Add(Id id, std::string name, uint64_t revision, int64_t deadline_ns, Answer answer);
  // The caller has gone: answers CANCELLED.
  void Cancel(Id id);
  void Look(Engine::Turn& turn);
  void Stop();

 private:
  struct Waiter {
    std::string name;
    uint64_t revision;
    EventLoop::TimerId timer;
    Answer answer;
  };

  using Result = absl::StatusOr<resource::v1::WaitForConvergenceResponse>;

  void Expire(Id id, Engine::Turn& turn);
  // Takes the waiter out.
  Answer Remove(Id id);
  void AnswerAfter(Engine::Turn& turn, Id id, Result result);

  Engine& engine_;
  std::map<Id, Waiter> waiters_;  // At most kWaitersMax.
};

}  // namespace nonet::controlplane
