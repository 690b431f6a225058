#include "replica/core/gather.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace nonet::replica {

void Gatherer::Begin(Question question, const std::vector<std::string>& peers,
                     const std::vector<std::string>& silent, int64_t deadline_steady_ns) {
  const uint64_t id = question.id;
  Open& open = open_[id];
  open.result.id = id;
  open.result.asked = static_cast<uint32_t>(1 + peers.size() + silent.size());
  open.result.silent = silent;
  open.waiting.insert(peers.begin(), peers.end());
  open.deadline_ns = deadline_steady_ns;
  open.question = std::move(question);
  deadlines_.emplace(deadline_steady_ns, id);
}

bool Gatherer::Settled(const Open& open) {
  if (open.local_waits) return false;
  if (open.waiting.empty()) return true;
  // One that exists is enough.
  return open.question.operation == Operation::kExists && open.result.matched > 0;
}

void Gatherer::Add(const std::string& from, Answer answer) {
  const auto it = open_.find(answer.id);
  if (it == open_.end()) return;
  Open& open = it->second;
  if (from.empty()) {
    if (!std::exchange(open.local_waits, false)) return;
  } else if (open.waiting.erase(from) == 0) {
    return;
  }
  Gathered& result = open.result;
  ++result.answered;
  result.matched += answer.matched;
  result.granted += answer.granted;
  result.refused += answer.refused;
  if (open.question.operation == Operation::kList) {
    std::vector<Member> merged;
    std::merge(std::make_move_iterator(result.members.begin()), std::make_move_iterator(result.members.end()),
               std::make_move_iterator(answer.members.begin()), std::make_move_iterator(answer.members.end()),
               std::back_inserter(merged),
               [](const Member& a, const Member& b) { return a.connection_id < b.connection_id; });
    if (merged.size() > open.question.limit) merged.resize(open.question.limit);
    result.members = std::move(merged);
  }
  if (Settled(open)) settled_.push_back(it->first);
}

void Gatherer::Forget(const std::string& peer) {
  for (auto& [id, open] : open_) {
    if (open.waiting.erase(peer) == 0) continue;
    --open.result.asked;
    if (Settled(open)) settled_.push_back(id);
  }
}

void Gatherer::TakeDone(int64_t steady_ns, std::vector<Gathered>* done) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= steady_ns) {
    settled_.push_back(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
  }
  if (settled_.empty()) return;
  std::sort(settled_.begin(), settled_.end());
  for (const uint64_t id : settled_) {
    const auto it = open_.find(id);
    if (it == open_.end()) continue;
    Open& open = it->second;
    Gathered& result = open.result;
    if (open.question.operation == Operation::kExists && result.matched > 0) {
      // The others could not have changed it.
      result.asked = result.answered;
      result.silent.clear();
    } else {
      result.silent.insert(result.silent.end(), open.waiting.begin(), open.waiting.end());
      std::sort(result.silent.begin(), result.silent.end());
    }
    result.more = open.question.operation == Operation::kList && result.matched > result.members.size();
    deadlines_.erase({open.deadline_ns, id});
    done->push_back(std::move(result));
    open_.erase(it);
  }
  settled_.clear();
}

std::vector<const Question*> Gatherer::Unanswered(const std::string& peer) const {
  std::vector<const Question*> questions;
  for (const auto& [id, open] : open_) {
    if (open.waiting.contains(peer)) questions.push_back(&open.question);
  }
  return questions;
}

}  // namespace nonet::replica
