#include "controlplane/server/engine.h"

#include <optional>
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
      alive_(std::make_shared<bool>(true)) {}

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
  series_->revision.Set(static_cast<double>(plane_.revision()));
  ArmTimer();
  return absl::OkStatus();
}

absl::Status Engine::Submit(Work work) {
  absl::MutexLock lock(&mu_);
  RETURN_IF_ERROR(closed_);
  if (queue_.size() >= commands_queued_max_) return errors::Overloaded("commands", commands_queued_max_);
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
  loop_.Cancel(std::exchange(timer_, 0));
}

void Engine::Drain() {
  NONET_CHECK(loop_.InTurn());
  std::vector<Work> works;
  {
    absl::MutexLock lock(&mu_);
    works.swap(queue_);
    drain_posted_ = false;
  }
  Effects effects;
  std::vector<Reply> replies;
  std::vector<Reply> answers;
  Turn turn{plane_, now(), effects, replies, answers};
  for (Work& work : works) work(turn);
  plane_.Settle(turn.now, effects);
  std::optional<StoreBatch> batch;
  // After a failed commit nothing is promised any more, not even what was only read.
  if (!effects.empty() && failed_.ok()) batch = plane_.Seal(std::exchange(effects, {}), turn.now);
  if (close_) close_(turn);
  NONET_CHECK(effects.empty() || !failed_.ok());
  const absl::Status committed = batch ? Commit(*batch, works.size()) : failed_;
  if (committed.ok() && publish_ && batch && !batch->log.empty()) publish_(batch->log);
  if (!answers.empty()) teller_.Tell(std::move(answers), committed);
  for (Reply& reply : replies) reply(committed);
  series_->commands.Increment(static_cast<double>(works.size()));
  series_->subscribers.Set(static_cast<double>(plane_.subscribers().connected()));
  series_->refusals.Set(static_cast<double>(plane_.subscribers().refusals()));
  ArmTimer();
}

absl::Status Engine::Commit(const StoreBatch& batch, size_t commands) {
  const int64_t before = loop_.clock().SteadyNs();
  const absl::Status status = store_.Commit(batch);
  if (!status.ok()) {
    Fail(status);
    return status;
  }
  series_->commit_seconds.Increment(static_cast<double>(loop_.clock().SteadyNs() - before) /
                                    static_cast<double>(kNanosPerSecond));
  series_->commits.Increment();
  series_->batch.Set(static_cast<double>(commands));
  series_->revision.Set(static_cast<double>(batch.revision));
  return absl::OkStatus();
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
