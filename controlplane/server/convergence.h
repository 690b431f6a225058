// WaitForConvergence calls that wait: looked at after every turn, answered at the latest at their deadline
// with who is missing.
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

  // Answers once: at the end of a turn, or at `deadline_ns` (steady). `id` is the caller's, unique.
  void Add(Id id, std::string name, uint64_t revision, int64_t deadline_ns, Answer answer);
  // The caller has gone: answers CANCELLED.
  void Cancel(Id id);
  void Look();
  void Stop();

 private:
  struct Waiter {
    std::string name;
    uint64_t revision;
    EventLoop::TimerId timer;
    Answer answer;
  };

  void Expire(Id id);
  void End(Id id, absl::StatusOr<resource::v1::WaitForConvergenceResponse> result);

  Engine& engine_;
  std::map<Id, Waiter> waiters_;  // At most kWaitersMax.
};

}  // namespace nonet::controlplane
