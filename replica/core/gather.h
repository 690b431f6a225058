// Questions to the whole resource: asked of every instance that may know, answers put together until all are
// there or the deadline came; says how complete the result is. Pure; one owner.
//
//   uint64_t id = gatherer.Begin(question, peers, deadline_ns);
//   gatherer.Add(id, "resources/contoso/replicas/eu", answer);
//   gatherer.TakeDone(now, &done);
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// What the whole resource said.
struct Gathered {
  uint64_t id = 0;
  uint64_t matched = 0;  // Connections that the question was about, everywhere.
  uint64_t granted = 0;
  uint64_t refused = 0;
  std::vector<Member> members;  // OPERATION_LIST: by connection id, at most `limit`.
  bool more = false;            // There are members after the last one.
  uint32_t asked = 0;           // Instances, this one included.
  uint32_t answered = 0;
  std::vector<std::string> silent;  // Peers that did not answer in time, sorted.

  bool complete() const { return answered == asked; }
};

class Gatherer {
 public:
  // `question.id` is set. `silent`: peers that cannot be asked.
  void Begin(Question question, const std::vector<std::string>& peers, const std::vector<std::string>& silent,
             int64_t deadline_steady_ns);
  // An answer of this instance (`from` is empty) or of a peer. Ignored when it is late, came before, or was
  // not asked for.
  void Add(const std::string& from, Answer answer);
  // A peer is no longer one.
  void Forget(const std::string& peer);
  // Appends what is complete, or past its deadline, in order of ids.
  void TakeDone(int64_t steady_ns, std::vector<Gathered>* done);

  size_t size() const { return open_.size(); }
  // The earliest deadline; 0: none.
  int64_t next_deadline_ns() const { return deadlines_.empty() ? 0 : deadlines_.begin()->first; }
  // What the peer was asked and has not answered, in order of ids.
  std::vector<const Question*> Unanswered(const std::string& peer) const;

 private:
  struct Open {
    Question question;
    int64_t deadline_ns = 0;
    bool local_waits = true;
    absl::btree_set<std::string> waiting;  // Peers.
    Gathered result;
  };
  static bool Settled(const Open& open);

  absl::btree_map<uint64_t, Open> open_;
  absl::btree_set<std::pair<int64_t, uint64_t>> deadlines_;
  std::vector<uint64_t> settled_;
};

}  // namespace nonet::replica
