// The links of the cluster: one plan for all, in a file for instances that start, told to those that run.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/server/link_plan.h"
#include "tools/supervisor/server/supervisor.h"

namespace nonet::supervisor {

std::string LinksFile(const std::string& dir) { return dir + "/supervisor/links.pb"; }

absl::Status Supervisor::WriteLinks() {
  fault::v1::LinkPlan plan = MakeLinkPlan(fleet_.LinkFaults(), options_.settings.wan == "measured");
  std::string content = plan.SerializeAsString();
  if (links_number_ != 0 && content == links_content_) return absl::OkStatus();
  links_content_ = std::move(content);
  // Above every number of an earlier supervisor.
  links_number_ = std::max<uint64_t>(links_number_ + 1, static_cast<uint64_t>(now().wall_ns));
  plan.set_number(links_number_);
  return WriteFileAtomic(LinksFile(options_.places.dir), plan.SerializeAsString());
}

void Supervisor::RefreshLinks() {
  const absl::Status written = WriteLinks();
  if (!written.ok()) log::Error("cannot write the links", {{"error", written.message()}});
  if (links_ == nullptr) return AnswerLinkWaiters();
  for (const ProcessView& view : fleet_.List(now())) {
    if (view.kind != ProcessKind::kInstance || view.state != ProcessState::kReady) continue;
    Told& told = told_links_[view.key];
    if (told.identity != view.identity) told = {.identity = view.identity};
    if (told.number >= links_number_ || told.calling) continue;
    told.calling = true;
    fault::v1::LinkPlan plan = MakeLinkPlan(fleet_.LinkFaults(), options_.settings.wan == "measured");
    plan.set_number(links_number_);
    links_->Push(view.key, absl::StrCat(view.address, ":", kInstanceGrpcPort), plan,
                 [this, key = view.key, identity = view.identity](absl::StatusOr<uint64_t> number) {
                   OnLinksTold(key, identity, std::move(number));
                 });
  }
  AnswerLinkWaiters();
}

void Supervisor::OnLinksTold(const std::string& key, const Identity& identity,
                             absl::StatusOr<uint64_t> number) {
  const auto it = told_links_.find(key);
  if (it == told_links_.end() || it->second.identity != identity) return;
  it->second.calling = false;
  if (number.ok()) {
    it->second.number = *number;
    if (*number > links_number_) {  // The wall clock went back; numbers must not.
      links_number_ = *number;
      links_content_.clear();
    }
    RefreshLinks();
    return;
  }
  log::Warning("an instance was not told about its links",
               {{"instance", key}, {"error", number.status().message()}});
  loop_.RunAfter(kLinkPushRetryNs, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) RefreshLinks();
  });
}

void Supervisor::SetLinkFault(LinkFaultKind kind, absl::string_view a, absl::string_view b, bool one_way,
                              uint64_t amount, FaultDone done) {
  Effects effects;
  absl::StatusOr<Fault> fault = fleet_.SetLinkFault(kind, a, b, one_way, amount, now(), effects);
  CarryOut(std::move(effects));
  if (!fault.ok()) return done(fault.status());
  WhenLinksTold([fault = *std::move(fault), done = std::move(done)]() mutable { done(std::move(fault)); });
}

void Supervisor::HealLink(absl::string_view a, absl::string_view b,
                          absl::AnyInvocable<void(absl::StatusOr<std::vector<Fault>>)> done) {
  Effects effects;
  absl::StatusOr<std::vector<Fault>> ended = fleet_.HealLink(a, b, effects);
  CarryOut(std::move(effects));
  if (!ended.ok()) return done(ended.status());
  WhenLinksTold([ended = *std::move(ended), done = std::move(done)]() mutable { done(std::move(ended)); });
}

void Supervisor::WhenLinksTold(absl::AnyInvocable<void()> done) {
  if (link_waiters_.size() >= kLinkWaitersMax) return done();
  link_waiters_.push_back({.deadline_ns = now().steady_ns + kLinkPushWaitNs, .done = std::move(done)});
  loop_.RunAfter(kLinkPushWaitNs, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) AnswerLinkWaiters();
  });
  AnswerLinkWaiters();
}

void Supervisor::AnswerLinkWaiters() {
  if (link_waiters_.empty()) return;
  bool told = true;
  for (const ProcessView& view : fleet_.List(now())) {
    if (view.kind != ProcessKind::kInstance || view.state != ProcessState::kReady) continue;
    const auto it = told_links_.find(view.key);
    if (it == told_links_.end() || it->second.identity != view.identity ||
        it->second.number < links_number_) {
      told = false;
    }
  }
  const int64_t steady_ns = now().steady_ns;
  std::vector<absl::AnyInvocable<void()>> due;
  std::erase_if(link_waiters_, [&](LinkWaiter& waiter) {
    const bool over = told || closed_ || links_ == nullptr || steady_ns >= waiter.deadline_ns;
    if (over) due.push_back(std::move(waiter.done));
    return over;
  });
  for (absl::AnyInvocable<void()>& done : due) done();
}

}  // namespace nonet::supervisor
