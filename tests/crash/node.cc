#include "tests/crash/node.h"

#include <rocksdb/file_system.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"

namespace nonet::crash {

using controlplane::CanonicalName;
using controlplane::Effects;
using controlplane::LogEntry;
using controlplane::Now;
using controlplane::Randoms;
using controlplane::Serialize;
using controlplane::SharedObject;
using controlplane::StoreBatch;
using controlplane::StoredState;

namespace {

// Different at every draw of the program, which is all that the core asks of them.
Randoms Draw() {
  static int draws = 0;
  const int n = ++draws;
  Randoms randoms;
  randoms.uid = absl::StrFormat("00000000-0000-4000-8000-%012d", n);
  randoms.host_hexes = {absl::StrFormat("%08x", n)};
  randoms.primary_key = absl::StrFormat("%043d", 2 * n);
  randoms.secondary_key = absl::StrFormat("%043d", 2 * n + 1);
  return randoms;
}

constexpr Now kNow{1000 * kNanosPerSecond, 1'700'000'000 * kNanosPerSecond};

std::string RequestIdOf(const Mutation& request) {
  return std::visit([](const auto& r) { return r.request_id(); }, request);
}

Image ImageOf(const StoredState& state) {
  Image image{state.revision, {}, {}};
  for (const Object& object : state.objects) image.objects[CanonicalName(object.name())] = Serialize(object);
  for (const auto& operation : state.operations)
    image.operations[operation.revision()] = Serialize(operation);
  return image;
}

template <typename Key>
void AppendDifferences(const std::map<Key, std::string>& found, const std::map<Key, std::string>& wanted,
                       const char* what, std::string& text) {
  for (const auto& [key, bytes] : wanted) {
    const auto it = found.find(key);
    if (it == found.end()) absl::StrAppend(&text, ", no ", what, key);
    if (it != found.end() && it->second != bytes) absl::StrAppend(&text, ", another ", what, key);
  }
  for (const auto& [key, bytes] : found) {
    if (!wanted.contains(key)) absl::StrAppend(&text, ", resurrected ", what, key);
  }
}

std::string Differences(const Image& found, const Image& wanted) {
  std::string text = absl::StrCat("revision ", found.revision, " for ", wanted.revision);
  AppendDifferences(found.objects, wanted.objects, "", text);
  AppendDifferences(found.operations, wanted.operations, "operation ", text);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Open(SimulatedDisk& disk, Options options, Witness& witness) {
  options.store.file_system = disk.Mount();
  ASSIGN_OR_RETURN(auto store, controlplane::RocksDbStore::Open("/db", options.store));
  ASSIGN_OR_RETURN(StoredState state, store->Load());
  std::unique_ptr<Node> node(new Node(std::move(store), options.log_events_max, witness));
  node->core_.Restore(std::move(state), kNow);
  return node;
}

Image Node::Look() const {
  Image image{core_.revision(), {}, {}};
  for (const auto& [name, object] : core_.resources().objects()) image.objects[name] = Serialize(*object);
  for (const auto& [revision, operation] : core_.resources().operations().all()) {
    image.operations[revision] = Serialize(*operation);
  }
  return image;
}

absl::StatusOr<std::vector<absl::StatusOr<Object>>> Node::Turn(const std::vector<Mutation>& requests) {
  Effects effects;
  std::vector<absl::StatusOr<Object>> answers;
  for (const Mutation& request : requests) {
    answers.push_back(core_.Mutate(request, kNow, Draw(), effects));
  }
  core_.Settle(kNow, effects);
  if (effects.empty()) return answers;
  witness_.Begin(Look());
  RETURN_IF_ERROR(store_->Commit(core_.Seal(effects, kNow)));
  witness_.Acknowledge(requests, answers);
  return answers;
}

void Witness::Acknowledge(const std::vector<Mutation>& requests,
                          const std::vector<absl::StatusOr<Object>>& answers) {
  acknowledged_ = *std::exchange(under_way_, std::nullopt);
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!answers[i].ok() || RequestIdOf(requests[i]).empty()) continue;
    promises_.push_back({requests[i], Serialize(*answers[i])});
  }
}

std::vector<std::string> Witness::Check(Node& node) {
  std::vector<std::string> problems;
  const auto state = node.Stored();
  if (!state.ok()) return {std::string(state.status().message())};
  CheckImage(ImageOf(*state), problems);
  if (!history_.empty() && state->history != history_) problems.push_back("another history");
  history_ = state->history;
  CheckLog(*state, problems);
  CheckRequests(node, problems);
  return problems;
}

// What was acknowledged is there whole; the turn under way is there whole or not at all.
void Witness::CheckImage(const Image& found, std::vector<std::string>& problems) {
  if (under_way_ && found == *under_way_) {
    acknowledged_ = *under_way_;
  } else if (!(found == acknowledged_)) {
    problems.push_back(absl::StrCat("after an acknowledged change: ", Differences(found, acknowledged_)));
  }
  under_way_.reset();
}

// Revisions are dense up to the newest, and the last event of each object is what is there.
void Witness::CheckLog(const StoredState& state, std::vector<std::string>& problems) const {
  std::map<std::string, const Object*> last;
  uint64_t revision = state.log.empty() ? state.revision : state.log.front().revision - 1;
  for (const LogEntry& entry : state.log) {
    if (entry.revision != ++revision) problems.push_back(absl::StrCat("no revision ", revision));
    for (const SharedObject& event : entry.events) last[CanonicalName(event->name())] = event.get();
  }
  if (revision != state.revision) problems.push_back("the log does not end at the newest revision");
  std::map<std::string, const Object*> objects;
  for (const Object& object : state.objects) objects[CanonicalName(object.name())] = &object;
  for (const auto& [name, event] : last) {
    const auto it = objects.find(name);
    const bool same = event->deleted() ? it == objects.end()
                                       : it != objects.end() && Serialize(*it->second) == Serialize(*event);
    if (!same) problems.push_back(absl::StrCat("the last event of ", name, " is not what is stored"));
  }
}

void Witness::CheckRequests(Node& node, std::vector<std::string>& problems) {
  const std::vector<Promise> promises = promises_;
  const uint64_t revision = node.core().revision();
  for (const Promise& promise : promises) {
    const auto again = node.Turn({promise.request});
    const std::string id = RequestIdOf(promise.request);
    if (!again.ok()) {
      problems.push_back(absl::StrCat("request ", id, ": ", again.status().message()));
    } else if (!(*again)[0].ok() || Serialize(*(*again)[0]) != promise.answer) {
      problems.push_back(absl::StrCat("request ", id, " has another answer than before"));
    } else if (node.core().revision() != revision) {
      problems.push_back(absl::StrCat("request ", id, " was applied twice"));
      return;
    }
  }
}

}  // namespace nonet::crash
