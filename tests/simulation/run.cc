#include "tests/simulation/run.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/mesh.h"

namespace nonet::sync_sim {
namespace {

using namespace replica;  // NOLINT: the whole file speaks of its values.
using sync_check::Promise;

constexpr int kGroups = 5;
constexpr int64_t kSafetyNs = 12 * kNanosPerSecond;
// After the heal: until the streams are back, until interest is right after that, until logs are empty.
constexpr int64_t kLinksNs = 8 * kNanosPerSecond;
constexpr int64_t kConvergeNs = 2 * kNanosPerSecond;
constexpr int64_t kSettleNs = 20 * kNanosPerSecond;
constexpr size_t kPayloadMax = 300;

struct Join {
  int group = 0;
  uint64_t ack_id = 0;
  bool acked = false, ended = false;
  std::array<int, kInstances> live{};  // The lives of the instances that were linked to ours at the ack.
};

struct Client {
  uint32_t number = 0;
  int at = 0, life = 0;
  ConnectionKey key = 0;
  bool open = false, connected = false;
  uint64_t next_ack = 1;
  std::vector<Join> joins;
};

struct Sent {
  uint32_t sender = 0, stream = 0;
  uint64_t number = 0;
  int origin = 0, life = 0;
  uint64_t sequence = 0;
  bool expires = false;
};

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
        mesh_(options.seed, settings_, [this](int i, const Effects& effects) { OnEffects(i, effects); }) {
    report_.seed = options.seed;
  }

