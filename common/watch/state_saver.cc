#include "common/watch/state_saver.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/process/files.h"
#include "common/process/log.h"

namespace nonet {

struct StateSaver::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, std::string p, Encode e) : loop(l), path(std::move(p)), encode(std::move(e)) {}

  void Changed() {
    dirty = true;
    if (in_flight || timer != 0) return;
    const int64_t now = loop.clock().SteadyNs();
    if (now >= next_ns) {
      Save();
    } else {
      timer = loop.RunAt(next_ns, [this] {
        timer = 0;
        if (dirty) Save();
      });
    }
  }

  void Save() {
    std::optional<std::string> content = Take();
    if (!content) return;
    in_flight = true;
    ++writes;
    if (!writer.joinable()) writer = std::thread([this] { WriteAll(); });
    absl::MutexLock lock(&mu);
    waiting = std::move(content);
  }

  std::optional<std::string> Take() {
    const int64_t before = loop.clock().SteadyNs();
    std::optional<std::string> content = encode();
    if (!content) return std::nullopt;  // Still dirty.
    dirty = false;
    const int64_t took = loop.clock().SteadyNs() - before;
    const bool quiet = writes == 0 || before - taken_ns > kSaveQuietNs;
    interval_ns = quiet ? kSaveFirstNs : std::min(2 * interval_ns, kSaveEveryNs);
    taken_ns = before;
    next_ns = before + std::max(interval_ns, kSaveEncodeShare * took);
    return content;
  }

  // The writer's thread.
  void WriteAll() {
    while (true) {
      std::string content;
      {
        absl::MutexLock lock(&mu);
        mu.Await(absl::Condition(
            +[](Impl* self)
                 ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mu) { return self->closing || self->waiting; },
            this));
        if (!waiting) return;
        content = *std::exchange(waiting, std::nullopt);
      }
      const bool written = Write(content);
      loop.Post([weak = weak_from_this(), written] {
        if (const auto self = weak.lock()) self->Written(written);
      });
    }
  }

  void Written(bool ok) {
    in_flight = false;
    if (!ok) {
      dirty = true;
      next_ns = loop.clock().SteadyNs() + kSaveRetryNs;
    }
    if (dirty) Changed();
  }

  bool Write(const std::string& content) {
    const absl::Status status = WriteFileAtomic(path, content);
    if (status.ok()) return true;
    log::Error("cannot keep the last good configuration on disk",
               {{"file", path}, {"error", status.message()}});
    return false;
  }

  void Close() {
    loop.Cancel(timer);
    if (writer.joinable()) {
      {
        absl::MutexLock lock(&mu);
        closing = true;  // What waits is still written.
      }
      writer.join();
    }
    if (!dirty) return;
    if (const std::optional<std::string> content = Take()) Write(*content);
  }

  EventLoop& loop;
  const std::string path;
  const Encode encode;
  bool dirty = false;
  bool in_flight = false;  // From handing a content to the writer until the loop hears that it is written.
  int64_t next_ns = 0;     // Steady; no write starts before.
  int64_t taken_ns = 0;    // When the last write's content was taken.
  int64_t interval_ns = kSaveFirstNs;
  uint64_t writes = 0;
  EventLoop::TimerId timer = 0;
  std::thread writer;  // Started at the first write.

  absl::Mutex mu;
  std::optional<std::string> waiting ABSL_GUARDED_BY(mu);  // At most one: in_flight bounds it.
  bool closing ABSL_GUARDED_BY(mu) = false;
};

StateSaver::StateSaver(EventLoop& loop, std::string path, Encode encode)
    : impl_(std::make_shared<Impl>(loop, std::move(path), std::move(encode))) {}

StateSaver::~StateSaver() { impl_->Close(); }

void StateSaver::Changed() { impl_->Changed(); }

uint64_t StateSaver::writes_started() const { return impl_->writes; }
uint64_t StateSaver::writes_ended() const { return impl_->writes - (impl_->in_flight ? 1 : 0); }

}  // namespace nonet
