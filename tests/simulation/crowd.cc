#include "tests/simulation/crowd.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace nonet::sync_sim {

using namespace replica;  // NOLINT: the whole file speaks of its values.
using sync_check::Promise;

void Crowd::Open(int i) {
  for (int n = 0; n < 2; ++n) {
    Client client;
    client.number = static_cast<uint32_t>(clients_.size());
    client.at = i;
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
    mesh_->Do(i, [&](ReplicaCore& core, Effects* e) { core.Open(std::move(spec), mesh_->NowAt(i), e); });
  }
}

void Crowd::Receive(const Client& client, ClientFrame frame) {
  const int i = client.at;
  const ConnectionKey key = client.key;
  mesh_->Do(i,
            [&](ReplicaCore& core, Effects* e) { core.Receive(key, std::move(frame), mesh_->NowAt(i), e); });
}

void Crowd::JoinGroup(Client& client, int group) {
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

void Crowd::LeaveGroup(Client& client) {
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

std::vector<Promise> Crowd::PromisesOf(const Sent& sent, uint64_t sequence) const {
  std::vector<Promise> promises;
  for (const Client& client : clients_) {
    if (!client.open || !client.connected) continue;
    for (size_t n = 0; n < client.joins.size(); ++n) {
      const Join& join = client.joins[n];
      if (join.group != static_cast<int>(sent.stream) || join.ended || !join.acked) continue;
      if (client.at != sent.origin && join.live[static_cast<size_t>(sent.origin)] != sent.life) continue;
      promises.push_back(
          {client.number, sent.sender, sent.stream, sent.number, sent.origin, client.at, sequence, n});
    }
  }
  return promises;
}

void Crowd::SendTo(Client& client, int group, bool may_expire) {
  const int i = client.at;
  Sent sent;
  sent.sender = client.number;
  sent.stream = static_cast<uint32_t>(group);
  sent.number = ++numbers_[{client.number, group}];
  sent.origin = i;
  sent.life = mesh_->life(i);
  sent.expires = may_expire && draw_.Below(10) == 0;
  ClientFrame frame;
  frame.type = ClientFrame::Type::kSendToGroup;
  frame.group = absl::StrCat("g", group);
  frame.data_type = DataType::kText;
  frame.data = absl::StrCat(sent.sender, " ", sent.stream, " ", sent.number, " ");
  frame.data.append(draw_.Below(kPayloadMax), 'x');
  if (sent.expires) frame.ttl_seconds = 1 + static_cast<uint32_t>(draw_.Below(2));
  const uint64_t before = mesh_->core(i).sync().accepted();
  // Decided before it is accepted: what happens because of it may end joins.
  const std::vector<Promise> promised = PromisesOf(sent, before + 1);
  Receive(client, std::move(frame));
  if (mesh_->core(i).sync().accepted() == before) {
    ++report_.refused;
    return;
  }
  ++report_.sent;
  promises_.insert(promises_.end(), promised.begin(), promised.end());
  sent_[{sent.sender, sent.stream, sent.number}] = sent;
}

void Crowd::Act() {
  for (int n = 0; n < 2; ++n) {
    Client& client = clients_[draw_.Below(clients_.size())];
    if (!client.open || !client.connected || !mesh_->acts(client.at)) continue;
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

uint64_t Crowd::Ask(int i, int group) {
  Question question;
  question.operation = Operation::kList;
  question.hub = "chat";
  question.target = Target::kGroup;
  question.target_name = absl::StrCat("g", group);
  question.limit = 100;
  uint64_t id = 0;
  mesh_->Do(i, [&](ReplicaCore& core, Effects* e) {
    id = core.Ask(std::move(question), mesh_->NowAt(i), e).value_or(0);
    // The result may be in the effects of this very step.
    asked_.insert({i, mesh_->life(i), id});
  });
  ++report_.questions;
  return id;
}

void Crowd::End(int i) {
  for (Client& client : clients_) {
    if (client.at != i) continue;
    client.open = false;
    for (Join& join : client.joins) join.ended = true;
  }
}

void Crowd::OnEffects(int i, const Effects& effects) {
  const uint64_t timed_out = mesh_->core(i).counters().waits_timed_out;
  uint64_t& known = timed_out_[{i, mesh_->life(i)}];
  const bool waited_out = std::exchange(known, timed_out) != timed_out;
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
      const QuestionKey key = {i, mesh_->life(i), done->result.id};
      if (asked_.erase(key) == 0) {
        report_.violations.push_back(
            {"question", absl::StrCat("instance ", i, " answered ", done->result.id, " twice")});
      }
      answers_[key] = done->result;
    }
  }
}

void Crowd::Acked(Client& client, uint64_t ack_id, bool waited_out) {
  for (Join& join : client.joins) {
    if (join.ack_id != ack_id || join.ended) continue;
    join.acked = true;
    if (waited_out) return;  // Whoever did not heed it in 2 s promised nothing.
    for (int x = 0; x < kInstances; ++x) {
      if (x != client.at && mesh_->Linked(x, client.at)) join.live[static_cast<size_t>(x)] = mesh_->life(x);
    }
  }
}

void Crowd::Got(int i, ConnectionKey key, const Message& message) {
  const Client& client = clients_[by_key_.at(key)];
  const absl::string_view data = message.data;
  std::array<uint64_t, 3> parts{};
  size_t at = 0;
  for (uint64_t& part : parts) {
    const size_t space = data.find(' ', at);
    (void)absl::SimpleAtoi(data.substr(at, space - at), &part);
    at = space + 1;
  }
  deliveries_.Got(client.number, static_cast<uint32_t>(parts[0]), static_cast<uint32_t>(parts[1]), parts[2]);
  if (clients_[parts[0]].at != i) ++report_.crossed;
  mesh_->Mix(key * 1'000'003 + message.sequence);
}

}  // namespace nonet::sync_sim
