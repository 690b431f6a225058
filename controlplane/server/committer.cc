#include "controlplane/server/committer.h"

#include <utility>

#include "common/base/check.h"

namespace nonet::controlplane {

Committer::Committer(Store& store, const Clock& clock)
    : store_(store), clock_(clock), thread_([this] { Run(); }) {}

Committer::~Committer() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void Committer::Begin(StoreBatch batch, absl::AnyInvocable<void()> ended) {
  absl::MutexLock lock(&mu_);
  NONET_CHECK(!busy_ && !outcome_);
  busy_ = true;
  job_ = Job{std::move(batch), std::move(ended)};
}

std::optional<Committer::Outcome> Committer::Take() {
  absl::MutexLock lock(&mu_);
  return std::exchange(outcome_, std::nullopt);
}

Committer::Outcome Committer::Wait() {
  absl::MutexLock lock(&mu_);
  NONET_CHECK(busy_ || outcome_);
  const auto ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return outcome_.has_value(); };
  mu_.Await(absl::Condition(&ended));
  return *std::exchange(outcome_, std::nullopt);
}

void Committer::Run() {
  const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return job_ || stopping_; };
  while (true) {
    mu_.LockWhen(absl::Condition(&wanted));
    std::optional<Job> job = std::exchange(job_, std::nullopt);
    mu_.Unlock();
    if (!job) return;
    Outcome outcome = Write(job->batch);
    {
      absl::MutexLock lock(&mu_);
      outcome_ = std::move(outcome);
      busy_ = false;
    }
    job->ended();
  }
}

Committer::Outcome Committer::Write(const StoreBatch& batch) {
  const int64_t before = clock_.SteadyNs();
  absl::Status status = store_.Commit(batch);
  return {std::move(status), clock_.SteadyNs() - before};
}

}  // namespace nonet::controlplane
