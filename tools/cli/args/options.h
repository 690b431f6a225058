// What a command line says, parsed and checked: one struct a command. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock/clock.h"
#include "tools/cli/args/condition.h"
#include "tools/cli/render/format.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/core/types.h"

namespace nonet::cli {

inline constexpr int64_t kTimeoutDefaultNs = 60 * kNanosPerSecond;
// How long `replica delete --drain` waits for connections to go, at most.
inline constexpr int64_t kDrainDefaultNs = 600 * kNanosPerSecond;

// `nonet up`. What is not given keeps what the DIR has saved, or the default of a new one.
struct UpOptions {
  std::optional<std::string> group;
  std::optional<std::string> primary;
  std::vector<std::string> replicas;  // Regions.
  bool detach = false;
  supervisor::GivenSettings given;  // Its cluster is the resource's name.
  int64_t timeout_ns = kTimeoutDefaultNs;
};

struct StatusOptions {};
struct DownOptions {};

struct BackupOptions {
  std::string file;
};

struct RestoreOptions {
  std::string file;
  bool force = false;
};

struct ResetOptions {};

struct EnvOptions {
  std::string from;  // A region; the primary's when empty.
  std::string name;
  std::string group;
};

struct LogsOptions {
  std::string process;  // All when empty.
  bool follow = false;
  int64_t lines = 100;  // Of each process, before what follows.
};

struct WatchOptions {
  int64_t since_ns = 0;  // How far back; 0: from now on.
};

struct WaitOptions {
  Condition condition;
  std::string name;
  int64_t timeout_ns = kTimeoutDefaultNs;
};

struct ResolveOptions {
  std::string name;
  std::string from;
  std::string client_subnet;
  bool explain = false;
  // ---- What is supposed ----
  std::string at;                                           // A time as typed, or a table's number.
  std::vector<std::pair<std::string, std::string>> health;  // Region, instance or host name; status.
  std::optional<int64_t> ttl_s;
  std::string table;  // A CSV file of round trips.
};

enum class DnsVerb { kHistory, kDiff, kEndpoints };

// `nonet dns VERB`
struct DnsOptions {
  DnsVerb verb = DnsVerb::kEndpoints;
  std::string a, b;      // kDiff: a table's number, a time, a CSV file, "now".
  int64_t since_ns = 0;  // kHistory: how far back; 0: all.
  int64_t limit = 100;   // kHistory.
  std::string resource;  // kEndpoints: all when empty.
};

enum class ObjectVerb { kCreate, kList, kShow, kUpdate, kEnable, kDisable, kStart, kStop, kRestart, kDelete };

// What every change takes.
struct ChangeOptions {
  bool no_wait = false;
  bool dry_run = false;
  std::string etag;
  std::string request_id;  // A UUID; a fresh one when empty.
  int64_t timeout_ns = kTimeoutDefaultNs;
};

// `nonet resource VERB` and `nonet replica VERB`.
struct ObjectOptions {
  bool replica = false;  // Which of the two.
  ObjectVerb verb = ObjectVerb::kList;
  std::string name;
  std::string group;
  std::string replica_name;
  std::vector<std::string> regions;  // replica create REGION...
  std::string location;
  std::string sku;
  std::optional<uint32_t> unit_count;
  std::optional<bool> region_endpoint_enabled;
  std::optional<std::map<std::string, std::string>> tags;  // Given and empty: remove them all.
  std::vector<std::pair<std::string, std::string>> set;    // --set FIELD=VALUE, in order.
  bool effective = false;
  bool force = false;               // Enable although a link is not approved.
  std::optional<int64_t> drain_ns;  // Delete when idle, at the latest after this.
  ChangeOptions change;
};

enum class ChildVerb { kCreate, kUpdate, kList, kShow, kDelete, kApprove, kReject };

// One event handler or listener as key=value words.
using Pairs = std::vector<std::pair<std::string, std::string>>;

// `nonet hub VERB`
struct HubOptions {
  ChildVerb verb = ChildVerb::kList;
  std::string name;  // The resource's.
  std::string group;
  std::string hub;
  std::optional<bool> allow_anonymous;
  std::optional<uint32_t> keep_alive_s;
  std::optional<std::vector<Pairs>> event_handlers;  // Given and empty: none.
  std::optional<std::vector<Pairs>> event_listeners;
  ChangeOptions change;
};

// `nonet private-link VERB`
struct LinkOptions {
  ChildVerb verb = ChildVerb::kList;
  std::string name;  // The resource's.
  std::string group;
  std::string link;
  std::string replica_name;  // Whose approval; the primary's when empty.
  std::string group_id, target;
  std::string message;
  std::vector<std::string> fqdns;
  ChangeOptions change;
};

// `nonet operation VERB`
struct OperationOptions {
  enum class Verb { kList, kShow, kWait };
  Verb verb = Verb::kList;
  std::string operation;  // "operations/12"
  std::string name;       // kList: only of this resource.
  int64_t timeout_ns = kTimeoutDefaultNs;
};

// `nonet deploy TEMPLATE`
struct DeployOptions {
  std::string file;
  std::vector<std::string> parameters;  // Files and NAME=VALUE.
  std::string group;
  std::string location;  // Of the group; its resources' when empty.
  bool what_if = false;
  int64_t timeout_ns = kTimeoutDefaultNs;  // Of each resource.
};

enum class KeyChoice { kPrimary, kSecondary, kSalt };

struct KeyOptions {
  bool regenerate = false;
  KeyChoice choice = KeyChoice::kPrimary;
  std::string name;
  std::string group;
  ChangeOptions change;
};

enum class FaultVerb { kRegionDown, kRegionUp, kKill, kPause, kResume, kLink, kHeal, kList, kClear };

struct FaultOptions {
  FaultVerb verb = FaultVerb::kList;
  std::string subject;  // Region or process.
  bool hang = false;
  bool hold = false;
  // ---- Between two sides: kLink, kHeal ----
  supervisor::LinkFaultKind link = supervisor::LinkFaultKind::kPartition;
  std::string a, b;
  bool one_way = false;
  uint64_t amount = 0;  // As in nonet.fault.v1.LinkFault.
};

enum class SyncVerb { kGaps, kAudit, kWhy };

// `nonet gaps`, `nonet audit`, `nonet why MESSAGE_ID`: what every instance knows about its messages.
struct SyncOptions {
  SyncVerb verb = SyncVerb::kGaps;
  std::string message_id;  // kWhy.
  std::string name;        // Only of this resource; all when empty.
};

struct CompletionOptions {
  std::string shell;  // "bash" or "zsh".
};

// Hidden: live words for the completion scripts.
struct WordsOptions {
  std::string kind;  // "replica", "resource", "region", "process", "hub", "link", "operation".
};

struct CommandLine {
  std::string dir;
  Format format = Format::kTable;
  std::variant<UpOptions, StatusOptions, DownOptions, ResetOptions, BackupOptions, RestoreOptions, EnvOptions,
               LogsOptions, WatchOptions, WaitOptions, ResolveOptions, DnsOptions, ObjectOptions, HubOptions,
               LinkOptions, OperationOptions, DeployOptions, KeyOptions, FaultOptions, SyncOptions,
               CompletionOptions, WordsOptions>
      command;
};

}  // namespace nonet::cli
