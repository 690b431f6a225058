// Getting the supervisor and the control plane to answer.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/real/real_clock.h"
#include "tools/cli/commands/up.h"
#include "tools/cli/dir.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/launch.h"
#include "tools/cli/machine/ready_file.h"

namespace nonet::cli {
namespace {

constexpr uint32_t kControlPlaneCrashesMax = 3;
constexpr int64_t kTryNs = 250 * kNanosPerMilli;

struct Daemon {
  const char* program;
  const char* said;   // In a sentence.
  const char* ended;  // The reason of an error.
};
constexpr Daemon kSupervisor = {"supervisor", "the supervisor", "SUPERVISOR_ENDED"};
constexpr Daemon kControlPlane = {"controlplane", "the control plane", "CONTROLPLANE_ENDED"};

std::uintmax_t LogSize(const std::string& dir, const Daemon& daemon) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(LogFile(dir, daemon.program), error);
  return error ? 0 : size;
}

// Why a daemon ended, from what it wrote after `from`: its last "error[ID]: sentence / try: next step", or
// its last words.
absl::Status WhyItEnded(const std::string& dir, const Daemon& daemon, std::uintmax_t from) {
  std::ifstream in(LogFile(dir, daemon.program), std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  std::ostringstream text;
  text << in.rdbuf();
  std::string reason = daemon.ended;
  std::string sentence = absl::StrCat(daemon.said, " ended at once and said nothing");
  std::string next_step = WithDir(absl::StrCat("nonet logs ", daemon.program), dir);
  for (const absl::string_view line : absl::StrSplit(text.str(), '\n', absl::SkipWhitespace())) {
    const size_t end = line.find("]: ");
    if (end != line.npos && absl::StartsWith(line, "error[")) {
      reason = std::string(line.substr(6, end - 6));
      const std::pair<absl::string_view, absl::string_view> parts =
          absl::StrSplit(line.substr(end + 3), absl::MaxSplits(" / try: ", 1));
      sentence = absl::StrCat(daemon.said, ": ", parts.first);
      if (!parts.second.empty()) next_step = std::string(parts.second);
    } else if (reason == daemon.ended) {
      sentence = absl::StrCat(daemon.said, " ended at once: ", line);
    }
  }
  return errors::Local(reason, sentence, next_step);
}

template <typename T>
T Value(const Json& json, const char* key, T otherwise) {
  const auto found = json.find(key);
  if (found == json.end()) return otherwise;
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    return otherwise;
  }
}

// Since it was first started in this directory: by itself no sign of trouble.
uint32_t RestartsOfControlPlane(const supervisor::v1::Cluster& view) {
  for (const supervisor::v1::Process& process : view.processes()) {
    if (process.name() == kControlPlane.program) return process.restarts();
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::optional<supervisor::Settings>> ReadSettings(const std::string& dir) {
  const absl::StatusOr<std::string> text = ReadFile(SettingsFile(dir), 1 << 20);
  if (absl::IsNotFound(text.status())) return std::optional<supervisor::Settings>();
  RETURN_IF_ERROR(text.status());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) {
    return errors::Local("UNREADABLE_STATE", absl::StrCat(SettingsFile(dir), " is not a settings file"),
                         WithDir("nonet reset", dir));
  }
  supervisor::Settings settings;
  settings.cluster = Value(json, "cluster", settings.cluster);
  settings.net = Value(json, "net", settings.net);
  settings.zone = Value(json, "zone", settings.zone);
  settings.base_port = Value(json, "basePort", settings.base_port);
  settings.ttl_ns = Value(json, "ttlNs", settings.ttl_ns);
  settings.probe_interval_ns = Value(json, "probeIntervalNs", settings.probe_interval_ns);
  settings.probe_timeout_ns = Value(json, "probeTimeoutNs", settings.probe_timeout_ns);
  settings.tolerated_failures = Value(json, "toleratedFailures", settings.tolerated_failures);
  settings.dns_listen = Value(json, "dnsListen", settings.dns_listen);
  settings.wan = Value(json, "wan", settings.wan);
  settings.open = Value(json, "open", settings.open);
  settings.peer_tls = Value(json, "peerTls", settings.peer_tls);
  settings.resolver_flags = Value(json, "resolverFlags", settings.resolver_flags);
  settings.when_full = Value(json, "whenFull", settings.when_full);
  settings.joins_wait_ns = Value(json, "joinsWaitNs", settings.joins_wait_ns);
  return std::optional<supervisor::Settings>(settings);
}

std::vector<std::string> SupervisorArguments(const std::string& dir, const supervisor::GivenSettings& given) {
  std::vector<std::string> arguments = {absl::StrCat("--dir=", dir),
                                        absl::StrCat("--ready_file=", ReadyFile(dir, "supervisor"))};
  const auto add = [&arguments](const char* flag, const auto& value) {
    if (value) arguments.push_back(absl::StrCat("--", flag, "=", *value));
  };
  const auto add_duration = [&arguments](const char* flag, const std::optional<int64_t>& ns) {
    if (ns) arguments.push_back(absl::StrCat("--", flag, "=", supervisor::DurationText(*ns)));
  };
  add("cluster", given.cluster);
  add("net", given.net);
  add("zone", given.zone);
  add("base_port", given.base_port);
  add("tolerated_failures", given.tolerated_failures);
  add("wan", given.wan);
  add_duration("ttl", given.ttl_ns);
  add_duration("probe_interval", given.probe_interval_ns);
  add_duration("probe_timeout", given.probe_timeout_ns);
  if (given.dns_listen)
    arguments.push_back(absl::StrCat("--dns_listen=", absl::StrJoin(*given.dns_listen, ",")));
  add("when_full", given.when_full);
  add_duration("joins_wait", given.joins_wait_ns);
  if (given.open) arguments.push_back(*given.open ? "--open=true" : "--open=false");
  if (given.peer_tls) arguments.push_back(*given.peer_tls ? "--peer_tls=true" : "--peer_tls=false");
  if (given.resolver_flags) {
    arguments.push_back(absl::StrCat("--resolver_flags=", absl::StrJoin(*given.resolver_flags, "\n")));
  }
  return arguments;
}

absl::StatusOr<Addresses> StartSupervisor(const std::string& dir, const supervisor::GivenSettings& given,
                                          int64_t timeout_ns) {
  for (const char* part : {"", "/logs", "/run"}) RETURN_IF_ERROR(MakeDirectories(absl::StrCat(dir, part)));
  const std::string ready_file = ReadyFile(dir, "supervisor");
  RETURN_IF_ERROR(RemoveFile(ready_file));
  const std::uintmax_t logged = LogSize(dir, kSupervisor);
  ASSIGN_OR_RETURN(const int pid,
                   LaunchDetached(SiblingProgram("nonet-supervisor"), SupervisorArguments(dir, given),
                                  LogFile(dir, kSupervisor.program)));
  switch (AwaitReadyFile(ready_file, pid, timeout_ns)) {
    case ReadyResult::kExited:
      return WhyItEnded(dir, kSupervisor, logged);
    case ReadyResult::kTimedOut:
      return errors::TimedOut("the supervisor is not ready in time", WithDir("nonet logs supervisor", dir));
    case ReadyResult::kReady:
      break;
  }
  const std::optional<ReadyFileContent> content = ReadReadyFile(ready_file);
  if (!content || !content->addresses.contains("grpc")) {
    return errors::Local("SUPERVISOR_ENDED", "the supervisor's ready file names no gRPC address",
                         WithDir("nonet logs supervisor", dir));
  }
  Addresses addresses;
  addresses.supervisor_pid = pid;
  addresses.supervisor = content->addresses.at("grpc");
  addresses.token = ReadToken(dir);
  return addresses;
}

absl::StatusOr<Cluster> AwaitControlPlane(const std::string& dir, Addresses addresses, int64_t timeout_ns) {
  const int64_t deadline = RealClock().SteadyNs() + timeout_ns;
  ASSIGN_OR_RETURN(const supervisor::v1::Cluster view,
                   ConnectSupervisor(addresses.supervisor)->GetCluster(Within(timeout_ns)));
  addresses.control = view.addresses().controlplane_grpc();
  addresses.steering = view.addresses().dns_grpc();
  addresses.dns = view.addresses().dns();
  const std::uintmax_t logged = LogSize(dir, kControlPlane);
  const uint32_t restarts_before = RestartsOfControlPlane(view);
  Cluster cluster = ConnectTo(addresses);
  while (true) {
    const auto list = cluster.control->List(resource::v1::ListResourcesRequest(),
                                            {.timeout_ns = 4 * kTryNs, .retry_ns = kTryNs});
    if (list.ok()) return cluster;
    if (RealClock().SteadyNs() >= deadline) {
      return errors::TimedOut(absl::StrCat("the control plane is not ready: ", list.status().message()),
                              "nonet logs");
    }
    const auto now = cluster.supervisor->GetCluster(kGlance);
    if (!now.ok()) continue;
    if (RestartsOfControlPlane(*now) >= restarts_before + kControlPlaneCrashesMax) {
      return WhyItEnded(dir, kControlPlane, logged);
    }
  }
}

}  // namespace nonet::cli
