#include "replica/server/link_table.h"

#include <deque>
#include <set>
#include <utility>

namespace nonet::replica {

// One remote, both directions; shared by its streams.
struct LinkTable::Link {
  Link(LinkEnd end, uint64_t seed) : remote(std::move(end)), in(seed), out(seed + 1) {}
  LinkEnd remote;
  LinkModel in, out;
};

struct LinkTable::Impl {
  Impl(EventLoop& l, LinkEnd s, uint64_t seed) : loop(l), self(std::move(s)), random(seed) {}

  std::shared_ptr<Link> Find(LinkEnd remote);
  void Set(Link& link);
  void SetAll();
  std::unique_ptr<LinkStream> Open(std::shared_ptr<Link> link, LinkDirection direction,
                                   std::shared_ptr<Impl> table);

  EventLoop& loop;
  const LinkEnd self;
  Random random;
  LinkPlan plan;
  std::map<std::string, std::string> region_of;
  std::function<void()> on_plan;
  std::map<LinkEnd, std::shared_ptr<Link>> links;
  std::set<LinkStream::Impl*> streams;
  std::deque<std::unique_ptr<http::Line>> orphans;
  LinkCounters counters;
  bool closed = false;
};

struct LinkStream::Impl : std::enable_shared_from_this<LinkStream::Impl> {
  Impl(std::shared_ptr<LinkTable::Impl> t, std::shared_ptr<LinkTable::Link> l, LinkDirection d)
      : table(std::move(t)), link(std::move(l)), direction(d) {
    table->streams.insert(this);
  }
  ~Impl() { table->streams.erase(this); }

  LinkModel& model() { return direction == LinkDirection::kInbound ? link->in : link->out; }
  bool clear() { return queue.empty() && (table->closed || model().quality().clear()); }
  bool full() { return queue.bytes() >= LinkHeldBytesLimit(model().quality()); }

  void Push(size_t bytes, int64_t sent_ns, bool whole, Through through) {
    const LinkFate fate = model().Admit(sent_ns, table->loop.clock().SteadyNs(), bytes, queue.size(), whole);
    LinkCounters& counters = table->counters;
    ++counters.delayed;
    ++counters.waiting;
    counters.waiting_bytes += bytes;
    counters.retransmitted += static_cast<uint64_t>(fate.retransmits);
    if (fate.twice) ++counters.duplicated;
    if (!fate.in_order) ++counters.reordered;
    queue.Push(fate, bytes + kLinkFrameOverheadBytes, Frame{std::move(through), bytes, fate.twice});
    was_full = was_full || full();
    Schedule();
  }

  void Schedule() {
    const int64_t next_ns = queue.NextNs(model().open_ns());
    if (next_ns == scheduled_ns) return;
    table->loop.Cancel(std::exchange(timer, 0));
    scheduled_ns = next_ns;
    if (next_ns == kLinkNever) return;
    timer = table->loop.RunAt(next_ns, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Drain();
    });
  }

  void Drain() {
    const auto keep = shared_from_this();  // What gets through may destroy the stream.
    timer = 0;
    scheduled_ns = kLinkNever;
    const int64_t now_ns = table->loop.clock().SteadyNs();
    while (!dropped) {
      std::optional<Frame> frame = queue.Pop(model().open_ns(), now_ns);
      if (!frame) break;
      --table->counters.waiting;
      table->counters.waiting_bytes -= frame->bytes;
      if (frame->twice) frame->through(true);
      if (!dropped) frame->through(false);
    }
    if (dropped) return;
    Schedule();
    if (was_full && !full()) {
      was_full = false;
      if (on_room) on_room();
    }
    if (orphan && queue.empty()) Forget();
  }

  // It was an orphan, and all is through.
  void Forget() {
    table->loop.Post([weak_table = std::weak_ptr(table), gone = this] {
      const auto t = weak_table.lock();
      if (t == nullptr) return;
      std::erase_if(t->orphans, [gone](const std::unique_ptr<http::Line>& line) {
        return static_cast<const LinkStream&>(*line).impl_.get() == gone;
      });
    });
  }

  void Drop() {
    dropped = true;
    table->loop.Cancel(std::exchange(timer, 0));
    table->counters.waiting -= queue.size();
    table->counters.waiting_bytes -= queue.bytes() - queue.size() * kLinkFrameOverheadBytes;
    queue = {};
  }

  struct Frame {
    Through through;
    size_t bytes;
    bool twice;
  };
  const std::shared_ptr<LinkTable::Impl> table;
  const std::shared_ptr<LinkTable::Link> link;
  const LinkDirection direction;
  LinkQueue<Frame> queue;
  EventLoop::TimerId timer = 0;
  int64_t scheduled_ns = kLinkNever;
  absl::AnyInvocable<void()> on_room;
  bool was_full = false;
  bool orphan = false;
  bool dropped = false;
};