  RunReport Go() {
    for (int i = 0; i < kInstances; ++i) OpenClients(i);
    while (mesh_.now_ns() < kSafetyNs) {
      mesh_.Step();
      Act();
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

  // ---- Clients ----

  void OpenClients(int i) {
    for (int n = 0; n < 2; ++n) {
      Client client;
      client.number = static_cast<uint32_t>(clients_.size());
      client.at = i;
      client.life = mesh_.life(i);
      client.key = clients_.size() + 1;
      client.open = true;
      ConnectionSpec spec;
      spec.key = client.key;
      spec.hub = "chat";
      spec.id = absl::StrCat("c", client.number, ".", Mesh::TagOf(i));
      spec.user_id = absl::StrCat("u", client.number % 7);
      spec.reliable = draw_.Below(2) == 0;
      (void)spec.permissions.AddRole("webpubsub.sendToGroup");
      (void)spec.permissions.AddRole("webpubsub.joinLeaveGroup");
      by_key_[client.key] = clients_.size();
      clients_.push_back(std::move(client));
      mesh_.Do(i, [&](ReplicaCore& core, Effects* e) { core.Open(std::move(spec), mesh_.NowAt(i), e); });
    }
  }

  void Receive(Client& client, ClientFrame frame) {
    const int i = client.at;
    const ConnectionKey key = client.key;
    mesh_.Do(i,
             [&](ReplicaCore& core, Effects* e) { core.Receive(key, std::move(frame), mesh_.NowAt(i), e); });
  }

  void JoinGroup(Client& client, int group) {
    for (const Join& join : client.joins) {
      if (join.group == group && !join.ended) return;
    }
    Join join;
    join.group = group;
    join.ack_id = client.next_ack++;
    client.joins.push_back(join);
    ClientFrame frame;
    frame.type = ClientFrame::Type::kJoinGroup;
    frame.group = absl::StrCat("g", group);
    frame.ack_id = join.ack_id;
    Receive(client, std::move(frame));
  }

  void LeaveGroup(Client& client) {
    for (Join& join : client.joins) {
      if (join.ended || !join.acked) continue;
      join.ended = true;
      ClientFrame frame;
      frame.type = ClientFrame::Type::kLeaveGroup;
      frame.group = absl::StrCat("g", join.group);
      Receive(client, std::move(frame));
      return;
    }
  }

  // The message is promised to whoever has its ack for the group, and was linked then.
  void SendTo(Client& client, int group, bool may_expire) {
    const int i = client.at;
    Sent sent;
    sent.sender = client.number;
    sent.stream = static_cast<uint32_t>(group);
    sent.number = ++numbers_[{client.number, group}];
    sent.origin = i;
    sent.life = mesh_.life(i);
    sent.expires = may_expire && draw_.Below(10) == 0;
    ClientFrame frame;
    frame.type = ClientFrame::Type::kSendToGroup;
    frame.group = absl::StrCat("g", group);
    frame.data_type = DataType::kText;
    frame.data = absl::StrCat(sent.sender, " ", sent.stream, " ", sent.number, " ");
    frame.data.append(draw_.Below(kPayloadMax), 'x');
    if (sent.expires) frame.ttl_seconds = 1 + static_cast<uint32_t>(draw_.Below(2));
    const uint64_t before = mesh_.core(i).sync().accepted();
    // Decided before it is accepted: what happens because of it may end joins.
    std::vector<Promise> promised;
    for (const Client& other : clients_) {
      if (!other.open || !other.connected) continue;
      for (size_t n = 0; n < other.joins.size(); ++n) {
        const Join& join = other.joins[n];
        if (join.group != group || join.ended || !join.acked) continue;
        if (other.at != i && join.live[static_cast<size_t>(i)] != sent.life) continue;
        promised.push_back({other.number, sent.sender, sent.stream, sent.number, i, other.at, before + 1, n});
      }
    }
    Receive(client, std::move(frame));
    if (mesh_.core(i).sync().accepted() == before) {
      ++report_.refused;
      return;
    }
    sent.sequence = before + 1;
    ++report_.sent;
    promises_.insert(promises_.end(), promised.begin(), promised.end());
    sent_[{sent.sender, sent.stream, sent.number}] = sent;
  }

  void Act() {
    for (int n = 0; n < 2; ++n) {
      Client& client = clients_[draw_.Below(clients_.size())];
      if (!client.open || !client.connected || !mesh_.acts(client.at)) continue;
      const int group = static_cast<int>(draw_.Below(kGroups));
      const uint64_t what = draw_.Below(100);
      if (what < 12) {
        JoinGroup(client, group);
      } else if (what < 15) {
        LeaveGroup(client);
      } else if (what < 17) {
        Ask(client.at, group);
      } else if (what < 60) {
        const uint64_t burst = draw_.Below(20) == 0 ? 30 : 1;
        for (uint64_t i = 0; i < burst; ++i) SendTo(client, group, true);
      }
    }
  }

  uint64_t Ask(int i, int group) {
    Question question;
    question.operation = Operation::kList;
    question.hub = "chat";
    question.target = Target::kGroup;
    question.target_name = absl::StrCat("g", group);
    question.limit = 100;
    uint64_t id = 0;
    mesh_.Do(i, [&](ReplicaCore& core, Effects* e) {
      id = core.Ask(std::move(question), mesh_.NowAt(i), e).value_or(0);
      // The result may be in the effects of this very step.
      asked_.insert({i, mesh_.life(i), id});
    });
    ++report_.questions;
    return id;
  }

  void OnEffects(int i, const Effects& effects) {
    const uint64_t timed_out = mesh_.core(i).counters().waits_timed_out;
    const bool waited_out = timed_out != std::exchange(timed_out_[static_cast<size_t>(i)], timed_out);
    for (const auto& effect : effects.list) {
      if (const auto* deliver = std::get_if<Deliver>(&effect)) {
        for (size_t n = deliver->first; n < deliver->first + deliver->count; ++n) {
          Got(i, effects.recipients[n].key, *deliver->message);
        }
      } else if (const auto* reply = std::get_if<Reply>(&effect)) {
        Client& client = clients_[by_key_.at(reply->key)];
        if (reply->kind == Reply::Kind::kConnected) client.connected = true;
        if (reply->kind == Reply::Kind::kAck) Acked(client, reply->ack_id, waited_out);
      } else if (const auto* done = std::get_if<AskDone>(&effect)) {
        if (asked_.erase({i, mesh_.life(i), done->result.id}) == 0) {
          Violate("question", absl::StrCat("instance ", i, " answered ", done->result.id, " twice"));
        }
        if (i == list_asker_ && done->result.id == list_id_) list_ = done->result;
      }
    }
  }

  void Acked(Client& client, uint64_t ack_id, bool waited_out) {
    for (Join& join : client.joins) {
      if (join.ack_id != ack_id || join.ended) continue;
      join.acked = true;
      if (waited_out) return;  // Whoever did not heed it in 2 s promised nothing.
      for (int x = 0; x < kInstances; ++x) {
        if (x != client.at && mesh_.Linked(x, client.at)) join.live[static_cast<size_t>(x)] = mesh_.life(x);
      }
    }
  }

  void Got(int i, ConnectionKey key, const Message& message) {
    const Client& client = clients_[by_key_.at(key)];
    std::array<uint64_t, 3> parts{};
    size_t at = 0;
    for (size_t n = 0; n < 3; ++n) {
      const size_t space = message.data.find(' ', at);
      (void)absl::SimpleAtoi(message.data.substr(at, space - at), &parts[n]);
      at = space + 1;
    }
    deliveries_.Got(client.number, static_cast<uint32_t>(parts[0]), static_cast<uint32_t>(parts[1]),
                    parts[2]);
    if (clients_[parts[0]].at != i) ++report_.crossed;
    mesh_.Mix(key * 1'000'003 + message.sequence);
  }

  // ---- Faults ----

  void End(int i) {
    for (Client& client : clients_) {
      if (client.at != i) continue;
      client.open = false;
      for (Join& join : client.joins) join.ended = true;
    }
  }

  void Restart(int i) {
    mesh_.Start(i);
    timed_out_[static_cast<size_t>(i)] = 0;
    OpenClients(i);
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
          End(i);
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
        End(i);
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
      Violate("liveness", "the streams of the healed majority are not back");
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
    for (Client& client : clients_) {
      if (client.open && !client.connected) {
        Until(kConvergeNs + kNanosPerSecond, [&] { return client.connected; });
      }
    }
    for (Client& client : clients_) {
      if (client.open && InMajority(client.at)) JoinGroup(client, static_cast<int>(client.number) % kGroups);
    }
    Until(3 * kNanosPerSecond, [&] {
      for (const Client& client : clients_) {
        if (!client.open || !InMajority(client.at)) continue;
        for (const Join& join : client.joins) {
          if (!join.ended && !join.acked) return false;
        }
      }
      return true;
    });
    first_probe_ = promises_.size();
    std::set<int> done;
    for (size_t c = 0; c < clients_.size(); ++c) {
      if (!clients_[c].open || !InMajority(clients_[c].at) || !done.insert(clients_[c].at).second) continue;
      for (int group = 0; group < kGroups; ++group) SendTo(clients_[c], group, false);
    }
    if (!Until(kSettleNs, idle)) Violate("liveness", "the probes do not get through");
    AskProbe();
    // Long enough for whoever lost an origin to say so.
    Until(kOriginSilentNs + 2 * kNanosPerSecond, [] { return false; });
  }

  void AskProbe() {
    const int asker = *majority_.begin();
    list_asker_ = asker;
    list_id_ = mesh_.core(asker).sync().questions_asked() + 1;
    const uint64_t id = Ask(asker, 0);
    Until(kGatherNs + kNanosPerSecond, [&] { return !asked_.contains({asker, mesh_.life(asker), id}); });
    size_t members = 0;
    for (const Client& client : clients_) {
      if (!client.open || !InMajority(client.at)) continue;
      for (const Join& join : client.joins) members += join.group == 0 && !join.ended;
    }
    if (list_.id != id || list_.members.size() != members || list_.answered != majority_.size() ||
        list_.silent.size() != kInstances - majority_.size()) {
      Violate("question", absl::StrCat("group 0 has ", members, " members at ", majority_.size(),
                                       " instances; the answer has ", list_.members.size(), " of ",
                                       list_.answered, ", ", list_.silent.size(), " silent"));
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

  bool Ended(const Promise& p) const { return clients_[p.subscriber].joins[p.subscription].ended; }

  bool Excused(const Promise& p) {
    const Sent& sent = sent_.at({p.sender, p.stream, p.number});
    if (Ended(p) || sent.expires) return true;
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
      const Sent& sent = sent_.at({p.sender, p.stream, p.number});
      if (Ended(p) || sent.expires || !InMajority(p.at) || !InMajority(p.origin) || p.origin == p.at)
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
        promises_, deliveries_, [&](const Promise& p) { return Excused(p); }, &report_.violations);
    report_.excused = missing.size();
    CheckCounts(missing);
    for (size_t n = first_probe_; n < promises_.size(); ++n) {
      const Promise& p = promises_[n];
      if (!InMajority(p.at) || deliveries_.Has(p.subscriber, p.sender, p.stream, p.number)) continue;
      Violate("liveness", absl::StrCat("a probe of instance ", p.origin, " did not get to ", p.at));
    }
    for (const auto& [i, life, id] : asked_) {
      if (InMajority(i) && mesh_.life(i) == life) {
        Violate("question", absl::StrCat("instance ", i, " never answered ", id));
      }
    }
    for (const auto& violation : *deliveries_.violations()) report_.violations.push_back(violation);
  }

  void Conclude() {
    const Faults& faults = mesh_.faults();
    report_.digest = mesh_.digest();
    report_.delivered = deliveries_.count();
    report_.promises = promises_.size();
    report_.faults = faults.cuts + faults.breaks + faults.kills + faults.pauses + faults.slowed +
                     faults.frames_lost + faults.frames_twice + faults.frames_late;
    report_.fault_kinds = faults.kinds();
    report_.frames = mesh_.frames();
    if (report_.sent < 300 || report_.crossed < 500 || report_.promises < 500) {
      report_.vacuous = "too little was sent or delivered";
    } else if (report_.faults < 20 || report_.fault_kinds < 5) {
      report_.vacuous = "too few faults fired";
    } else if (first_probe_ == promises_.size()) {
      report_.vacuous = "no probe was sent";
    }
  }

  Random draw_;
  RunReport report_;
  const SyncSettings settings_;
  std::vector<Client> clients_;
  std::map<ConnectionKey, size_t> by_key_;
  std::map<std::pair<uint32_t, int>, uint64_t> numbers_;
  std::map<std::tuple<uint32_t, uint32_t, uint64_t>, Sent> sent_;
  std::vector<Promise> promises_;
  size_t first_probe_ = 0;
  std::set<std::tuple<int, int, uint64_t>> asked_;
  int list_asker_ = -1;  // Whose answer is looked at.
  uint64_t list_id_ = 0;
  Gathered list_;
  std::array<uint64_t, kInstances> timed_out_{};
  sync_check::Deliveries deliveries_;
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
