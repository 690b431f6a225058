// Who subscribes, how far each has applied, what it refuses, what it reports. Pure; one owner.
//
// Whom a change waits for:
// - Convergence (WaitForConvergence): everybody connected, and everybody lost within the last 30 s: the
//   supervisor may be starting it again. With no supervisor connected nobody would, so then it is 5 s, which
//   is twice what a living process takes to reconnect.
// - A deletion: everybody connected, and everybody lost within the last 5 s, so that a short reconnect does
//   not pass for consent.
// - Never an instance that should not run (gone, Deleting, stopped), nor one that is away while the connected
//   supervisor says that it does not run.
// A restart of the control plane counts as losing everybody at that moment: the resolver and the supervisor
// if either was ever seen (their names are stored), and each instance that had reported where it listens.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/core/feed.h"
#include "controlplane/core/object.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet::controlplane {

struct Subscriber {
  Scope scope;
  std::string epoch;
  bool connected = false;
  int64_t seen_ns = 0;  // Steady; when it was last connected, where it is not now.
  uint64_t acknowledged = 0;
  std::map<std::string, watch::v1::Refusal> refusals;  // By object name; at most kRefusalsMax.
  std::optional<watch::v1::InstanceFacts> instance;
  std::optional<std::set<std::string>> running;  // The supervisor's: canonical names.
};

class SubscriberTable {
 public:
  // INVALID_ARGUMENT when role and name do not fit, RESOURCE_EXHAUSTED at the limit. An open stream of the
  // same name is replaced: telling it is the caller's business.
  absl::Status Open(const watch::v1::Open& open);
  // Known before a restart: lost at that moment.
  void Expect(watch::v1::Role role, absl::string_view name, int64_t now_ns);
  // `current` bounds what can be acknowledged: more is of another history and ignored.
  void Acknowledge(absl::string_view name, const watch::v1::Ack& ack, uint64_t current);
  void Report(absl::string_view name, const watch::v1::Facts& facts);
  void Close(absl::string_view name, int64_t now_ns);
  // Instances that are away and whose object is gone.
  void ForgetInstance(absl::string_view name);

  const Subscriber* Find(absl::string_view name) const;
  // By canonical name.
  const std::map<std::string, Subscriber>& all() const { return subscribers_; }

  // Whether a change waits for this subscriber (the rule above), given how long after its loss; `should_run`
  // says whether an instance's object wants it to run.
  bool IsAwaited(const Subscriber& subscriber, int64_t now_ns, int64_t grace_ns, bool should_run) const;

  size_t connected() const;
  size_t refusals() const;

 private:
  std::map<std::string, Subscriber> subscribers_;
};

}  // namespace nonet::controlplane
