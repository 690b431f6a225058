// What the single effects of the fleet do: processes begin with their certificates, get signals, lose their
// state; records go to the log and to whoever watches.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "tools/supervisor/core/names.h"
#include "tools/supervisor/server/state_file.h"
#include "tools/supervisor/server/supervisor.h"

namespace nonet::supervisor {

void Supervisor::DoLaunch(const Launch& launch, Effects& effects) {
  const std::string stem = FileStem(launch.kind, launch.instance);
  keys_by_stem_[stem] = launch.key;
  // An old ready file would be taken for the new process's should the pid come back.
  if (const absl::Status removed = RemoveFile(ready_files_->PathOf(stem)); !removed.ok()) {
    log::Warning("cannot remove a ready file", {{"error", removed.message()}});
  }
  const auto identity = std::make_shared<Identity>();  // Shared with the callback, which runs later.
  const auto start = [&]() -> absl::StatusOr<Identity> {
    RETURN_IF_ERROR(EnsureCertificate(launch));
    return launcher_.Launch(
        CommandFor(launch, options_.settings, options_.places),
        [this, key = launch.key, identity](const std::string& how) { OnExit(key, *identity, how); });
  };
  const absl::StatusOr<Identity> launched = start();
  if (launched.ok()) {
    *identity = *launched;
  } else {
    log::Error("cannot start a process", {{"process", launch.key}, {"error", launched.status().message()}});
  }
  fleet_.OnLaunched(launch.key, launched, now(), effects);
}

absl::Status Supervisor::EnsureCertificate(const Launch& launch) {
  const int64_t wall_ns = now().wall_ns;
  switch (launch.kind) {
    case ProcessKind::kControlplane:
      return certificates_->ForControlplane(wall_ns).status();
    case ProcessKind::kInstance:
      return certificates_
          ->ForInstance(launch.instance, HostNamesOf(launch.instance), launch.address, wall_ns)
          .status();
    case ProcessKind::kDnsresolver:
      break;
  }
  return absl::OkStatus();
}

// What the control plane says. Before it has said anything, in a later life of this process, the certificate
// of before has the instance's own name.
std::vector<std::string> Supervisor::HostNamesOf(const InstanceSpec& instance) const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& object) {
    const auto it = objects_.find(object);
    if (it == objects_.end()) return;
    if (it->second.has_replica()) names.push_back(it->second.replica().instance().host_name());
    if (!it->second.has_resource()) return;
    if (object == instance.object) names.push_back(it->second.resource().instance().host_name());
    names.push_back(it->second.resource().host_name());
  };
  add(instance.object);
  if (!instance.replica_id.empty()) add(ResourceName(instance.resource_id));
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  return names;
}

void Supervisor::DoSignal(const SendSignal& send) {
  const absl::Status status = launcher_.Send(send.identity, send.signal);
  // Its end is on the way as an event of its own.
  if (!status.ok()) log::Info("a process ended before its signal", {{"process", send.key}});
}

void Supervisor::DoRemoveState(const InstanceSpec& instance) {
  const std::string stem = FileStem(ProcessKind::kInstance, instance);
  keys_by_stem_.erase(stem);
  told_links_.erase(instance.object);
  const absl::Status removed = RemoveFile(ready_files_->PathOf(stem));
  if (!removed.ok()) log::Warning("cannot remove a ready file", {{"error", removed.message()}});
  certificates_->Forget(instance);
  const std::filesystem::path directory =
      std::filesystem::path(options_.places.dir) / StateDirectory(instance);
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (error) {
    log::Warning("cannot remove an instance's state",
                 {{"directory", directory.string()}, {"error", error.message()}});
  }
  std::filesystem::remove(directory.parent_path(), error);  // Only if it was the resource's last one.
}

void Supervisor::DoRecord(const Record& record) {
  log::Info("event", {{"name", record.name}, {"what", record.what}, {"detail", record.detail}});
  metrics_.AddCounter("nonet_supervisor_events_total", "Process and fault events.", {{"what", record.what}})
      .Increment();
  v1::ProcessEvent event;
  const int64_t wall_ns = now().wall_ns;
  event.mutable_time()->set_seconds(wall_ns / kNanosPerSecond);
  event.mutable_time()->set_nanos(static_cast<int32_t>(wall_ns % kNanosPerSecond));
  event.set_name(record.name);
  event.set_what(record.what);
  event.set_detail(record.detail);
  events_.Publish(std::move(event));
}

void Supervisor::Save() {
  const absl::Status status = WriteFileAtomic(StateFile(), EncodeState(fleet_.state(now())));
  // The processes matter more than the file: it is written again at the next change.
  if (!status.ok()) log::Error("cannot write the state", {{"error", status.message()}});
}

}  // namespace nonet::supervisor
