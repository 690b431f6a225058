#include "tests/simulation/mesh.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nonet::sync_sim {
namespace {

using namespace replica;  // NOLINT: the whole file speaks of its values.

constexpr int64_t kWallNs = int64_t{1'700'000'000} * kNanosPerSecond;
// Frames written and not yet read: what lies in the buffers of a stream.
constexpr size_t kStreamFrames = 8;
// As the shell has them: see replica/server/peer_sync.h.
constexpr int64_t kSilenceNs = 4 * kNanosPerSecond;
constexpr int64_t kRedialNs = 200 * kNanosPerMilli;
constexpr int64_t kDialHangsNs = kNanosPerSecond;

uint64_t HashOf(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

}  // namespace

const std::string& Mesh::NameOf(int i) {
  static const auto* names = [] {
    auto* all = new std::vector<std::string>;
    for (int n = 0; n < kInstances; ++n) {
      all->push_back(n == 0 ? "resources/contoso" : absl::StrCat("resources/contoso/replicas/r", n));
    }
    return all;
  }();
  return (*names)[static_cast<size_t>(i)];
}
std::string Mesh::TagOf(int i) { return absl::StrCat("0000000", i); }
std::string Mesh::EpochOf(int i, int life) {
  return absl::StrCat(absl::Hex(i + 1, absl::kZeroPad8), absl::Hex(life, absl::kZeroPad8));
}

Mesh::Mesh(uint64_t seed, SyncSettings settings, OnEffects on_effects)
    : random_(seed), settings_(std::move(settings)), on_effects_(std::move(on_effects)) {
  for (int i = 0; i < kInstances; ++i) {
    nodes_[i].clock_ns = (static_cast<int64_t>(random_.Below(400)) - 200) * kNanosPerMilli;
    for (int j = 0; j < kInstances; ++j) {
      links_[i][j].delay_ns = static_cast<int64_t>(1 + random_.Below(120)) * kNanosPerMilli;
    }
  }
}

void Mesh::StartAll() {
  for (int i = 0; i < kInstances; ++i) Start(i);
}

Now Mesh::NowAt(int i) const { return {now_ns_ + i, kWallNs + now_ns_ + nodes_[i].clock_ns}; }

void Mesh::Do(int i, const std::function<void(ReplicaCore&, Effects*)>& step) {
  Effects effects;
  step(core(i), &effects);
  for (const auto& effect : effects.list) {
    if (const auto* timer = std::get_if<SetTimer>(&effect)) nodes_[i].timer_ns = timer->at_steady_ns;
  }
  on_effects_(i, effects);
}

// ---- Lives ----

void Mesh::Start(int i) {
  Node& node = nodes_[i];
  ++node.life;
  node.core =
      std::make_unique<ReplicaCore>(Identity{"resources/contoso", NameOf(i), epoch(i), TagOf(i)}, settings_);
  node.paused_until_ns = node.slow_until_ns = node.timer_ns = 0;
  node.no_credit = false;
  node.redial_ns.fill(now_ns_ + kStepNs);
  std::vector<PeerConfig> peers;
  for (int j = 0; j < kInstances; ++j) {
    if (j != i) peers.push_back({NameOf(j), TagOf(j)});
  }
  Do(i, [&](ReplicaCore& core, Effects* effects) { (void)core.SetPeers(peers, NowAt(i), effects); });
}

void Mesh::Kill(int i) {
  ++faults_.kills;
  Node& node = nodes_[i];
  for (StreamPtr& stream : node.dial) {
    if (stream == nullptr) continue;
    stream->dialer_open = false;
    Send(*stream, true, Close());
    stream = nullptr;
  }
  for (StreamPtr& stream : node.accept) {
    if (stream == nullptr) continue;
    stream->acceptor_open = false;
    Send(*stream, false, Close());
    stream = nullptr;
  }
  node.core = nullptr;
}

void Mesh::Pause(int i, int64_t until_ns) {
  ++faults_.pauses;
  nodes_[i].paused_until_ns = until_ns;
}

void Mesh::SlowDown(int i, int64_t until_ns, bool no_credit) {
  ++faults_.slowed;
  nodes_[i].slow_until_ns = until_ns;
  nodes_[i].no_credit |= no_credit;
  if (no_credit && alive(i)) core(i).sync().SetIntake(0);
}

void Mesh::Break(int i, int j) {
  const StreamPtr stream = nodes_[i].dial[j];
  if (stream == nullptr) return;
  ++faults_.breaks;
  // What is in it is gone; each end is told in its time.
  stream->there.clear();
  stream->back.clear();
  Put(&stream->there, now_ns_ + static_cast<int64_t>(random_.Below(300)) * kNanosPerMilli, Close());
  Put(&stream->back, now_ns_ + static_cast<int64_t>(random_.Below(300)) * kNanosPerMilli, Close());
}

bool Mesh::Linked(int i, int j) const {
  const StreamPtr& stream = nodes_[i].dial[j];
  return stream != nullptr && stream->dialer_welcomed && stream->acceptor_open &&
         nodes_[j].accept[i] == stream;
}

// ---- Frames ----

void Mesh::Put(std::deque<Frame>* queue, int64_t at_ns, Payload payload) {
  auto it = queue->end();
  while (it != queue->begin() && std::prev(it)->at_ns > at_ns) --it;
  queue->insert(it, Frame{at_ns, std::move(payload)});
}

void Mesh::Send(Stream& stream, bool there, Payload payload) {
  const LinkState& link = there ? links_[stream.from][stream.to] : links_[stream.to][stream.from];
  auto& queue = there ? stream.there : stream.back;
  int64_t& last_ns = there ? stream.last_there_ns : stream.last_back_ns;
  last_ns = std::max(last_ns, now_ns_ + link.delay_ns);
  ++frames_;
  const bool ordinary =
      std::holds_alternative<PeerRequest>(payload) || std::holds_alternative<PeerResponse>(payload);
  int64_t at_ns = last_ns;
  if (ordinary) {
    if (random_.Below(100) < link.lost_percent) {
      ++faults_.frames_lost;
      return;
    }
    if (random_.Below(100) < link.twice_percent) {
      ++faults_.frames_twice;
      Put(&queue, at_ns, payload);
    }
    if (random_.Below(100) < link.late_percent) {
      ++faults_.frames_late;
      at_ns += static_cast<int64_t>(1 + random_.Below(200)) * kNanosPerMilli;
    }
  }
  Put(&queue, at_ns, std::move(payload));
}

void Mesh::DeliverDue(const StreamPtr& stream) {
  const auto run = [&](bool there) {
    const int reader = there ? stream->to : stream->from;
    const LinkState& link = there ? links_[stream->from][stream->to] : links_[stream->to][stream->from];
    auto& queue = there ? stream->there : stream->back;
    int budget = now_ns_ < nodes_[reader].slow_until_ns ? 1 : 64;
    if (budget == 1 && random_.Below(4) != 0) return;
    while (!queue.empty() && queue.front().at_ns <= now_ns_ && budget-- > 0) {
      if (link.cut && alive(reader)) return;
      if (alive(reader) && now_ns_ < nodes_[reader].paused_until_ns) return;
      Payload payload = std::move(queue.front().payload);
      queue.pop_front();
      if (!alive(reader)) continue;
      there ? OnThere(stream, std::move(payload)) : OnBack(stream, std::move(payload));
    }
  };
  run(true);
  run(false);
}

void Mesh::OnHello(const StreamPtr& stream, const Hello& hello) {
  Node& node = nodes_[stream->to];
  auto welcome = node.core->sync().OnHello(hello, NowAt(stream->to));
  if (!welcome.ok()) {
    ++refused_;
    Send(*stream, false, Close());
    return;
  }
  if (StreamPtr old = std::exchange(node.accept[stream->from], stream); old != nullptr) {
    old->acceptor_open = false;
    Send(*old, false, Close());
  }
  stream->acceptor_open = true;
  stream->acceptor_heard_ns = now_ns_;
  Send(*stream, false, *std::move(welcome));
}

void Mesh::OnThere(const StreamPtr& stream, Payload payload) {
  const int i = stream->to;
  if (const auto* hello = std::get_if<Hello>(&payload)) return OnHello(stream, *hello);
  if (!stream->acceptor_open || nodes_[i].accept[stream->from] != stream) return;
  if (std::holds_alternative<Close>(payload)) return CloseAcceptor(*stream, false);
  stream->acceptor_heard_ns = now_ns_;
  absl::Status status;
  Do(i, [&](ReplicaCore& core, Effects* effects) {
    status =
        core.OnRequest(NameOf(stream->from), std::move(std::get<PeerRequest>(payload)), NowAt(i), effects);
  });
  if (!status.ok()) {
    ++refused_;
    Mix(HashOf(std::string(status.message())));
    CloseAcceptor(*stream, true);
  }
}

void Mesh::OnBack(const StreamPtr& stream, Payload payload) {
  const int i = stream->from;
  if (!stream->dialer_open || nodes_[i].dial[stream->to] != stream) return;
  if (std::holds_alternative<Close>(payload)) return CloseDialer(*stream, false);
  stream->dialer_heard_ns = now_ns_;
  absl::Status status;
  if (const auto* welcome = std::get_if<Welcome>(&payload)) {
    status = core(i).sync().OnWelcome(NameOf(stream->to), *welcome, NowAt(i));
    stream->dialer_welcomed = status.ok();
  } else if (stream->dialer_welcomed) {
    Do(i, [&](ReplicaCore& core, Effects* effects) {
      status =
          core.OnResponse(NameOf(stream->to), std::move(std::get<PeerResponse>(payload)), NowAt(i), effects);
    });
  }
  if (!status.ok()) {
    ++refused_;
    Mix(HashOf(std::string(status.message())));
    CloseDialer(*stream, true);
  }
}

void Mesh::CloseDialer(Stream& stream, bool tell) {
  Node& node = nodes_[stream.from];
  stream.dialer_open = false;
  node.dial[stream.to] = nullptr;
  node.redial_ns[stream.to] = now_ns_ + kRedialNs;
  node.core->sync().OnDialClosed(NameOf(stream.to));
  if (tell) Send(stream, true, Close());
}

void Mesh::CloseAcceptor(Stream& stream, bool tell) {
  Node& node = nodes_[stream.to];
  stream.acceptor_open = false;
  node.accept[stream.from] = nullptr;
  Do(stream.to, [&](ReplicaCore& core, Effects* effects) {
    core.OnAcceptedClosed(NameOf(stream.from), NowAt(stream.to), effects);
  });
  if (tell) Send(stream, false, Close());
}

void Mesh::Pump(int i) {
  Node& node = nodes_[i];
  if (!acts(i)) return;
  for (int j = 0; j < kInstances; ++j) {
    if (const StreamPtr stream = node.dial[j]; stream != nullptr && stream->dialer_welcomed) {
      PeerRequest request;
      while (stream->there.size() < kStreamFrames &&
             node.core->sync().NextRequest(NameOf(j), NowAt(i), &request)) {
        Mix(request.batch.first_position + 31 * request.batch.messages.size());
        Send(*stream, true, std::move(request));
      }
    }
    if (const StreamPtr stream = node.accept[j]; stream != nullptr) {
      PeerResponse response;
      while (stream->back.size() < kStreamFrames &&
             node.core->sync().NextResponse(NameOf(j), NowAt(i), &response)) {
        Mix(response.ack ? response.ack->position : 7);
        Send(*stream, false, std::move(response));
      }
    }
  }
}

// ---- Time ----

void Mesh::Redial(int i) {
  Node& node = nodes_[i];
  for (int j = 0; j < kInstances; ++j) {
    if (j == i || forbidden_[i][j]) continue;
    StreamPtr& stream = node.dial[j];
    if (stream != nullptr && !stream->dialer_welcomed && now_ns_ - stream->dialed_ns > kDialHangsNs) {
      CloseDialer(*StreamPtr(stream), true);
    }
    if (stream != nullptr || now_ns_ < node.redial_ns[j] || !alive(j)) continue;
    stream = std::make_shared<Stream>();
    stream->from = i;
    stream->to = j;
    stream->dialed_ns = stream->dialer_heard_ns = now_ns_;
    streams_.push_back(stream);
    Send(*stream, true, node.core->sync().MakeHello(NameOf(j)));
  }
}

void Mesh::CheckSilence(int i) {
  Node& node = nodes_[i];
  if (now_ns_ < node.check_ns) return;
  node.check_ns = now_ns_ + kNanosPerSecond;
  for (int j = 0; j < kInstances; ++j) {
    if (const StreamPtr stream = node.dial[j]; stream != nullptr && stream->dialer_welcomed) {
      if (!node.core->sync().AwaitsMessageAck(NameOf(j))) stream->dialer_heard_ns = now_ns_;
      if (now_ns_ - stream->dialer_heard_ns > kSilenceNs) CloseDialer(*stream, true);
    }
    if (const StreamPtr stream = node.accept[j]; stream != nullptr) {
      if (!node.core->sync().AwaitsInterestAck(NameOf(j))) stream->acceptor_heard_ns = now_ns_;
      if (now_ns_ - stream->acceptor_heard_ns > kSilenceNs) CloseAcceptor(*stream, true);
    }
  }
}

void Mesh::Step() {
  now_ns_ += kStepNs;
  // A copy: what happens may add streams.
  for (size_t s = 0; s < streams_.size(); ++s) DeliverDue(StreamPtr(streams_[s]));
  for (int i = 0; i < kInstances; ++i) {
    if (!acts(i)) continue;
    Node& node = nodes_[i];
    if (node.no_credit && now_ns_ >= node.slow_until_ns) {
      node.no_credit = false;
      node.core->sync().SetIntake(kPeerInFlightBytesMax);
    }
    if (node.timer_ns != 0 && NowAt(i).steady_ns >= node.timer_ns) {
      node.timer_ns = 0;
      Do(i, [&](ReplicaCore& core, Effects* effects) { core.OnTimer(NowAt(i), effects); });
    }
    Redial(i);
    CheckSilence(i);
    Pump(i);
  }
  std::erase_if(streams_, [](const StreamPtr& stream) {
    return !stream->dialer_open && !stream->acceptor_open && stream->there.empty() && stream->back.empty();
  });
}

}  // namespace nonet::sync_sim
