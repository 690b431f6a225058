// How the owner thread hands a new answer table to the threads that answer: one pointer swapped; readers
// neither lock nor count references. A reader announces the table that it uses (a hazard pointer), so the
// owner knows which old ones may go.
//
//   publisher.Publish(table);                           // Owner thread.
//   const AnswerTable& t = reader.Enter(); ... reader.Leave();  // Each reader's own thread.
//
// After Publish returns, every Enter gives the new table.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/process/metrics.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/server/endpoint_counters.h"

namespace nonet::dns {

class TablePublisher {
  struct Snapshot {
    std::shared_ptr<const AnswerTable> table;          // Shared with who explains from it.
    std::shared_ptr<const EndpointCounters> counters;  // Shared where the endpoints are; nullptr: none.
  };

 public:
  class Reader {  // One thread.
   public:
    // Never waits. Valid until Leave.
    const AnswerTable& Enter() {
      const Snapshot* snapshot = publisher_->current_.load(std::memory_order_acquire);
      while (true) {
        using_.store(snapshot, std::memory_order_seq_cst);
        const Snapshot* now = publisher_->current_.load(std::memory_order_seq_cst);
        if (now == snapshot) return *snapshot->table;
        snapshot = now;  // Swapped in between: the one announced may be gone.
      }
    }
    // Those of the table entered; nullptr: nothing is counted. Valid until Leave.
    const EndpointCounters* counters() const {
      return using_.load(std::memory_order_relaxed)->counters.get();
    }
    void Leave() { using_.store(nullptr, std::memory_order_release); }

   private:
    friend class TablePublisher;
    const TablePublisher* publisher_ = nullptr;
    alignas(64) std::atomic<const Snapshot*> using_{nullptr};
  };

  // Owner thread, from here on. With `metrics`, which outlive this, answers are counted by endpoint.
  explicit TablePublisher(std::shared_ptr<const AnswerTable> first, Metrics* metrics = nullptr)
      : metrics_(metrics) {
    owned_ = MakeSnapshot(std::move(first));
    current_.store(owned_.get(), std::memory_order_seq_cst);
  }
  ~TablePublisher() { NONET_CHECK(readers_.empty() || !AnyReading()); }

  // Before the reader's thread starts; outlives it.
  Reader& AddReader() {
    Reader& reader = *readers_.emplace_back(std::make_unique<Reader>());
    reader.publisher_ = this;
    return reader;
  }

  void Publish(std::shared_ptr<const AnswerTable> table) {
    retired_.push_back(std::exchange(owned_, MakeSnapshot(std::move(table))));
    current_.store(owned_.get(), std::memory_order_seq_cst);
    std::erase_if(retired_, [&](const auto& old) { return !InUse(old.get()); });
  }

  const std::shared_ptr<const AnswerTable>& current() const { return owned_->table; }
  const EndpointCounters* counters() const { return owned_->counters.get(); }
  // Old tables that a reader still used when last looked at: at most one a reader.
  size_t retired() const { return retired_.size(); }

 private:
  std::unique_ptr<const Snapshot> MakeSnapshot(std::shared_ptr<const AnswerTable> table) const {
    auto snapshot = std::make_unique<Snapshot>();
    if (owned_ != nullptr && (owned_->table->shared_plan() == table->shared_plan() ||
                              EndpointCounters::Same(owned_->table->plan(), table->plan()))) {
      snapshot->counters = owned_->counters;
    } else if (metrics_ != nullptr) {
      snapshot->counters = std::make_shared<const EndpointCounters>(table->plan(), *metrics_);
    }
    snapshot->table = std::move(table);
    return snapshot;
  }
  bool InUse(const Snapshot* snapshot) const {
    return std::any_of(readers_.begin(), readers_.end(), [&](const auto& reader) {
      return reader->using_.load(std::memory_order_seq_cst) == snapshot;
    });
  }
  bool AnyReading() const {
    return std::any_of(readers_.begin(), readers_.end(),
                       [](const auto& reader) { return reader->using_.load() != nullptr; });
  }

  Metrics* const metrics_;
  std::unique_ptr<const Snapshot> owned_;
  std::atomic<const Snapshot*> current_{nullptr};
  std::vector<std::unique_ptr<const Snapshot>> retired_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

}  // namespace nonet::dns
