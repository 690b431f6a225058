#include "controlplane/server/teller.h"

namespace nonet::controlplane {

Teller::Teller() : thread_([this] { Run(); }) {}

Teller::~Teller() {
  {
    absl::MutexLock lock(&mu_);
    ending_ = true;
  }
  thread_.join();
}

void Teller::Tell(std::vector<Answer> answers, const absl::Status& committed) {
  absl::MutexLock lock(&mu_);
  batches_.emplace_back(std::move(answers), committed);
}

void Teller::Run() {
  std::vector<Batch> batches;
  while (true) {
    {
      absl::MutexLock lock(&mu_);
      const auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ending_ || !batches_.empty(); };
      mu_.Await(absl::Condition(&due));
      if (batches_.empty()) return;
      batches.swap(batches_);
    }
    for (auto& [answers, committed] : batches) {
      for (Answer& answer : answers) answer(committed);
    }
    batches.clear();
  }
}

}  // namespace nonet::controlplane
