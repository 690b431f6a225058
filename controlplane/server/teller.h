// A thread that tells callers their answers: for a gRPC call that is more than applying the command was, and
// the owner thread has the next turn to begin.
//
// Thread-safe. What waits is bounded by who hands over: an answer a command taken in.
#pragma once

#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace nonet::controlplane {

class Teller {
 public:
  using Answer = absl::AnyInvocable<void(const absl::Status& committed)>;

  Teller();
  ~Teller();  // After the last answer.
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  // In order.
  void Tell(std::vector<Answer> answers, const absl::Status& committed);

 private:
  using Batch = std::pair<std::vector<Answer>, absl::Status>;
  void Run();

  absl::Mutex mu_;
  std::vector<Batch> batches_ ABSL_GUARDED_BY(mu_);
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace nonet::controlplane
