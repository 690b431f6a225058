#include "controlplane/server/engine.h"

#include <malloc.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/process/log.h"
#include "common/real/entropy.h"
#include "controlplane/core/errors.h"

namespace nonet::controlplane {
namespace {

constexpr int kHostHexesDrawn = 4;  // Two equal ones among 9,000 are a matter of 1 to 100; four never happen.
constexpr size_t kHostHexBytes = 4;
constexpr size_t kKeyBytes = 32;

}  // namespace

struct Engine::Series {
  explicit Series(Metrics& m)
      : revision(m.AddGauge("nonet_controlplane_revision", "The newest committed revision.")),
        commits(m.AddCounter("nonet_controlplane_commits_total", "Synced writes to the store.")),
        commands(m.AddCounter("nonet_controlplane_commands_total", "Calls and reports taken in.")),
        batch(
            m.AddGauge("nonet_controlplane_batch_size", "Calls and reports in the latest turn that wrote.")),
        commit_seconds(
            m.AddCounter("nonet_controlplane_commit_seconds_total", "Time spent in synced writes.")),
        subscribers(m.AddGauge("nonet_controlplane_subscribers", "Connected subscribers.")),
        refusals(m.AddGauge("nonet_controlplane_refusals", "Objects that subscribers refuse at present.")) {}
  Gauge revision;
  Counter commits;
  Counter commands;
  Gauge batch;
  Counter commit_seconds;
  Gauge subscribers;
  Gauge refusals;
};

Engine::Engine(EventLoop& loop, Store& store, Metrics& metrics, Options options,
               std::function<void(absl::Status)> fail)
    : loop_(loop),
      store_(store),
      series_(std::make_unique<Series>(metrics)),
      commands_queued_max_(options.commands_queued_max),
      fail_(std::move(fail)),
      plane_(std::move(options.resources), options.log_events_max),
      alive_(std::make_shared<bool>(true)),
      committer_(store, loop.clock()) {}

Engine::~Engine() {
  *alive_ = false;
  loop_.Cancel(timer_);
}

absl::Status Engine::Start() {
  ASSIGN_OR_RETURN(StoredState state, store_.Load());
  log::Info("state loaded", {{"revision", state.revision},
                             {"objects", state.objects.size()},
                             {"log_entries", state.log.size()},
                             {"request_ids", state.requests.size()}});
  plane_.Restore(std::move(state), now());
  malloc_trim(0);  // What loading needed besides goes back to the machine.
  series_->revision.Set(static_cast<double>(plane_.revision()));
  ArmTimer();
  return absl::OkStatus();
}

absl::Status Engine::Submit(Work work) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(closed_);
  if (queue_.size() + unfinished_ >= commands_queued_max_)
    return errors::Overloaded("commands", commands_queued_max_);
  Enqueue(std::move(work));
  return absl::OkStatus();
}

void Engine::SubmitEnd(Work work) {
  absl::MutexLock lock(&mu_);
  if (closed_.ok()) Enqueue(std::move(work));
}

void Engine::Enqueue(Work work) {
  queue_.push_back(std::move(work));
  if (std::exchange(drain_posted_, true)) return;
  loop_.Post([this, alive = alive_] {
    if (*alive) Drain();
  });
}

void Engine::Stop() {
  {
    absl::MutexLock lock(&mu_);
    closed_.Update(errors::Stopping());
  }
  Drain();
  while (under_way_) Committed(committer_.Wait());
  loop_.Cancel(std::exchange(timer_, 0));
}

Engine::Turn Engine::TurnOf(Batch& batch) {
  return {plane_, now(), batch.effects, batch.replies, batch.closings, batch.alone};
}

void Engine::Apply() {
  if (under_way_ && under_way_->alone) return;
  std::vector<Work> works;
  {
    absl::MutexLock lock(&mu_);
    works.swap(queue_);
    unfinished_ += works.size();
    drain_posted_ = false;
  }
  Turn turn = TurnOf(open_);
  for (Work& work : works) work(turn);
  open_.commands += works.size();
  series_->commands.Increment(static_cast<double>(works.size()));
}

