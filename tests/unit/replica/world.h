// Several replica cores wired through values, for tests: streams are queues that can be cut with what is in
// them. No threads, no time but `now`.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "replica/core/replica_core.h"

namespace nonet::replica {

class World {
 public:
  struct Instance {
    std::string name;
    std::string tag;
    int life = 0;
    std::unique_ptr<ReplicaCore> core;
    // By connection: what it got, in order: "text data", "#seq data", "connected", "ack 3", "ack 3
    // Forbidden".
    std::map<ConnectionKey, std::vector<std::string>> got;
    int64_t timer_ns = 0;
    std::map<uint64_t, Gathered> done;
  };

  // Acks are prompt, whatever the settings say, so that what is said is said within one step; LoneAcks shows
  // the delay.
  explicit World(int instances, SyncSettings settings = {}) : settings_(Prompt(std::move(settings))) {
    for (int i = 0; i < instances; ++i) {
      Instance instance;
      instance.name = i == 0 ? "resources/contoso" : absl::StrCat("resources/contoso/replicas/r", i);
      instance.tag = absl::StrCat("0000000", i);
      instances_.push_back(std::move(instance));
    }
    for (int i = 0; i < instances; ++i) Start(i);
  }

  // A new life of the process.
  void Start(int i) {
    Instance& instance = instances_[i];
    ++instance.life;
    for (size_t j = 0; j < instances_.size(); ++j) {
      Cut(i, static_cast<int>(j));
      Cut(static_cast<int>(j), i);
    }
    instance.got.clear();
    instance.core = std::make_unique<ReplicaCore>(
        Identity{"resources/contoso", instance.name, absl::StrCat("00000000000000", i, instance.life),
                 instance.tag},
        settings_);
    std::vector<PeerConfig> peers;
    for (const Instance& other : instances_) {
      if (other.name != instance.name) peers.push_back({other.name, other.tag});
    }
    Do(i, [&](ReplicaCore& core, Effects* e) { EXPECT_TRUE(core.SetPeers(peers, now, e).ok()); });
  }

  Instance& at(int i) { return instances_[i]; }
  ReplicaCore& core(int i) { return *instances_[i].core; }
  SyncEngine& sync(int i) { return core(i).sync(); }
  const std::string& name(int i) { return instances_[i].name; }

  template <class F>
  void Do(int i, F step) {
    Effects effects;
    step(core(i), &effects);
    Take(instances_[i], effects);
  }

  ConnectionKey Open(int i, std::string id, std::vector<std::string> groups = {}, bool reliable = false,
                     std::string user = "", std::string hub = "chat") {
    ConnectionSpec spec;
    spec.key = next_key_++;
    spec.hub = std::move(hub);
    spec.id = absl::StrCat(id, ".", instances_[i].tag);
    spec.user_id = std::move(user);
    spec.reliable = reliable;
    spec.groups = std::move(groups);
    EXPECT_TRUE(spec.permissions.AddRole("webpubsub.sendToGroup").ok());
    EXPECT_TRUE(spec.permissions.AddRole("webpubsub.joinLeaveGroup").ok());
    const ConnectionKey key = spec.key;
    Do(i, [&](ReplicaCore& core, Effects* e) { core.Open(std::move(spec), now, e); });
    return key;
  }

  void Send(int i, ConnectionKey key, std::string group, std::string text, std::optional<uint64_t> ack = {},
            bool no_echo = false) {
    ClientFrame frame;
    frame.type = ClientFrame::Type::kSendToGroup;
    frame.group = std::move(group);
    frame.data_type = DataType::kText;
    frame.data = std::move(text);
    frame.ack_id = ack;
    frame.no_echo = no_echo;
    Receive(i, key, std::move(frame));
  }
  void Join(int i, ConnectionKey key, std::string group, std::optional<uint64_t> ack = {},
            ClientFrame::Type type = ClientFrame::Type::kJoinGroup) {
    ClientFrame frame;
    frame.type = type;
    frame.group = std::move(group);
    frame.ack_id = ack;
    Receive(i, key, std::move(frame));
  }
  void Receive(int i, ConnectionKey key, ClientFrame frame) {
    Do(i, [&](ReplicaCore& core, Effects* e) { core.Receive(key, std::move(frame), now, e); });
  }
  absl::Status Publish(int i, Target target, std::string name, std::string text,
                       std::vector<std::string> excluded = {}, uint32_t ttl_ms = 0) {
    Message message;
    message.hub = "chat";
    message.target = target;
    message.target_name = std::move(name);
    message.data = std::move(text);
    message.excluded_connections = std::move(excluded);
    message.ttl_ms = ttl_ms;
    absl::Status status;
    Do(i, [&](ReplicaCore& core, Effects* e) { status = core.Publish(std::move(message), now, e).status(); });
    return status;
  }
  // Returns what it asked; the answer comes into at(i).done.
  uint64_t Ask(int i, Question question) {
    uint64_t id = 0;
    Do(i, [&](ReplicaCore& core, Effects* e) {
      const auto asked = core.Ask(std::move(question), now, e);
      EXPECT_TRUE(asked.ok()) << asked.status();
      id = asked.value_or(0);
    });
    return id;
  }

  // ---- Streams. from -> to: the one that `from` dials ----

