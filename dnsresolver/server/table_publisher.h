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
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

class TablePublisher {
 public:
  class Reader {  // One thread.
   public:
    // Never waits. Valid until Leave.
    const AnswerTable& Enter() {
      const AnswerTable* table = publisher_->current_.load(std::memory_order_acquire);
      while (true) {
        using_.store(table, std::memory_order_seq_cst);
        const AnswerTable* now = publisher_->current_.load(std::memory_order_seq_cst);
        if (now == table) return *table;
        table = now;  // Swapped in between: the one announced may be gone.
      }
    }
    void Leave() { using_.store(nullptr, std::memory_order_release); }

   private:
    friend class TablePublisher;
    const TablePublisher* publisher_ = nullptr;
    alignas(64) std::atomic<const AnswerTable*> using_{nullptr};
  };

  // Owner thread, from here on.
  explicit TablePublisher(std::shared_ptr<const AnswerTable> first)
      : owned_(std::move(first)), current_(owned_.get()) {}
  ~TablePublisher() { NONET_CHECK(readers_.empty() || !AnyReading()); }

  // Before the reader's thread starts; outlives it.
  Reader& AddReader() {
    Reader& reader = *readers_.emplace_back(std::make_unique<Reader>());
    reader.publisher_ = this;
    return reader;
  }

  void Publish(std::shared_ptr<const AnswerTable> table) {
    retired_.push_back(std::exchange(owned_, std::move(table)));
    current_.store(owned_.get(), std::memory_order_seq_cst);
    std::erase_if(retired_, [&](const auto& old) { return !InUse(old.get()); });
  }

  const std::shared_ptr<const AnswerTable>& current() const { return owned_; }
  // Old tables that a reader still used when last looked at: at most one a reader.
  size_t retired() const { return retired_.size(); }

 private:
  bool InUse(const AnswerTable* table) const {
    return std::any_of(readers_.begin(), readers_.end(), [&](const auto& reader) {
      return reader->using_.load(std::memory_order_seq_cst) == table;
    });
  }
  bool AnyReading() const {
    return std::any_of(readers_.begin(), readers_.end(),
                       [](const auto& reader) { return reader->using_.load() != nullptr; });
  }

  std::shared_ptr<const AnswerTable> owned_;  // Shared with who explains from it.
  std::atomic<const AnswerTable*> current_;
  std::vector<std::shared_ptr<const AnswerTable>> retired_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

}  // namespace nonet::dns
