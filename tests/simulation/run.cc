#include "tests/simulation/run.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/crowd.h"
#include "tests/simulation/mesh.h"

namespace nonet::sync_sim {
namespace {

using namespace replica;  // NOLINT: the whole file speaks of its values.
using sync_check::Promise;

constexpr int64_t kSafetyNs = 12 * kNanosPerSecond;
// After the heal: until the streams are back, until interest is right after that, until logs are empty.
constexpr int64_t kLinksNs = 8 * kNanosPerSecond;
constexpr int64_t kConvergeNs = 2 * kNanosPerSecond;
constexpr int64_t kSettleNs = 20 * kNanosPerSecond;

SyncSettings SettingsOf(Random& random, Mutation mutation) {
  SyncSettings settings;
  settings.log.messages_max = 16 + random.Below(200);
  settings.log.bytes_max = 8'000 + random.Below(60'000);
  settings.log.in_flight_bytes_max = 2'000 + random.Below(30'000);
  settings.log.age_max_ns = static_cast<int64_t>(3 + random.Below(20)) * kNanosPerSecond;
  if (random.Below(4) == 0) settings.when_full = WhenFull::kRefusePublisher;
  settings.trace_accepted = settings.trace_received = settings.trace_batches = 64;
  settings.policy.suppress_duplicates = mutation != Mutation::kNoDedup;
  settings.policy.acknowledge_after_delivery = mutation != Mutation::kAckBeforeDeliver;
  settings.policy.resume_in_order = mutation != Mutation::kUnorderedResume;
  settings.policy.forward_once = mutation != Mutation::kForwardTwice;
  return settings;
}

class Scenario {
 public:
  explicit Scenario(const RunOptions& options)
      : draw_(options.seed * 2 + 1),
        settings_(SettingsOf(draw_, options.mutation)),
        crowd_(&draw_, &report_),
        mesh_(options.seed, settings_,
              [this](int i, const Effects& effects) { crowd_.OnEffects(i, effects); }) {
    report_.seed = options.seed;
    crowd_.Attach(&mesh_);
    mesh_.StartAll();
  }

  RunReport Go() {
    for (int i = 0; i < kInstances; ++i) crowd_.Open(i);
    while (mesh_.now_ns() < kSafetyNs) {
      mesh_.Step();
      crowd_.Act();
      if (draw_.Below(12) == 0) Fault();
      if (draw_.Below(100) == 0) Audit();
    }
    Heal();
    Settle();
    Probe();
    CheckAll();
    Conclude();
    return std::move(report_);
  }

 private:
  int Any() { return static_cast<int>(draw_.Below(kInstances)); }
  bool InMajority(int i) const { return majority_.contains(i); }
  void Violate(std::string checker, std::string text) {
    report_.violations.push_back({std::move(checker), std::move(text)});
  }

  // ---- Faults ----

  void Restart(int i) {
    mesh_.Start(i);
    crowd_.Open(i);
  }

