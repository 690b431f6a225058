// The clients of the simulation: they connect, join, leave, send and ask, and note what they were promised
// and what they got. Not thread-safe.
//
//   Crowd crowd(&draw, &report);
//   Mesh mesh(seed, settings, [&](int i, const Effects& effects) { crowd.OnEffects(i, effects); });
//   crowd.Attach(&mesh);
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "replica/core/gather.h"
#include "tests/simulation/mesh.h"
#include "tests/simulation/run.h"

namespace nonet::sync_sim {

inline constexpr int kGroups = 5;
inline constexpr size_t kPayloadMax = 300;

struct Join {
  int group = 0;
  uint64_t ack_id = 0;
  bool acked = false, ended = false;
  std::array<int, kInstances> live{};  // The lives of the instances that were linked to ours at the ack.
};

struct Client {
  uint32_t number = 0;
  int at = 0;
  replica::ConnectionKey key = 0;
  bool open = false, connected = false;
  uint64_t next_ack = 1;
  std::vector<Join> joins;
};

struct Sent {
  uint32_t sender = 0, stream = 0;
  uint64_t number = 0;
  int origin = 0, life = 0;
  bool expires = false;
};

class Crowd {
 public:
  Crowd(Random* draw, RunReport* report) : draw_(*draw), report_(*report) {}
  void Attach(Mesh* mesh) { mesh_ = mesh; }

  // ---- What clients do ----
  void Open(int i);  // Two more, at that instance.
  void Act();        // Something, somewhere.
  void JoinGroup(Client& client, int group);
  // The message is promised to whoever has its ack for the group, and was linked then.
  void SendTo(Client& client, int group, bool may_expire);
  // Asks for the members of a group; the answer is in answers() when it is there. Returns the id.
  uint64_t Ask(int i, int group);
  // The instance died, and its clients with it.
  void End(int i);
  void OnEffects(int i, const replica::Effects& effects);

  // ---- What came of it ----
  std::vector<Client>& clients() { return clients_; }
  const std::vector<sync_check::Promise>& promises() const { return promises_; }
  const Sent& SentOf(const sync_check::Promise& p) const { return sent_.at({p.sender, p.stream, p.number}); }
  bool Ended(const sync_check::Promise& p) const {
    return clients_[p.subscriber].joins[p.subscription].ended;
  }
  sync_check::Deliveries& deliveries() { return deliveries_; }
  using QuestionKey = std::tuple<int, int, uint64_t>;  // Instance, life, id.
  const std::set<QuestionKey>& unanswered() const { return asked_; }
  const std::map<QuestionKey, replica::Gathered>& answers() const { return answers_; }

 private:
  void Receive(const Client& client, replica::ClientFrame frame);
  void LeaveGroup(Client& client);
  void Acked(Client& client, uint64_t ack_id, bool waited_out);
  void Got(int i, replica::ConnectionKey key, const replica::Message& message);
  std::vector<sync_check::Promise> PromisesOf(const Sent& sent, uint64_t sequence) const;

  Random& draw_;
  RunReport& report_;
  Mesh* mesh_ = nullptr;
  std::vector<Client> clients_;
  std::map<replica::ConnectionKey, size_t> by_key_;
  std::map<std::pair<uint32_t, int>, uint64_t> numbers_;
  std::map<std::tuple<uint32_t, uint32_t, uint64_t>, Sent> sent_;
  std::vector<sync_check::Promise> promises_;
  sync_check::Deliveries deliveries_;
  std::set<QuestionKey> asked_;
  std::map<QuestionKey, replica::Gathered> answers_;
  std::map<std::pair<int, int>, uint64_t> timed_out_;  // By instance and life: waits that ended unheeded.
};

}  // namespace nonet::sync_sim