// ---- LinkStream ----

LinkStream::~LinkStream() { impl_->Drop(); }
bool LinkStream::clear() const { return impl_->clear(); }
void LinkStream::Push(size_t bytes, absl::AnyInvocable<void()> through) {
  impl_->Push(bytes, impl_->table->loop.clock().SteadyNs(), /*whole=*/false,
              [through = std::move(through)](bool) mutable { through(); });
}
void LinkStream::Push(size_t bytes, int64_t sent_ns, bool whole, Through through) {
  impl_->Push(bytes, sent_ns, whole, std::move(through));
}
bool LinkStream::full() const { return impl_->full(); }
void LinkStream::OnRoom(absl::AnyInvocable<void()> on_room) { impl_->on_room = std::move(on_room); }

void LinkStream::OutliveOwner(std::unique_ptr<http::Line> self) {
  impl_->on_room = nullptr;
  if (impl_->queue.empty() || impl_->table->closed) return;  // `self` ends here.
  impl_->orphan = true;
  auto& orphans = impl_->table->orphans;
  orphans.push_back(std::move(self));
  if (orphans.size() > kLinkOrphansMax) {
    const auto oldest = std::move(orphans.front());
    orphans.pop_front();
  }
}

// ---- LinkTable ----

std::shared_ptr<LinkTable::Link> LinkTable::Impl::Find(LinkEnd remote) {
  if (const auto it = links.find(remote); it != links.end()) return it->second;
  if (links.size() >= kIdleLinksMax) {
    std::erase_if(links, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto link = std::make_shared<Link>(remote, random.Next());
  Set(*link);
  links.emplace(std::move(remote), link);
  return link;
}

void LinkTable::Impl::Set(Link& link) {
  LinkEnd remote = link.remote;
  if (remote.kind == LinkEnd::Kind::kInstance) {
    if (const auto it = region_of.find(remote.instance); it != region_of.end()) remote.region = it->second;
  }
  const int64_t now_ns = loop.clock().SteadyNs();
  link.in.Set(Resolve(plan, self, remote, LinkDirection::kInbound), now_ns);
  link.out.Set(Resolve(plan, self, remote, LinkDirection::kOutbound), now_ns);
}

void LinkTable::Impl::SetAll() {
  for (const auto& [remote, link] : links) Set(*link);
  const int64_t now_ns = loop.clock().SteadyNs();
  for (LinkStream::Impl* stream : streams) {
    // What an ended fault would have held for long comes as soon as anything else.
    stream->queue.Hasten(stream->model().ThroughNs(now_ns, stream->queue.bytes()));
    stream->Schedule();
  }
}

LinkTable::LinkTable(EventLoop& loop, LinkEnd self, uint64_t seed)
    : impl_(std::make_shared<Impl>(loop, std::move(self), seed)) {}

LinkTable::~LinkTable() {
  impl_->closed = true;
  impl_->on_plan = nullptr;
  impl_->orphans.clear();
  impl_->plan = {};
  impl_->SetAll();
}

bool LinkTable::SetPlan(LinkPlan plan) {
  if (plan.number < impl_->plan.number) return false;
  impl_->plan = std::move(plan);
  impl_->SetAll();
  if (impl_->on_plan) impl_->on_plan();
  return true;
}

const LinkPlan& LinkTable::plan() const { return impl_->plan; }

void LinkTable::SetRegions(std::map<std::string, std::string> region_of) {
  if (region_of == impl_->region_of) return;
  impl_->region_of = std::move(region_of);
  impl_->SetAll();
}

void LinkTable::OnPlan(std::function<void()> on_plan) { impl_->on_plan = std::move(on_plan); }

std::unique_ptr<LinkStream> LinkTable::FromPeer(const std::string& instance) {
  return std::unique_ptr<LinkStream>(new LinkStream(std::make_shared<LinkStream::Impl>(
      impl_, impl_->Find({.kind = LinkEnd::Kind::kInstance, .instance = instance}),
      LinkDirection::kInbound)));
}

http::Lines LinkTable::WithClient(const std::string& address) {
  const auto link = impl_->Find(EndOfClient(address));
  const auto open = [&](LinkDirection direction) {
    return std::unique_ptr<LinkStream>(
        new LinkStream(std::make_shared<LinkStream::Impl>(impl_, link, direction)));
  };
  return {open(LinkDirection::kInbound), open(LinkDirection::kOutbound)};
}

LinkCounters LinkTable::counters() const { return impl_->counters; }

}  // namespace nonet::replica