  void Fault() {
    const int i = Any(), j = Any();
    const int64_t until = mesh_.now_ns() + static_cast<int64_t>(100 + draw_.Below(4'000)) * kNanosPerMilli;
    if (!mesh_.alive(i)) {
      if (draw_.Below(3) == 0) Restart(i);
      return;
    }
    if (i == j) return;
    LinkState& link = mesh_.link(i, j);
    switch (draw_.Below(10)) {
      case 0:
      case 1:
        link.cut = true;  // One way; cut the other way by another draw.
        ++mesh_.faults().cuts;
        break;
      case 2:
      case 3:
        link = LinkState{link.delay_ns};
        break;
      case 4:
      case 5:
        mesh_.Break(i, j);
        break;
      case 6:
        if (draw_.Below(4) == 0) {
          mesh_.Kill(i);
          crowd_.End(i);
        } else {
          mesh_.Pause(i, until);
        }
        break;
      case 7:
        mesh_.SlowDown(i, until, draw_.Below(2) == 0);
        break;
      case 8:
        link.lost_percent = 10;
        link.twice_percent = 10;
        break;
      default:
        link.late_percent = 20;
    }
  }

  // ---- The second phase ----

  void Heal() {
    const size_t size = kInstances / 2 + 1 + draw_.Below(kInstances / 2 + 1);
    while (majority_.size() < size) majority_.insert(Any());
    for (int i = 0; i < kInstances; ++i) {
      if (InMajority(i)) {
        if (!mesh_.alive(i)) Restart(i);
        mesh_.Pause(i, 0);
        mesh_.SlowDown(i, 0, mesh_.alive(i) && draw_.Below(2) == 0);
      } else if (mesh_.alive(i) && draw_.Below(2) == 0) {
        mesh_.Kill(i);
        crowd_.End(i);
      }
      for (int j = 0; j < kInstances; ++j) {
        LinkState& link = mesh_.link(i, j);
        link = LinkState{link.delay_ns};
        if (i == j || (InMajority(i) && InMajority(j))) continue;
        link.cut = true;  // For good.
        mesh_.Forbid(i, j);
      }
    }
    healed_ns_ = mesh_.now_ns();
    mesh_.Step();
    for (int i = 0; i < kInstances; ++i) {
      for (int j = 0; j < kInstances; ++j) {
        if (i == j || (InMajority(i) && InMajority(j))) continue;
        if (mesh_.alive(i)) mesh_.Break(i, j);
        mesh_.link(i, j).cut = false;  // So that the streams' ends are told.
      }
    }
  }

  template <class F>
  bool Until(int64_t limit_ns, F done) {
    const int64_t deadline = mesh_.now_ns() + limit_ns;
    while (!done()) {
      if (mesh_.now_ns() >= deadline) return false;
      mesh_.Step();
    }
    return true;
  }
  template <class F>
  bool AllPairs(F holds) {
    for (const int i : majority_) {
      for (const int j : majority_) {
        if (i != j && !holds(i, j)) return false;
      }
    }
    return true;
  }

  bool InterestRight(int reader, int owner) {
    const SyncEngine& sync = mesh_.core(reader).sync();
    const OwnInterest& own = mesh_.core(owner).sync().own_interest();
    const InterestSum* copy = sync.InterestSumOf(Mesh::NameOf(owner));
    return sync.InterestOf(Mesh::NameOf(owner)) == std::make_pair(mesh_.epoch(owner), own.latest()) &&
           copy != nullptr && *copy == own.sum();
  }

  void Settle() {
    if (!Until(kLinksNs, [&] { return AllPairs([&](int i, int j) { return mesh_.Linked(i, j); }); })) {
      std::string who;
      AllPairs([&](int i, int j) {
        if (!mesh_.Linked(i, j))
          absl::StrAppend(&who, " ", i, "(life ", mesh_.life(i), ")->", j, "(life ", mesh_.life(j), ")");
        return true;
      });
      Violate("liveness", absl::StrCat("the streams of the healed majority are not back:", who));
      return;
    }
    if (!Until(kConvergeNs, [&] { return AllPairs([&](int i, int j) { return InterestRight(i, j); }); })) {
      std::string who;
      AllPairs([&](int i, int j) {
        if (!InterestRight(i, j)) absl::StrAppend(&who, " ", i, " of ", j);
        return true;
      });
      Violate("convergence", absl::StrCat("2 s after the last link's return interest differs:", who));
    }
    report_.converged_ns = mesh_.now_ns() - healed_ns_;
  }

  bool Idle(int i, int j) { return mesh_.core(i).sync().Settled(Mesh::NameOf(j)); }

  // Everybody in the majority sends to every group; all members there have to get it.
  void Probe() {
    const auto idle = [&] { return AllPairs([&](int i, int j) { return Idle(i, j); }); };
    if (!Until(kSettleNs, idle)) Violate("liveness", "the logs of the healed majority do not empty");
    for (Client& client : crowd_.clients()) {
      if (client.open && !client.connected) {
        Until(kConvergeNs + kNanosPerSecond, [&] { return client.connected; });
      }
    }
    for (Client& client : crowd_.clients()) {
      if (client.open && InMajority(client.at))
        crowd_.JoinGroup(client, static_cast<int>(client.number) % kGroups);
    }
    Until(3 * kNanosPerSecond, [&] {
      for (const Client& client : crowd_.clients()) {
        if (!client.open || !InMajority(client.at)) continue;
        for (const Join& join : client.joins) {
          if (!join.ended && !join.acked) return false;
        }
      }
      return true;
    });
    first_probe_ = crowd_.promises().size();
    std::set<int> done;
    for (size_t c = 0; c < crowd_.clients().size(); ++c) {
      if (!crowd_.clients()[c].open || !InMajority(crowd_.clients()[c].at) ||
          !done.insert(crowd_.clients()[c].at).second)
        continue;
      for (int group = 0; group < kGroups; ++group) crowd_.SendTo(crowd_.clients()[c], group, false);
    }
    if (!Until(kSettleNs, idle)) Violate("liveness", "the probes do not get through");
    AskProbe();
    // Long enough for whoever lost an origin to say so.
    Until(kOriginSilentNs + 2 * kNanosPerSecond, [] { return false; });
  }

  void AskProbe() {
    const int asker = *majority_.begin();
    const Crowd::QuestionKey key = {asker, mesh_.life(asker), crowd_.Ask(asker, 0)};
    Until(kGatherNs + kNanosPerSecond, [&] { return crowd_.answers().contains(key); });
    size_t members = 0;
    for (const Client& client : crowd_.clients()) {
      if (!client.open || !InMajority(client.at)) continue;
      for (const Join& join : client.joins) members += join.group == 0 && !join.ended;
    }
    const auto it = crowd_.answers().find(key);
    const Gathered list = it == crowd_.answers().end() ? Gathered() : it->second;
    if (list.members.size() != members || list.answered != majority_.size() ||
        list.silent.size() != kInstances - majority_.size()) {
      Violate("question", absl::StrCat("group 0 has ", members, " members at ", majority_.size(),
                                       " instances; the answer has ", list.members.size(), " of ",
                                       list.answered, ", ", list.silent.size(), " silent"));
    }
  }

  // ---- Checks ----

  std::vector<replica::Audit> AuditAll() {
    std::vector<replica::Audit> audits;
    for (int i = 0; i < kInstances; ++i) {
      if (mesh_.alive(i)) audits.push_back(mesh_.core(i).MakeAudit(mesh_.NowAt(i)));
    }
    return audits;
  }

  void Audit() {
    const auto audits = AuditAll();
    if (!audits_.empty()) sync_check::CheckAudits(audits_, audits, &report_.violations);
    for (const replica::Audit& audit : audits) {
      sync_check::CheckBounds(audit, settings_.log, kMessageOverheadBytes + kPayloadMax + 64,
                              &report_.violations);
    }
    audits_ = audits;
  }

  bool Excused(const Promise& p) {
    const Sent& sent = crowd_.SentOf(p);
    if (crowd_.Ended(p) || sent.expires) return true;
    if (p.origin == p.at) return false;
    const std::string origin = Mesh::NameOf(p.origin), epoch = Mesh::EpochOf(p.origin, sent.life);
    const GapList& theirs = mesh_.core(p.at).sync().gaps();
    if (sync_check::Listed(theirs, origin, epoch, "", p.sequence)) return true;
    // Both ends are well and in touch: the one that lost it has to know.
    if (InMajority(p.origin) && InMajority(p.at)) return false;
    const bool same_life = mesh_.alive(p.origin) && mesh_.life(p.origin) == sent.life;
    if (!same_life) return !InMajority(p.at);
    return !Idle(p.origin, p.at) || sync_check::Listed(mesh_.core(p.origin).sync().gaps(), origin, epoch,
                                                       Mesh::NameOf(p.at), p.sequence);
  }

  // A range may tell of more than was lost; the counts may not tell of less. Only where both ends live and
  // are in touch.
  void CheckCounts(const std::vector<Promise>& missing) {
    std::map<std::pair<int, int>, std::set<uint64_t>> lost;
    for (const Promise& p : missing) {
      const Sent& sent = crowd_.SentOf(p);
      if (crowd_.Ended(p) || sent.expires || !InMajority(p.at) || !InMajority(p.origin) || p.origin == p.at)
        continue;
      if (mesh_.life(p.origin) == sent.life) lost[{p.origin, p.at}].insert(p.sequence);
    }
    for (const auto& [pair, sequences] : lost) {
      const auto audit = mesh_.core(pair.second).MakeAudit(mesh_.NowAt(pair.second));
      for (const OriginAudit& from : audit.from) {
        if (from.origin != Mesh::NameOf(pair.first) || from.gaps >= sequences.size()) continue;
        Violate("conservation", absl::StrCat("instance ", pair.second, " lost ", sequences.size(), " of ",
                                             pair.first, ", and lists ", from.gaps));
      }
    }
  }

  void CheckAll() {
    Audit();
    Audit();  // Two rounds at rest: the ends of each pair have to agree exactly.
    const auto missing = sync_check::CheckPromises(
        crowd_.promises(), crowd_.deliveries(), [&](const Promise& p) { return Excused(p); },
        &report_.violations);
    report_.excused = missing.size();
    CheckCounts(missing);
    for (size_t n = first_probe_; n < crowd_.promises().size(); ++n) {
      const Promise& p = crowd_.promises()[n];
      if (!InMajority(p.at) || crowd_.deliveries().Has(p.subscriber, p.sender, p.stream, p.number)) continue;
      Violate("liveness", absl::StrCat("a probe of instance ", p.origin, " did not get to ", p.at));
    }
    for (const auto& [i, life, id] : crowd_.unanswered()) {
      if (InMajority(i) && mesh_.life(i) == life) {
        Violate("question", absl::StrCat("instance ", i, " never answered ", id));
      }
    }
    for (const auto& violation : *crowd_.deliveries().violations()) report_.violations.push_back(violation);
  }

  void Conclude() {
    const Faults& faults = mesh_.faults();
    report_.digest = mesh_.digest();
    report_.delivered = crowd_.deliveries().count();
    report_.promises = crowd_.promises().size();
    report_.faults = faults.cuts + faults.breaks + faults.kills + faults.pauses + faults.slowed +
                     faults.frames_lost + faults.frames_twice + faults.frames_late;
    report_.fault_kinds = faults.kinds();
    report_.frames = mesh_.frames();
    if (report_.sent < 300 || report_.crossed < 500 || report_.promises < 200) {
      report_.vacuous = "too little was sent or delivered";
    } else if (report_.faults < 20 || report_.fault_kinds < 5) {
      report_.vacuous = "too few faults fired";
    } else if (first_probe_ == crowd_.promises().size()) {
      report_.vacuous = "no probe was sent";
    }
  }

  Random draw_;
  RunReport report_;
  const SyncSettings settings_;
  Crowd crowd_;
  size_t first_probe_ = 0;
  std::vector<replica::Audit> audits_;
  std::set<int> majority_;
  int64_t healed_ns_ = 0;
  Mesh mesh_;
};

}  // namespace

RunReport Run(const RunOptions& options) { return Scenario(options).Go(); }

std::string RunReport::Text() const {
  std::string text =
      absl::StrCat("seed ", seed, ": ", violations.size(), " violations; ", sent, " sent, ", delivered,
                   " delivered, ", crossed, " of them from another instance, ", excused, " listed as lost, ",
                   faults, " faults of ", fault_kinds, " kinds\n");
  if (!vacuous.empty()) absl::StrAppend(&text, "  vacuous: ", vacuous, "\n");
  for (size_t i = 0; i < violations.size() && i < 10; ++i) {
    absl::StrAppend(&text, "  ", violations[i].checker, ": ", violations[i].text, "\n");
  }
  absl::StrAppend(&text, "  replay: build/tests/sync_simulation --seeds ", seed, "-", seed, "\n");
  return text;
}

}  // namespace nonet::sync_sim
