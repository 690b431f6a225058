// The emulated links of one instance: to its peers and to its clients. Holds the plan in force, and what is
// on its way. Loop thread only.
//
//   LinkTable links(loop, {.instance = "resources/contoso", .region = "eastus"}, RandomSeed());
//   links.SetPlan(plan);
//   auto stream = links.FromPeer("resources/contoso/replicas/westus");
//   if (!stream->clear()) stream->Push(bytes, sent_ns, /*whole=*/true, [..](bool again) { Handle(..); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "common/http/line.h"
#include "common/loop/event_loop.h"
#include "replica/core/link_plan.h"

namespace nonet::replica {

// Connections that ended while their last bytes (or their end) were on the way; the oldest goes first.
inline constexpr size_t kLinkOrphansMax = 1'000;
// Remotes whose links are remembered although no stream uses them.
inline constexpr size_t kIdleLinksMax = 1'000;

// What a frame on its way costs beside its own bytes.
inline constexpr size_t kLinkFrameOverheadBytes = 256;

struct LinkCounters {
  uint64_t delayed = 0;
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  uint64_t retransmitted = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
};

// One direction of one stream.
class LinkStream final : public http::Line {
 public:
  // `again`: the same comes once more after this.
  using Through = absl::AnyInvocable<void(bool again)>;

  ~LinkStream() override;
  bool clear() const override;
  // Sent now; a piece of a byte stream.
  void Push(size_t bytes, absl::AnyInvocable<void()> through) override;
  // Sent at that steady time of this machine. `whole`: a message that may come twice or out of order.
  void Push(size_t bytes, int64_t sent_ns, bool whole, Through through);
  bool full() const override;
  void OnRoom(absl::AnyInvocable<void()> on_room) override;
  void OutliveOwner(std::unique_ptr<http::Line> self) override;

 private:
  friend class LinkTable;
  struct Impl;
  explicit LinkStream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<Impl> impl_;  // Shared with its timer and with the table.
};

class LinkTable {
 public:
  LinkTable(EventLoop& loop, LinkEnd self, uint64_t seed);
  ~LinkTable();  // Streams may outlive it; they are cables then.

  // False, and nothing changes, when its number is lower than that of the plan in force.
  bool SetPlan(LinkPlan plan);
  const LinkPlan& plan() const;
  // Where the other instances are, by object name.
  void SetRegions(std::map<std::string, std::string> region_of);
  // After every new plan.
  void OnPlan(std::function<void()> on_plan);

  std::unique_ptr<LinkStream> FromPeer(const std::string& instance);
  http::Lines WithClient(const std::string& address);

  LinkCounters counters() const;

 private:
  friend class LinkStream;
  struct Link;
  struct Impl;
  const std::shared_ptr<Impl> impl_;  // Shared with the streams.
};

}  // namespace nonet::replica