  absl::Status Link(int from, int to) {
    const auto welcome = sync(to).OnHello(sync(from).MakeHello(name(to)), now);
    if (!welcome.ok()) return welcome.status();
    if (const absl::Status status = sync(from).OnWelcome(name(to), *welcome, now); !status.ok())
      return status;
    streams_[{from, to}] = {};
    return absl::OkStatus();
  }
  // Both ways between all.
  void LinkAll() {
    for (int i = 0; i < size(); ++i) {
      for (int j = 0; j < size(); ++j) {
        if (i != j) {
          EXPECT_TRUE(Link(i, j).ok());
        }
      }
    }
    Settle();
  }
  // What is in the stream is lost.
  void Cut(int from, int to) {
    if (streams_.erase({from, to}) == 0) return;
    sync(from).OnDialClosed(name(to));
    Do(to, [&](ReplicaCore& core, Effects* e) { core.OnAcceptedClosed(name(from), now, e); });
  }
  // Moves what the engines have into the streams. False when nothing moved.
  bool Fill(int from, int to) {
    Stream& stream = streams_.at({from, to});
    bool moved = false;
    PeerRequest request;
    while (sync(from).NextRequest(name(to), now, &request)) {
      stream.requests.push_back(std::move(request));
      moved = true;
    }
    PeerResponse response;
    while (sync(to).NextResponse(name(from), now, &response)) {
      stream.responses.push_back(std::move(response));
      moved = true;
    }
    return moved;
  }
  bool DeliverRequest(int from, int to) {
    Stream& stream = streams_.at({from, to});
    if (stream.requests.empty()) return false;
    PeerRequest request = std::move(stream.requests.front());
    stream.requests.pop_front();
    absl::Status status;
    Do(to, [&](ReplicaCore& core, Effects* e) {
      status = core.OnRequest(name(from), std::move(request), now, e);
    });
    EXPECT_TRUE(status.ok()) << status;
    return true;
  }
  bool DeliverResponse(int from, int to) {
    Stream& stream = streams_.at({from, to});
    if (stream.responses.empty()) return false;
    PeerResponse response = std::move(stream.responses.front());
    stream.responses.pop_front();
    absl::Status status;
    Do(from, [&](ReplicaCore& core, Effects* e) {
      status = core.OnResponse(name(to), std::move(response), now, e);
    });
    EXPECT_TRUE(status.ok()) << status;
    return true;
  }
  // Loses what is in the stream that way, and the stream notices nothing.
  void DropRequests(int from, int to) { streams_.at({from, to}).requests.clear(); }
  void DropResponses(int from, int to) { streams_.at({from, to}).responses.clear(); }
  // Until nothing moves any more.
  void Settle() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (auto& [pair, stream] : streams_) {
        moved |= Fill(pair.first, pair.second);
        moved |= DeliverRequest(pair.first, pair.second);
        moved |= DeliverResponse(pair.first, pair.second);
      }
    }
  }
  bool Linked(int from, int to) const { return streams_.contains({from, to}); }
  int size() const { return static_cast<int>(instances_.size()); }

  void Advance(int64_t ns) {
    now.steady_ns += ns;
    now.wall_ns += ns;
    for (int i = 0; i < size(); ++i) {
      if (at(i).timer_ns == 0 || at(i).timer_ns > now.steady_ns) continue;
      at(i).timer_ns = 0;
      Do(i, [&](ReplicaCore& core, Effects* e) { core.OnTimer(now, e); });
    }
  }

  Now now{1'000, 1'700'000'000 * kNanosPerSecond};

 private:
  struct Stream {
    std::deque<PeerRequest> requests;
    std::deque<PeerResponse> responses;
  };

  static void Take(Instance& instance, const Effects& effects) {
    for (const auto& effect : effects.list) {
      if (const auto* deliver = std::get_if<Deliver>(&effect)) {
        for (size_t i = deliver->first; i < deliver->first + deliver->count; ++i) {
          const Recipient& to = effects.recipients[i];
          instance.got[to.key].push_back(
              to.sequence_id == 0 ? std::string(deliver->message->data.view())
                                  : absl::StrCat("#", to.sequence_id, " ", deliver->message->data.view()));
        }
      } else if (const auto* reply = std::get_if<Reply>(&effect)) {
        instance.got[reply->key].push_back(Describe(*reply));
      } else if (const auto* close = std::get_if<CloseConnection>(&effect)) {
        instance.got[close->key].push_back(absl::StrCat("close ", close->code));
      } else if (const auto* done = std::get_if<AskDone>(&effect)) {
        instance.done[done->result.id] = done->result;
      } else {
        instance.timer_ns = std::get<SetTimer>(effect).at_steady_ns;
      }
    }
  }
  static std::string Describe(const Reply& reply) {
    switch (reply.kind) {
      case Reply::Kind::kConnected:
        return "connected";
      case Reply::Kind::kPong:
        return "pong";
      case Reply::Kind::kInvokeError:
        return absl::StrCat("invoke ", reply.id, " ", reply.error_name);
      case Reply::Kind::kStreamClosed:
        return absl::StrCat("stream ", reply.id, " ", reply.error_name);
      case Reply::Kind::kAck:
        break;
    }
    return absl::StrCat("ack ", reply.ack_id, reply.error_name.empty() ? "" : " ", reply.error_name);
  }

  static SyncSettings Prompt(SyncSettings settings) {
    settings.ack_delay_ns = 0;
    return settings;
  }

  const SyncSettings settings_;
  std::vector<Instance> instances_;
  std::map<std::pair<int, int>, Stream> streams_;
  ConnectionKey next_key_ = 1;
};

}  // namespace nonet::replica
