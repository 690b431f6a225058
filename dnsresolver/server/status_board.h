// What the resolver says about itself, for calls from other threads: the table in force and the monitor's
// view of every endpoint. The owner thread writes, gRPC threads read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/monitor.h"

namespace nonet::dns {

class StatusBoard {  // Thread-safe.
 public:
  struct EndpointView {
    int consecutive_failures = 0;
    std::string last_probe;
    int64_t changed_wall_ns = 0;  // Unix time; 0: never.
  };
  // By object name, ordered.
  using Endpoints = std::map<std::string, EndpointView, std::less<>>;

  void SetTable(std::shared_ptr<const AnswerTable> table) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    table_ = std::move(table);
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
    return table_;
  }
  EndpointView endpoint(absl::string_view name) const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const auto it = endpoints_.find(name);
    return it == endpoints_.end() ? EndpointView() : it->second;
  }

 private:
  mutable absl::Mutex mu_;
  std::shared_ptr<const AnswerTable> table_ ABSL_GUARDED_BY(mu_);  // Shared with the listeners.
  Endpoints endpoints_ ABSL_GUARDED_BY(mu_);
};

}  // namespace nonet::dns
