// Writes batches to the store on a thread of its own, one at a time, so that the owner thread applies what
// comes in next while the disk syncs.
//
//   committer.Begin(batch, [&] { loop.Post([&] { Next(*committer.Take()); }); });
//
// Begin, Write, Take and Wait: one owner. The store is the committer's while a batch is under way, and the
// owner's otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "controlplane/store/store.h"

namespace nonet::controlplane {

class Committer {
 public:
  struct Outcome {
    absl::Status status;
    int64_t took_ns = 0;
  };

  // Both outlive it.
  Committer(Store& store, const Clock& clock);
  ~Committer();  // Waits for the batch under way.
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Only when none is under way, and the outcome of the one before has been taken. `ended` is called on the
  // committer's thread.
  void Begin(StoreBatch batch, absl::AnyInvocable<void()> ended);
  // Writes on the caller's thread, when none is under way.
  Outcome Write(const StoreBatch& batch);
  // How the batch ended; nothing while it is under way, or when that has been taken already.
  std::optional<Outcome> Take();
  // The same, when it has ended. There must be a batch.
  Outcome Wait();

 private:
  struct Job {
    StoreBatch batch;
    absl::AnyInvocable<void()> ended;
  };

  void Run();

  Store& store_;
  const Clock& clock_;
  absl::Mutex mu_;
  std::optional<Job> job_ ABSL_GUARDED_BY(mu_);
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mu_);
  bool busy_ ABSL_GUARDED_BY(mu_) = false;  // From Begin until there is an outcome.
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // Last: it uses the rest.
};

}  // namespace nonet::controlplane
