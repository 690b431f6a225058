// From raw words to checked options. Every refusal says what was wrong and what is right. What a server rules
// about objects (regions, SKUs, ids of resources and replicas) stays the server's to refuse.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/dir.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using Words = std::optional<std::string>;

std::string Or(const Words& words, absl::string_view otherwise = {}) {
  return words.value_or(std::string(otherwise));
}

absl::Status CheckRegion(absl::string_view region) {
  return FindRegion(region) == nullptr ? errors::UnknownRegion(region) : absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> MaybeDuration(absl::string_view option, const Words& words) {
  if (!words) return std::optional<int64_t>();
  ASSIGN_OR_RETURN(const int64_t ns, DurationWord(option, words, 0));
  return std::optional<int64_t>(ns);
}

absl::Status CheckReplicas(const Raw& raw, UpOptions& up) {
  for (const std::string& words : raw.replicas) {
    for (const absl::string_view region : absl::StrSplit(words, ',', absl::SkipEmpty())) {
      RETURN_IF_ERROR(CheckRegion(region));
      if (std::find(up.replicas.begin(), up.replicas.end(), region) != up.replicas.end()) {
        return errors::Usage(absl::StrCat("--replica ", region, " is given twice"), "one replica a region");
      }
      if (region == up.primary) {
        return errors::Usage(absl::StrCat("a replica cannot be in the primary's region ", region),
                             "--replica with another region");
      }
      up.replicas.emplace_back(region);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<UpOptions> CheckUp(const Raw& raw) {
  UpOptions up;
  up.group = raw.group;
  up.primary = raw.primary;
  up.detach = raw.detach;
  if (up.primary) RETURN_IF_ERROR(CheckRegion(*up.primary));
  RETURN_IF_ERROR(CheckReplicas(raw, up));
  if (raw.name && !IsValidId(*raw.name)) {
    return BadWord("--name", *raw.name,
                   "NAME: 3 to 63 letters, digits and dashes, a letter first, no dash last");
  }
  up.given.cluster = raw.name;
  up.given.zone = raw.zone;
  up.given.net = raw.net;
  up.given.wan = raw.wan;
  if (raw.dns_listen) {
    up.given.dns_listen = std::vector<std::string>(absl::StrSplit(*raw.dns_listen, ',', absl::SkipEmpty()));
  }
  ASSIGN_OR_RETURN(up.given.ttl_ns, MaybeDuration("--ttl", raw.ttl));
  ASSIGN_OR_RETURN(up.given.probe_interval_ns, MaybeDuration("--probe-interval", raw.probe_interval));
  ASSIGN_OR_RETURN(up.given.probe_timeout_ns, MaybeDuration("--probe-timeout", raw.probe_timeout));
  if (raw.tolerated_failures) {
    ASSIGN_OR_RETURN(const int64_t failures,
                     NumberWord("--tolerated-failures", *raw.tolerated_failures, 0, 1'000));
    up.given.tolerated_failures = static_cast<int>(failures);
  }
  up.given.open = raw.open;
  up.given.peer_tls = raw.peer_tls;
  up.given.when_full = raw.when_full;
  if (raw.joins_wait == "0" || raw.joins_wait == "0s") {
    up.given.joins_wait_ns = 0;
  } else {
    ASSIGN_OR_RETURN(up.given.joins_wait_ns, MaybeDuration("--joins-wait", raw.joins_wait));
  }
  if (raw.resolver_flags) {
    up.given.resolver_flags.emplace();
    for (absl::string_view flag : *raw.resolver_flags) {
      absl::ConsumePrefix(&flag, "--");
      if (!flag.empty()) up.given.resolver_flags->emplace_back(flag);
    }
  }
  if (raw.base_port) {
    ASSIGN_OR_RETURN(const int64_t port, NumberWord("--base-port", *raw.base_port, 1, 65'535));
    up.given.base_port = static_cast<int>(port);
  }
  ASSIGN_OR_RETURN(up.timeout_ns, DurationWord("--timeout", raw.timeout, kTimeoutDefaultNs));
  // What the settings themselves rule, said before anything is started.
  const absl::StatusOr<supervisor::Settings> settings =
      supervisor::DecideSettings(std::nullopt, up.given, "");
  if (!settings.ok()) return errors::AsUsage(settings.status());
  return up;
}

absl::StatusOr<EnvOptions> CheckEnv(const Raw& raw) {
  if (raw.from) RETURN_IF_ERROR(CheckRegion(*raw.from));
  return EnvOptions{.from = Or(raw.from), .name = Or(raw.name), .group = Or(raw.group)};
}

absl::StatusOr<LogsOptions> CheckLogs(const Raw& raw) {
  LogsOptions logs;
  ASSIGN_OR_RETURN(logs.process, OneWord(raw));
  logs.follow = raw.follow;
  if (raw.tail) {
    ASSIGN_OR_RETURN(logs.lines, NumberWord("--tail", *raw.tail, 0, 1'000'000));
  }
  return logs;
}

absl::StatusOr<WaitOptions> CheckWait(const Raw& raw) {
  if (!raw.condition) return MissingWord(raw, "--for", "--for=ready");
  WaitOptions wait;
  ASSIGN_OR_RETURN(wait.condition, ParseCondition(*raw.condition));
  ASSIGN_OR_RETURN(wait.timeout_ns, DurationWord("--timeout", raw.timeout, kTimeoutDefaultNs));
  wait.name = Or(raw.name);
  return wait;
}

absl::StatusOr<std::pair<std::string, std::string>> KeyValue(absl::string_view option,
                                                             absl::string_view words) {
  const size_t equals = words.find('=');
  if (equals == words.npos || equals == 0) return BadWord(option, words, "NAME=VALUE");
  return std::make_pair(std::string(words.substr(0, equals)), std::string(words.substr(equals + 1)));
}

absl::Status CheckFields(const Raw& raw, ObjectOptions& object) {
  object.sku = Or(raw.sku);
  if (raw.unit_count) {
    ASSIGN_OR_RETURN(const int64_t units, NumberWord("--unit-count", *raw.unit_count, 1, 1000));
    object.unit_count = static_cast<uint32_t>(units);
  }
  if (raw.region_endpoint_enabled) {
    ASSIGN_OR_RETURN(object.region_endpoint_enabled,
                     BooleanWord("--region-endpoint-enabled", *raw.region_endpoint_enabled));
  }
  if (raw.tags) {
    object.tags.emplace();
    for (const std::string& words : *raw.tags) {
      if (words.empty() || words == "{}") continue;
      ASSIGN_OR_RETURN(auto tag, KeyValue("--tags", words));
      object.tags->insert_or_assign(std::move(tag.first), std::move(tag.second));
    }
  }
  for (const std::string& words : raw.set) {
    ASSIGN_OR_RETURN(auto field, KeyValue("--set", words));
    object.set.push_back(std::move(field));
  }
  return absl::OkStatus();
}

// Where a new replica goes, and how it is called.
absl::Status CheckNewReplica(const Raw& raw, ObjectOptions& object) {
  object.regions = raw.positional;
  if (raw.location) object.regions.push_back(*raw.location);
  if (raw.location && !raw.positional.empty()) {
    return errors::Usage("the region is given twice, as an argument and by --location", "one of them");
  }
  if (object.regions.empty()) return MissingWord(raw, "a region", "westus");
  if (object.regions.size() > 1 && raw.replica_name) {
    return errors::Usage("--replica-name names one replica, but several regions are given",
                         "leave it out: the region's name is the default");
  }
  return absl::OkStatus();
}

absl::Status CheckSubject(const Raw& raw, ObjectOptions& object) {
  const bool create = object.verb == ObjectVerb::kCreate;
  if (object.verb == ObjectVerb::kList) return absl::OkStatus();
  if (!object.replica) {
    RETURN_IF_ERROR(ReadPositionalName(raw, "--name", object.name));
    if (!create) return absl::OkStatus();
    if (object.name.empty()) return MissingWord(raw, "--name", "--name contoso --location eastus");
    if (!raw.location) return MissingWord(raw, "--location", "--name contoso --location eastus");
    object.location = *raw.location;
    return absl::OkStatus();
  }
  if (create) return CheckNewReplica(raw, object);
  RETURN_IF_ERROR(ReadPositionalName(raw, "--replica-name", object.replica_name));
  return object.replica_name.empty() ? MissingWord(raw, "--replica-name", "--replica-name westus")
                                     : absl::OkStatus();
}

// --force, --drain and one request id for one change.
absl::Status CheckLifecycle(const Raw& raw, ObjectOptions& object) {
  object.force = raw.force;
  if (raw.drain) {
    ASSIGN_OR_RETURN(object.drain_ns,
                     DurationWord("--drain", *raw.drain == "default" ? Words() : raw.drain, 0));
    if (*object.drain_ns == 0) object.drain_ns = kDrainDefaultNs;
    if (!raw.timeout) object.change.timeout_ns += *object.drain_ns;
  }
  if (object.regions.size() > 1 && raw.request_id) {
    return errors::Usage("--request-id is of one change, but several regions are given", "one region");
  }
  return absl::OkStatus();
}

absl::StatusOr<ObjectOptions> CheckObject(const Raw& raw) {
  static const std::map<std::string, ObjectVerb> verbs = {
      {"add", ObjectVerb::kCreate},      {"create", ObjectVerb::kCreate}, {"list", ObjectVerb::kList},
      {"show", ObjectVerb::kShow},       {"update", ObjectVerb::kUpdate}, {"enable", ObjectVerb::kEnable},
      {"disable", ObjectVerb::kDisable}, {"start", ObjectVerb::kStart},   {"stop", ObjectVerb::kStop},
      {"restart", ObjectVerb::kRestart}, {"delete", ObjectVerb::kDelete}};
  ObjectOptions object;
  object.replica = raw.path[0] == "replica";
  object.verb = verbs.at(raw.path[1]);
  object.name = Or(raw.name);
  object.group = Or(raw.group);
  object.replica_name = Or(raw.replica_name);
  object.effective = raw.effective;
  RETURN_IF_ERROR(CheckSubject(raw, object));
  RETURN_IF_ERROR(CheckFields(raw, object));
  ASSIGN_OR_RETURN(object.change, CheckChange(raw));
  RETURN_IF_ERROR(CheckLifecycle(raw, object));
  const bool changes = !object.sku.empty() || object.unit_count || object.region_endpoint_enabled ||
                       object.tags || !object.set.empty();
  if (object.verb == ObjectVerb::kUpdate && !changes) {
    return MissingWord(raw, "something to change", "--tags team=chat");
  }
  return object;
}

absl::StatusOr<KeyOptions> CheckKey(const Raw& raw) {
  KeyOptions key;
  key.regenerate = raw.path[1] == "regenerate";
  key.name = Or(raw.name);
  key.group = Or(raw.group);
  ASSIGN_OR_RETURN(key.change, CheckChange(raw));
  if (!key.regenerate) return key;
  static const std::map<std::string, KeyChoice> choices = {
      {"primary", KeyChoice::kPrimary}, {"secondary", KeyChoice::kSecondary}, {"salt", KeyChoice::kSalt}};
  const std::string type = absl::AsciiStrToLower(Or(raw.key_type));
  if (type.empty()) return MissingWord(raw, "--key-type", "--key-type primary");
  const auto choice = choices.find(type);
  if (choice == choices.end()) return BadWord("--key-type", type, "primary, secondary or salt");
  key.choice = choice->second;
  return key;
}

absl::StatusOr<FaultOptions> CheckFault(const Raw& raw) {
  static const std::map<std::string, FaultVerb> verbs = {{"region-down", FaultVerb::kRegionDown},
                                                         {"region-up", FaultVerb::kRegionUp},
                                                         {"kill", FaultVerb::kKill},
                                                         {"pause", FaultVerb::kPause},
                                                         {"resume", FaultVerb::kResume},
                                                         {"list", FaultVerb::kList},
                                                         {"clear", FaultVerb::kClear}};
  if (!verbs.contains(raw.path[1])) return CheckLinkFault(raw);
  FaultOptions fault;
  fault.verb = verbs.at(raw.path[1]);
  fault.hold = raw.hold;
  ASSIGN_OR_RETURN(fault.subject, OneWord(raw));
  const bool region = fault.verb == FaultVerb::kRegionDown || fault.verb == FaultVerb::kRegionUp;
  if (fault.verb == FaultVerb::kList || fault.verb == FaultVerb::kClear) return fault;
  if (fault.subject.empty()) {
    return MissingWord(raw, region ? "a region" : "a process", region ? "eastus" : "westus");
  }
  const std::string mode = Or(raw.mode, "refuse");
  if (mode != "refuse" && mode != "hang") return BadWord("--mode", mode, "refuse or hang");
  fault.hang = mode == "hang";
  return fault;
}

absl::Status CheckCommand(const Raw& raw, CommandLine& line) {
  const std::string& command = raw.path[0];
  if (command == "status") line.command = StatusOptions();
  if (command == "down") line.command = DownOptions();
  if (command == "reset") line.command = ResetOptions();
  if (command == "backup" || command == "restore") {
    ASSIGN_OR_RETURN(std::string file, OneWord(raw));
    if (file.empty()) return MissingWord(raw, "FILE", "contoso.backup");
    if (command == "backup") line.command = BackupOptions{std::move(file)};
    if (command == "restore") line.command = RestoreOptions{std::move(file), raw.force};
  }
  if (command == "watch") {
    WatchOptions watch;
    ASSIGN_OR_RETURN(watch.since_ns, DurationWord("--since", raw.since, 0));
    line.command = watch;
  }
  if (command == "completion" || command == "__words") {
    ASSIGN_OR_RETURN(const std::string word, OneWord(raw));
    if (command == "__words") {
      line.command = WordsOptions{word};
    } else if (word == "bash" || word == "zsh") {
      line.command = CompletionOptions{word};
    } else {
      return MissingWord(raw, "a shell, bash or zsh", "bash");
    }
  }
  if (command == "gaps" || command == "audit" || command == "why") {
    SyncOptions sync;
    sync.verb = command == "gaps" ? SyncVerb::kGaps : command == "audit" ? SyncVerb::kAudit : SyncVerb::kWhy;
    sync.name = raw.name.value_or("");
    if (sync.verb == SyncVerb::kWhy) {
      ASSIGN_OR_RETURN(sync.message_id, OneWord(raw));
      if (sync.message_id.empty()) return MissingWord(raw, "a message id", "contoso:00c0ffee00c0ffee:17");
    }
    line.command = sync;
  }
  const auto set = [&line](auto options) {
    if (options.ok()) line.command = *std::move(options);
    return options.status();
  };
  if (command == "up") return set(CheckUp(raw));
  if (command == "env") return set(CheckEnv(raw));
  if (command == "logs") return set(CheckLogs(raw));
  if (command == "wait") return set(CheckWait(raw));
  if (command == "resolve") return set(CheckResolve(raw));
  if (command == "dns") return set(CheckDns(raw));
  if (command == "resource" || command == "replica") return set(CheckObject(raw));
  if (command == "hub") return set(CheckHub(raw));
  if (command == "private-link") return set(CheckLink(raw));
  if (command == "operation") return set(CheckOperation(raw));
  if (command == "deploy") return set(CheckDeploy(raw));
  if (command == "key") return set(CheckKey(raw));
  if (command == "fault") return set(CheckFault(raw));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> Check(const Raw& raw) {
  CommandLine line;
  line.dir = raw.dir ? AbsoluteDir(*raw.dir) : DefaultDir();
  if (raw.output) {
    const std::optional<Format> format = ParseFormat(*raw.output);
    if (!format) {
      const std::vector<std::string> formats = {"table", "json", "yaml", "name"};
      return errors::Usage(
          absl::StrCat("--output does not take \"", *raw.output, "\"", DidYouMean(*raw.output, formats)),
          "--output table, json, yaml or name");
    }
    line.format = *format;
  }
  RETURN_IF_ERROR(CheckCommand(raw, line));
  return line;
}

}  // namespace nonet::cli
