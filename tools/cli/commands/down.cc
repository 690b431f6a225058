// down, reset: nothing is left running, whoever started it.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/lifecycle.h"
#include "tools/cli/dir.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/processes.h"

namespace nonet::cli {
namespace {

// The supervisor allows each process 5 s before it kills it, and ends last.
constexpr int64_t kShutdownNs = 15 * kNanosPerSecond;
constexpr int64_t kGraceNs = 5 * kNanosPerSecond;

// What daemons that were killed could not remove themselves.
void RemoveReadyFiles(const std::string& dir) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir + "/run", error)) {
    if (entry.path().extension() == ".json") std::filesystem::remove(entry.path(), error);
  }
}

// What a cluster has in its DIR; nothing else in there is ever deleted.
constexpr absl::string_view kEntries[] = {"ca.pem",     "cluster.json", "controlplane", "dnsresolver",
                                          "env",        "instances",    "logs",         "run",
                                          "supervisor", "tls",          "token"};

// It was settled once, or it holds nothing but what the first moments of `up` leave.
bool IsOurs(const std::string& dir) {
  std::error_code error;
  if (std::filesystem::exists(SettingsFile(dir), error) || std::filesystem::exists(ClusterFile(dir), error)) {
    return true;
  }
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    if (std::find(std::begin(kEntries), std::end(kEntries), name) == std::end(kEntries)) return false;
  }
  return true;
}

// What could not be deleted, or empty.
std::string Wipe(const std::string& dir) {
  std::error_code error;
  for (const absl::string_view entry : kEntries) {
    const std::string path = absl::StrCat(dir, "/", entry);
    std::filesystem::remove_all(path, error);
    if (error) return absl::StrCat(path, ": ", error.message());
  }
  if (std::filesystem::is_empty(dir, error)) std::filesystem::remove(dir, error);
  return "";
}

}  // namespace

absl::StatusOr<int> StopEverything(const std::string& dir) {
  const std::vector<FoundProcess> found = FindProcesses("/proc", dir);
  if (found.empty()) return 0;
  if (const std::optional<Addresses> addresses = FindSupervisor(dir)) {
    // When it fails, the rest of this function is the answer.
    ConnectSupervisor(addresses->supervisor, addresses->token)->Shutdown(Within(kShutdownNs)).IgnoreError();
    AwaitEnd(found, kShutdownNs);
  }
  // The supervisor first: it would start again what ends under it.
  std::vector<FoundProcess> rest = FindProcesses("/proc", dir);
  for (const bool supervisors : {true, false}) {
    std::vector<FoundProcess> these;
    for (const FoundProcess& process : rest) {
      if ((process.program == "nonet-supervisor") == supervisors) these.push_back(process);
    }
    if (!these.empty()) EndProcesses(these, kGraceNs);
  }
  rest = FindProcesses("/proc", dir);
  if (!rest.empty()) {
    std::vector<std::string> pids;
    for (const FoundProcess& process : rest)
      pids.push_back(absl::StrCat(process.program, " (pid ", process.pid, ")"));
    return errors::Local("STILL_RUNNING", absl::StrCat("these did not end: ", absl::StrJoin(pids, ", ")));
  }
  RemoveReadyFiles(dir);
  return static_cast<int>(found.size());
}

absl::StatusOr<int> Run(const Context& context, const DownOptions&) {
  ASSIGN_OR_RETURN(const int ended, StopEverything(context.dir));
  Say(context, ended == 0 ? absl::StrCat("nothing was running in ", context.dir)
                          : absl::StrCat("stopped ", ended, " processes; the state stays in ", context.dir));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const ResetOptions&) {
  std::error_code error;
  if (!std::filesystem::exists(context.dir, error)) {
    Say(context, absl::StrCat("there is nothing in ", context.dir));
    return kExitDone;
  }
  if (!IsOurs(context.dir)) {
    return errors::Local("NOT_A_CLUSTER",
                         absl::StrCat(context.dir, " holds no cluster of Nonet; nothing was deleted"),
                         "--dir with the directory of a cluster");
  }
  RETURN_IF_ERROR(StopEverything(context.dir).status());
  if (const std::string left = Wipe(context.dir); !left.empty()) {
    return errors::Local("CANNOT_DELETE", absl::StrCat("cannot delete ", left));
  }
  Say(context, absl::StrCat("wiped ", context.dir));
  return kExitDone;
}

}  // namespace nonet::cli
