// Which table a question is about: the one in force, one of the history's, or either with something supposed.
//
//   ASSIGN_OR_RETURN(const AskedTable asked, tables.For(request));
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/hypothesis.h"
#include "dnsresolver/server/history_store.h"
#include "dnsresolver/server/status_board.h"
#include "nonet/steering/v1/steering.pb.h"

namespace nonet::dns {

struct AskedTable {
  std::shared_ptr<const AnswerTable> table;
  uint64_t number = 0;   // 0: none was ever published.
  int64_t since_ns = 0;  // Unix time; 0: not known.
  int64_t until_ns = 0;  // 0: it is in force, or not known.
  bool in_force = false;
  bool hypothetical = false;
  std::string cause{};     // Empty for the one in force.
  std::string sentence{};  // What is supposed, in words.
};

class SteeringTables {  // Thread-safe.
 public:
  // Both outlive it.
  SteeringTables(const StatusBoard& board, const HistoryStore& history) : board_(board), history_(history) {}

  AskedTable Now() const;
  absl::StatusOr<AskedTable> For(const steering::v1::ResolveRequest& request) const;
  absl::StatusOr<AskedTable> For(const steering::v1::TableReference& reference) const;
  const HistoryStore& history() const { return history_; }

 private:
  absl::StatusOr<AskedTable> FromHistory(absl::StatusOr<PastTableState> past) const;

  const StatusBoard& board_;
  const HistoryStore& history_;
};

// Bounded; INVALID_ARGUMENT for what cannot be supposed.
absl::StatusOr<Hypothesis> ToHypothesis(const steering::v1::ResolveRequest& request);
absl::StatusOr<std::shared_ptr<const RoundTrips>> ToRoundTrips(const steering::v1::RoundTrips& round_trips);

// Unix time, nanoseconds.
int64_t ToUnixNs(const google::protobuf::Timestamp& time);
void SetTime(google::protobuf::Timestamp& out, int64_t unix_ns);

}  // namespace nonet::dns