void Engine::Drain() {
  NONET_CHECK(loop_.InLoopThread());
  Apply();
  if (under_way_) return;
  if (std::optional<Batch> ready = Close()) Finish(*std::move(ready), failed_);
}

std::optional<Engine::Batch> Engine::Close() {
  Batch batch = std::exchange(open_, {});
  Turn turn = TurnOf(batch);
  plane_.Settle(turn.now, batch.effects);
  std::optional<StoreBatch> writes;
  // After a failed commit nothing is promised any more, not even what was only read.
  if (!batch.effects.empty() && failed_.ok()) {
    writes = plane_.Seal(std::exchange(batch.effects, {}), turn.now);
    batch.log = writes->log;
    batch.revision = writes->revision;
  }
  for (Closing& closing : batch.closings) turn.Then(closing());
  batch.closings.clear();
  if (close_) close_(turn);
  NONET_CHECK(batch.effects.empty() || !failed_.ok());
  ArmTimer();
  if (!writes) return batch;
  if (std::exchange(single_, batch.commands == 1) && single_) {
    Count(batch, committer_.Write(*writes));
    return batch;
  }
  under_way_ = std::move(batch);
  committer_.Begin(*std::move(writes), [this, alive = alive_] {
    loop_.Post([this, alive] {
      if (!*alive) return;
      if (auto outcome = committer_.Take()) Committed(*std::move(outcome));
    });
  });
  return std::nullopt;
}

void Engine::Committed(Committer::Outcome outcome) {
  Batch done = *std::exchange(under_way_, std::nullopt);
  Count(done, outcome);
  // Answered first, though the disk waits meanwhile: whoever hears of it and asks again at once is in the
  // next batch, and few large batches cost less than many small ones.
  Finish(std::move(done), outcome.status);
  Apply();
  if (std::optional<Batch> ready = Close()) Finish(*std::move(ready), failed_);
}

void Engine::Count(const Batch& batch, const Committer::Outcome& outcome) {
  if (!outcome.status.ok()) return Fail(outcome.status);
  series_->commit_seconds.Increment(static_cast<double>(outcome.took_ns) /
                                    static_cast<double>(kNanosPerSecond));
  series_->commits.Increment();
  series_->batch.Set(static_cast<double>(batch.commands));
  series_->revision.Set(static_cast<double>(batch.revision));
}

void Engine::Finish(Batch batch, const absl::Status& committed) {
  if (committed.ok() && publish_ && !batch.log.empty()) publish_(batch.log);
  for (Reply& reply : batch.replies) reply(committed);
  series_->subscribers.Set(static_cast<double>(plane_.subscribers().connected()));
  series_->refusals.Set(static_cast<double>(plane_.subscribers().refusals()));
  absl::MutexLock lock(&mu_);
  unfinished_ -= batch.commands;
}

void Engine::Fail(const absl::Status& status) {
  log::Error("a commit failed, so the process ends", {{"error", status.message()}});
  failed_ = status;
  {
    absl::MutexLock lock(&mu_);
    closed_ = status;
  }
  fail_(status);
}

void Engine::ArmTimer() {
  loop_.Cancel(std::exchange(timer_, 0));
  if (!failed_.ok()) return;
  if (const auto next = plane_.NextDeadline(now())) timer_ = loop_.RunAt(*next, [this] { Drain(); });
}

Randoms DrawRandoms() {
  Randoms randoms;
  randoms.uid = RandomUuid();
  const std::string drawn = RandomHex(kHostHexesDrawn * kHostHexBytes + 3 * kKeyBytes);
  absl::string_view rest = drawn;
  const auto take = [&](size_t bytes) {
    const absl::string_view hex = rest.substr(0, 2 * bytes);
    rest.remove_prefix(hex.size());
    return hex;
  };
  for (int i = 0; i < kHostHexesDrawn; ++i) randoms.host_hexes.emplace_back(take(kHostHexBytes));
  // 43 characters each. The string itself is the HMAC key; this alphabet survives URLs and shells.
  const auto key = [&] { return absl::WebSafeBase64Escape(absl::HexStringToBytes(take(kKeyBytes))); };
  randoms.primary_key = key();
  randoms.secondary_key = key();
  randoms.salt = key();
  return randoms;
}

}  // namespace nonet::controlplane
