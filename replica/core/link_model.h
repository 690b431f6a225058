// One direction of an emulated link: when does a frame that was sent then get through? Time, size and draws
// go in, the time of release comes out. Applied by the receiver to the time of sending, so a delay costs no
// throughput: frames are on the way side by side. Pure; one owner.
//
//   LinkModel link(seed);
//   link.Set(quality, now_ns);
//   queue.Push(link.Admit(sent_ns, now_ns, bytes, queue.size(), /*whole=*/true), bytes, std::move(frame));
//   while (auto frame = queue.Pop(link.open_ns(), now_ns)) Deliver(*frame);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "common/base/random.h"
#include "common/clock/clock.h"

namespace nonet::replica {

inline constexpr int64_t kLinkNever = INT64_MAX;
inline constexpr uint32_t kPartsPerMillion = 1'000'000;

// Jitter holds for so long, then another value is drawn: within a window a stream is not stretched by its own
// slowest frame.
inline constexpr int64_t kJitterWindowNs = kNanosPerSecond;
// What one packet carries (Ethernet's 1,500 bytes without the headers of IPv4 and TCP).
inline constexpr size_t kPacketBytes = 1460;
// Linux never waits less for an acknowledgement than the round trip and this (TCP_RTO_MIN).
inline constexpr int64_t kRetransmitNsMin = 200 * kNanosPerMilli;
// A packet is sent again at most so often; then the stream goes on.
inline constexpr int kRetransmitsMax = 8;
// Three packets behind a lost one tell the sender (RFC 5681 section 3.2); fewer, and it has to wait.
inline constexpr size_t kPacketsThatTell = 3;
// A frame out of order comes so much after its time.
inline constexpr int64_t kReorderNs = 5 * kNanosPerMilli;
// A frame is taken to be sent at most so long before it came: whatever else its stamp says is wrong.
inline constexpr int64_t kSentBeforeNsMax = 10 * kNanosPerSecond;
// What one direction of one stream may hold. With a bandwidth cap: what the cap passes in twice the delay,
// between these two. Above it the receiver stops reading.
inline constexpr size_t kLinkHeldBytesMin = 256 * 1024;
inline constexpr size_t kLinkHeldBytesMax = 64 * 1024 * 1024;

struct LinkQuality {
  bool cut = false;
  int64_t rtt_ns = 0;             // Median round trip; half of it is this direction's.
  int64_t rtt_p95_ns = 0;         // 95th percentile; at most the median: no jitter.
  int64_t added_rtt_ns = 0;       // On top, without jitter.
  uint32_t loss_ppm = 0;          // A packet.
  uint32_t duplicate_ppm = 0;     // A whole frame.
  uint32_t reorder_ppm = 0;       // A whole frame.
  uint64_t bytes_per_second = 0;  // 0: no cap.
  uint64_t jitter_seed = 0;       // The same for both directions of a link.

  // Whatever comes goes straight through.
  bool clear() const {
    return !cut && rtt_ns == 0 && added_rtt_ns == 0 && loss_ppm == 0 && duplicate_ppm == 0 &&
           reorder_ppm == 0 && bytes_per_second == 0;
  }
  bool operator==(const LinkQuality&) const = default;
};

// The round trip at that moment: log-normal around the median, with the 95th percentile as given.
int64_t RoundTripAt(const LinkQuality& quality, int64_t now_ns);
size_t LinkHeldBytesLimit(const LinkQuality& quality);

struct LinkFate {
  int64_t release_ns = 0;
  bool in_order = true;  // False: later frames may overtake it.
  bool twice = false;
  int retransmits = 0;
};

class LinkModel {
 public:
  explicit LinkModel(uint64_t seed) : random_(seed) {}

  void Set(const LinkQuality& quality, int64_t now_ns);
  const LinkQuality& quality() const { return quality_; }

  // `whole`: one message of a peer, which may come twice or out of order; else a piece of a byte stream.
  // `behind`: frames of its stream that wait already. Release times are not ordered: the queue sees to that.
  LinkFate Admit(int64_t sent_ns, int64_t now_ns, size_t bytes, size_t behind, bool whole);
  // When the last of so many waiting bytes is through, if all of it were sent now.
  int64_t ThroughNs(int64_t now_ns, size_t bytes) const;
  // Nothing gets through before; kLinkNever while it is cut.
  int64_t open_ns() const { return quality_.cut ? kLinkNever : open_ns_; }

 private:
  bool Draw(uint32_t ppm) { return ppm != 0 && random_.Below(kPartsPerMillion) < ppm; }
  int64_t RetransmissionNs(size_t bytes, size_t behind, int64_t rtt_ns, int* retransmits);

  LinkQuality quality_;
  Random random_;
  int64_t open_ns_ = 0;
  int64_t busy_until_ns_ = 0;  // The narrowest point passes what was sent before until then.
};

// What waits of one stream, in the order of release. Order of pushing is kept, but for fates that say
// otherwise. One owner.
template <typename Frame>
class LinkQueue {
 public:
  void Push(const LinkFate& fate, size_t bytes, Frame frame) {
    int64_t release_ns = fate.release_ns;
    if (fate.in_order) release_ns = floor_ns_ = std::max(floor_ns_, release_ns);
    bytes_ += bytes;
    frames_.emplace(std::pair(release_ns, ++pushed_), Held{bytes, std::move(frame)});
  }
  // The next frame that is due; nullopt: none is. `open_ns` is the link's.
  std::optional<Frame> Pop(int64_t open_ns, int64_t now_ns) {
    if (NextNs(open_ns) > now_ns) return std::nullopt;
    auto node = frames_.extract(frames_.begin());
    bytes_ -= node.mapped().bytes;
    return std::move(node.mapped().frame);
  }
  // Nothing waits longer than until then: for a link that has become faster.
  void Hasten(int64_t latest_ns) {
    floor_ns_ = std::min(floor_ns_, latest_ns);
    if (frames_.empty() || std::prev(frames_.end())->first.first <= latest_ns) return;
    auto frames = std::exchange(frames_, {});
    while (!frames.empty()) {
      auto node = frames.extract(frames.begin());
      node.key().first = std::min(node.key().first, latest_ns);
      frames_.insert(std::move(node));
    }
  }
  // When Pop has something; kLinkNever: nothing waits, or the link is cut.
  int64_t NextNs(int64_t open_ns) const {
    return frames_.empty() ? kLinkNever : std::max(open_ns, frames_.begin()->first.first);
  }
  bool empty() const { return frames_.empty(); }
  size_t size() const { return frames_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Held {
    size_t bytes;
    Frame frame;
  };
  std::map<std::pair<int64_t, uint64_t>, Held> frames_;
  int64_t floor_ns_ = 0;
  uint64_t pushed_ = 0;
  size_t bytes_ = 0;
};

}  // namespace nonet::replica
