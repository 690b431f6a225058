// What the resolver says about itself, for calls from other threads: the table in force and the monitor's
// view of every endpoint. The owner thread writes, gRPC threads read.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/monitor.h"

namespace nonet::dns {

class StatusBoard {  // Thread-safe.
 public:
  struct EndpointView {
    int consecutive_failures = 0;
    std::string last_probe;
    int64_t changed_wall_ns = 0;  // Unix time; 0: never.
    uint64_t flaps = 0;
    int vantages_good = 0, vantages_bad = 0;
  };
  // By object name, ordered.
  using Endpoints = std::map<std::string, EndpointView, std::less<>>;

  struct TableView {
    std::shared_ptr<const AnswerTable> table;
    uint64_t number = 0;   // Over all lives; 0: none was published yet.
    int64_t since_ns = 0;  // Unix time.
  };

  void SetTable(std::shared_ptr<const AnswerTable> table, uint64_t number = 0, int64_t since_ns = 0)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (plans_.empty() || plans_.back() != table->shared_plan()) plans_.push_back(table->shared_plan());
    if (plans_.size() > kPlansRememberedMax) plans_.pop_front();
    table_ = {std::move(table), number, since_ns};
  }
  void SetEndpoint(const std::string& name, EndpointView view) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    endpoints_[name] = std::move(view);
  }
  void RemoveEndpoint(const std::string& name) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    endpoints_.erase(name);
  }

  // Never null once the resolver exists.
  std::shared_ptr<const AnswerTable> table() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return table_.table;
  }
  TableView current() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return table_;
  }
  // The last of that revision; nullptr when it is too long ago.
  std::shared_ptr<const AnswerPlan> plan(uint64_t revision) const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    for (auto it = plans_.rbegin(); it != plans_.rend(); ++it) {
      if ((*it)->topology().revision == revision) return *it;
    }
    return nullptr;
  }
  EndpointView endpoint(absl::string_view name) const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const auto it = endpoints_.find(name);
    return it == endpoints_.end() ? EndpointView() : it->second;
  }

 private:
  mutable absl::Mutex mu_;
  std::deque<std::shared_ptr<const AnswerPlan>> plans_ ABSL_GUARDED_BY(mu_);  // The newest last.
  TableView table_ ABSL_GUARDED_BY(mu_);                                      // Shared with the listeners.
  Endpoints endpoints_ ABSL_GUARDED_BY(mu_);
};

}  // namespace nonet::dns
