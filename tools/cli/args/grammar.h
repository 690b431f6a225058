// The commands and their options, as CLI11 is told of them. Included by parse.cc alone, so that CLI11 is
// compiled once. Each function adds one family of commands below `root`; what is given goes into `raw` as it
// was written.
//
//   grammar::AddUp(app.get(), raw);
#pragma once

#include <CLI/CLI.hpp>
#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/cli/args/raw.h"

namespace nonet::cli::grammar {

inline void AddCommon(CLI::App* app, Raw& raw) {
  app->add_option("--dir", raw.dir,
                  "The cluster's directory (default ~/.local/state/nonet/default, or NONET_DIR)");
  app->add_option("-o,--output", raw.output, "table, json, yaml or name");
}

// Help shows "[REGION...]", not CLI11's "REGION TEXT ...".
inline void AddArgument(CLI::App* app, const std::string& name, Raw& raw, const std::string& summary) {
  app->add_option(name, raw.positional, summary)->type_name("");
}

// One value each time it is given; "" gives an empty list, which is not the same as none. Through a function:
// CLI11 takes an empty word for an optional that is not given.
inline void AddList(CLI::App* app, const std::string& name, std::optional<std::vector<std::string>>& into,
                    const std::string& summary) {
  app->add_option_function<std::vector<std::string>>(
         name, [&into](const std::vector<std::string>& words) { into = words; }, summary)
      ->allow_extra_args(false);
}

inline CLI::App* AddCommand(CLI::App* parent, const std::string& name, const std::string& summary, Raw& raw) {
  CLI::App* app = parent->add_subcommand(name, summary);
  app->allow_extras();
  app->require_subcommand(0, 1);  // After its command, a word like "status" is an argument.
  AddCommon(app, raw);
  return app;
}

inline void AddTarget(CLI::App* app, Raw& raw) {
  app->add_option("-n,--name", raw.name, "The resource; may be left out when there is exactly one");
  app->add_option("-g,--resource-group", raw.group, "Its resource group (default nonet)");
}

inline void AddTimeout(CLI::App* app, Raw& raw) {
  app->add_option("--timeout", raw.timeout, "How long to wait, such as 90s (default 60s)");
}

inline void AddChange(CLI::App* app, Raw& raw, bool etag) {
  app->add_flag("--no-wait", raw.no_wait,
                "Return the operation when it is accepted, not when it is in effect");
  app->add_flag("--dry-run", raw.dry_run, "Only check; change nothing");
  if (etag) app->add_option("--etag", raw.etag, "Change only if the object still has this etag");
  app->add_option("--request-id", raw.request_id,
                  "A UUID: the same one again gets the same answer, applied once");
  AddTimeout(app, raw);
}

inline void AddUp(CLI::App* root, Raw& raw) {
  CLI::App* up = AddCommand(root, "up", "Start the cluster, or adopt the one in this directory", raw);
  AddTarget(up, raw);
  up->add_option("--primary", raw.primary, "The primary's region (default eastus)");
  up->add_option("--replica", raw.replicas, "A replica in this region; repeatable");
  up->add_flag("--detach", raw.detach, "Return when everything is ready");
  up->add_option("--ttl", raw.ttl, "TTL of the resource's DNS answers (default 90s)");
  up->add_option("--probe-interval", raw.probe_interval, "Time between health probes (default 30s)");
  up->add_option("--probe-timeout", raw.probe_timeout, "How long a probe may take (default 10s)");
  up->add_option("--tolerated-failures", raw.tolerated_failures, "Failed probes before Degraded (default 3)");
  up->add_option("--net", raw.net, "First two bytes of the instances' addresses (default 127.80)");
  up->add_option("--base-port", raw.base_port, "Start of the port block (default 7800)");
  up->add_option("--zone", raw.zone, "DNS zone (default webpubsub.azure.com)");
  up->add_option("--wan", raw.wan, "Delays between regions: off (default), or measured, as Azure's are");
  up->add_option("--dns-listen", raw.dns_listen, "One more DNS address, such as 127.80.0.53:53");
  // Through a function: CLI11 would count into the optional and so give it a value always.
  up->add_flag_function(
      "--open,!--no-open", [&raw](int64_t count) { raw.open = count > 0; },
      "Changes need no bearer token (kept for later starts)");
  up->add_flag_function(
      "--peer-tls,!--no-peer-tls", [&raw](int64_t count) { raw.peer_tls = count > 0; },
      "Mutual TLS between instances (kept for later starts)");
  up->add_option("--when-full", raw.when_full,
                 "An instance whose log for a cut-off peer is full: drop-oldest (default), or refuse what is "
                 "published (kept for later starts)");
  up->add_option(
      "--joins-wait", raw.joins_wait,
      "How long acks of joins wait until live peers heed them (default 2s, 0: they do not; kept for "
      "later starts)");
  AddList(up, "--resolver-flag", raw.resolver_flags,
          "A flag of nonet-dnsresolver, NAME=VALUE; repeatable, kept for later starts, '' for none");
  AddTimeout(up, raw);
}

inline void AddInspection(CLI::App* root, Raw& raw) {
  AddCommand(root, "status", "Everything on one screen; exit code 4 when something is not up", raw);

  CLI::App* env =
      AddCommand(root, "env", "Shell lines to eval: a connection string and a client's place", raw);
  AddTarget(env, raw);
  env->add_option("--from", raw.from, "The region the client is in (default: the primary's)");

  AddCommand(root, "down", "Stop every process; the state stays", raw);
  CLI::App* backup = AddCommand(root, "backup", "Write the control plane's state to a file", raw);
  AddArgument(backup, "FILE", raw, "Replaced when the backup is whole");
  CLI::App* restore = AddCommand(root, "restore", "Put a backup in its place; the cluster must be down", raw);
  AddArgument(restore, "FILE", raw, "What nonet backup wrote");
  restore->add_flag("--force", raw.force, "Also over a newer state, another cluster's, a damaged one");
  CLI::App* reset = AddCommand(root, "reset", "Stop every process and wipe the state", raw);
  reset->add_flag("-y,--yes", raw.yes, "Accepted as in delete; nothing asks");

  CLI::App* logs = AddCommand(root, "logs", "What the processes logged", raw);
  AddArgument(logs, "PROCESS", raw, "Only this one, as nonet status names it");
  logs->add_flag("-f,--follow", raw.follow, "Keep printing");
  logs->add_option("--tail", raw.tail, "Lines of each process to begin with (default 100)");

  CLI::App* watch =
      AddCommand(root, "watch", "Probes, verdicts, answers, process events as they happen", raw);
  watch->add_option("--since", raw.since, "Begin this long ago, such as 5m");

  CLI::App* wait =
      AddCommand(root, "wait", "Wait until something is true; exit code 3 when it is not in time", raw);
  wait->add_option("--for", raw.condition,
                   "ready, converged, linked, replica/NAME=STATE, endpoint/NAME=STATUS, answer/REGION=NAME, "
                   "process/NAME=STATE");
  wait->add_option("-n,--name", raw.name, "The resource; may be left out when there is exactly one");
  AddTimeout(wait, raw);

  CLI::App* resolve = AddCommand(root, "resolve", "What the DNS answers a client, and why", raw);
  AddArgument(resolve, "NAME", raw, "A host name, a resource or an instance");
  resolve->add_option("--from", raw.from, "The region the client is in");
  resolve->add_option("--client-subnet", raw.client_subnet, "The client's prefix, such as 10.15.0.0/24");
  resolve->add_flag("--explain", raw.explain, "Say how the answer came about");
  resolve->add_option("--at", raw.at,
                      "What was answered then: 10:42:07, an ISO time, -5m, or a table's number");
  resolve
      ->add_option("--health", raw.health, "Suppose WHO=down or WHO=up: a region or an instance; repeatable")
      ->allow_extra_args(false);
  resolve->add_option("--ttl", raw.ttl, "Suppose this TTL, such as 30s");
  resolve->add_option("--table", raw.table, "Suppose the round trips of this CSV file");
}

inline void AddSync(CLI::App* root, Raw& raw) {
  CLI::App* gaps = AddCommand(root, "gaps", "Messages that could not be kept: which, for whom, why", raw);
  gaps->add_option("-n,--name", raw.name, "Only of this resource");
  CLI::App* audit =
      AddCommand(root, "audit", "Whether every message is accounted for; exit code 4 when not", raw);
  audit->add_option("-n,--name", raw.name, "Only of this resource");
  CLI::App* why = AddCommand(root, "why", "What became of one message, instance by instance", raw);
  AddArgument(why, "MESSAGE_ID", raw, "instance:epoch:sequence, as a send over REST answers");
  why->add_option("-n,--name", raw.name, "Only of this resource");
}

inline void AddDns(CLI::App* root, Raw& raw) {
  CLI::App* dns = AddCommand(root, "dns", "The resolver: its tables, what changed, its endpoints", raw);
  CLI::App* history = AddCommand(dns, "history", "The answer tables, when each took effect, and why", raw);
  history->add_option("--since", raw.since, "Begin this long ago, such as 10m");
  history->add_option("--limit", raw.limit, "The newest that many (default 100)");
  CLI::App* diff = AddCommand(dns, "diff", "Whose answers differ between two tables", raw);
  diff->add_option("TABLE", raw.positional, "Each a number of nonet dns history, a time, a CSV file, or now")
      ->type_name("");
  CLI::App* endpoints = AddCommand(dns, "endpoints", "What the health probes say of every instance", raw);
  endpoints->add_option("-n,--name", raw.name, "Only of this resource");
}

inline void AddObjectVerb(CLI::App* parent, const std::string& verb, const std::string& what, bool replica,
                          Raw& raw) {
  const bool create = verb == "create" || verb == "add";
  const std::string aim =
      create             ? "Create a " + what
      : verb == "list"   ? "List the " + what + "s of the cluster"
      : verb == "enable" ? "Put a " + what + " into the resource's DNS answers"
      : verb == "disable"
          ? "Take a " + what + " out of the DNS answers; its connections stay"
          : std::string(1, static_cast<char>(std::toupper(verb[0]))) + verb.substr(1) + " a " + what;
  CLI::App* app = AddCommand(parent, verb, aim, raw);
  AddTarget(app, raw);
  if (verb == "list") return;
  if (replica)
    app->add_option("-r,--replica-name", raw.replica_name, "The replica; its region's name by default");
  AddArgument(app,
              !replica ? "NAME"
              : create ? "REGION"
                       : "REPLICA",
              raw, create && replica ? "Regions to create a replica in" : "The same as an argument");
  if (verb == "show") {
    app->add_flag("--effective", raw.effective, "Every setting, and where it comes from");
    return;
  }
  if (create) app->add_option("-l,--location", raw.location, "The region");
  if (create || verb == "update") {
    app->add_option("--sku", raw.sku, "Premium_P1 (default), Premium_P2, Standard_S1, Free_F1");
    app->add_option("--unit-count", raw.unit_count, "Units");
    app->add_option("--region-endpoint-enabled", raw.region_endpoint_enabled,
                    "true or false: in the DNS answers?");
    app->add_option_function<std::vector<std::string>>(
           "--tags", [&raw](const std::vector<std::string>& tags) { raw.tags = tags; },
           "KEY=VALUE ...; \"\" removes them all")
        ->expected(0, -1);
  }
  if (verb == "update") app->add_option("--set", raw.set, "FIELD=VALUE, for any other field; repeatable");
  if (replica && (create || verb == "update" || verb == "enable")) {
    app->add_flag("--force", raw.force, "Enable it although a private link is not approved there");
  }
  if (verb == "delete" && replica) {
    app->add_flag("--drain{default}", raw.drain,
                  "Disable it first; delete it when it has no connections, after TIMEOUT (--drain=5m, "
                  "default 10m) anyhow");
  }
  if (verb == "delete") app->add_flag("-y,--yes", raw.yes, "Accepted as Azure CLI has it; nothing asks");
  AddChange(app, raw, !create && verb != "restart");
}

inline void AddObjects(CLI::App* root, Raw& raw) {
  CLI::App* resource = AddCommand(root, "resource", "The resource itself, and its primary's instance", raw);
  resource->footer(
      "Examples:\n"
      "  nonet resource create fabrikam --location westus --sku Premium_P1\n"
      "  nonet resource update --tags team=chat\n"
      "  nonet resource update --set publicNetworkAccess=Disabled --set tls.clientCertEnabled=true");
  for (const char* verb :
       {"create", "list", "show", "update", "enable", "disable", "start", "stop", "restart", "delete"}) {
    AddObjectVerb(resource, verb, "resource", false, raw);
  }
  CLI::App* replica = AddCommand(root, "replica", "Replicas in other regions", raw);
  replica->footer(
      "Examples:\n"
      "  nonet replica add westus westeurope\n"
      "  nonet replica update westus --unit-count 2\n"
      "  nonet replica show westus --effective\n"
      "  nonet replica delete westus --drain=5m");
  for (const char* verb : {"add", "create", "list", "show", "update", "enable", "disable", "start", "stop",
                           "restart", "delete"}) {
    AddObjectVerb(replica, verb, "replica", true, raw);
  }
  CLI::App* key = AddCommand(root, "key", "Access keys", raw);
  key->footer("Examples:\n  nonet key list\n  nonet key regenerate --key-type salt");
  CLI::App* list = AddCommand(key, "list", "Both keys and their connection strings", raw);
  AddTarget(list, raw);
  CLI::App* regenerate = AddCommand(key, "regenerate", "Replace one key; the other stays valid", raw);
  AddTarget(regenerate, raw);
  regenerate->add_option("--key-type", raw.key_type, "primary, secondary or salt");
  AddChange(regenerate, raw, false);
}

inline void AddSides(CLI::App* app, Raw& raw) {
  AddArgument(app, "A B", raw, "Regions, instances (RESOURCE/REPLICA), clients, dnsresolver");
}

// `amount`: what follows the two sides; nullptr: nothing.
inline void AddLinkFault(CLI::App* fault, const std::string& verb, const std::string& summary,
                         const char* amount, Raw& raw) {
  CLI::App* app = AddCommand(fault, verb, summary, raw);
  app->add_flag("--one-way", raw.one_way, "Only what goes from A to B");
  if (amount == nullptr) return AddSides(app, raw);
  AddArgument(app, absl::StrCat("A B ", amount), raw,
              "Regions, instances (RESOURCE/REPLICA), clients, dnsresolver; how much: 0 ends it");
}

inline void AddHubs(CLI::App* root, Raw& raw) {
  CLI::App* hub = AddCommand(root, "hub", "Settings of hubs: event handlers, anonymous clients, pings", raw);
  hub->footer(
      "Examples:\n"
      "  nonet hub create chat --event-handler url-template=http://127.0.0.1:3000/{event} "
      "user-event-pattern=* system-event=connect\n"
      "  nonet hub update chat --allow-anonymous true");
  for (const std::string verb : {"create", "update", "list", "show", "delete"}) {
    CLI::App* app =
        AddCommand(hub, verb,
                   verb == "list" ? "List the hubs that have settings"
                                  : absl::StrCat(std::string(1, static_cast<char>(std::toupper(verb[0]))),
                                                 verb.substr(1), " a hub's settings"),
                   raw);
    AddTarget(app, raw);
    if (verb == "list") continue;
    app->add_option("--hub-name", raw.hub_name, "The hub");
    AddArgument(app, "HUB", raw, "The same as an argument");
    if (verb == "show") continue;
    if (verb == "delete") app->add_flag("-y,--yes", raw.yes, "Accepted as Azure CLI has it; nothing asks");
    if (verb != "delete") {
      AddList(app, "--event-handler", raw.event_handlers,
              "url-template=URL [user-event-pattern=P] [system-event=E ...] [auth-type=T] [auth-resource=R]; "
              "repeatable, replaces all; \"\" removes all");
      AddList(app, "--event-listener", raw.event_listeners,
              "fully-qualified-namespace=N event-hub-name=H [user-event-pattern=P] [system-event=E ...]");
      app->add_option("--allow-anonymous", raw.allow_anonymous, "true or false: clients without a token?");
      app->add_option("--websocket-keepalive-interval", raw.keep_alive,
                      "Seconds between pings, 1 to 120 (default 20)");
    }
    AddChange(app, raw, true);
  }
}

inline void AddLinks(CLI::App* root, Raw& raw) {
  CLI::App* link =
      AddCommand(root, "private-link", "Shared private links and their approval by each instance", raw);
  link->footer(
      "Examples:\n"
      "  nonet private-link create web --group-id sites --private-link-resource-id "
      "/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/backend\n"
      "  nonet private-link approve web                          # for the primary's instance\n"
      "  nonet private-link approve web --replica-name westus    # for one replica's");
  const std::map<std::string, std::string> verbs = {
      {"create", "Create a link, Pending at every instance"},
      {"approve", "Approve it for one instance, as its target's owner would"},
      {"reject", "Reject it for one instance"},
      {"list", "The links and how they stand at every instance"},
      {"delete", "Delete a link everywhere"}};
  for (const char* verb : {"create", "approve", "reject", "list", "delete"}) {
    CLI::App* app = AddCommand(link, verb, verbs.at(verb), raw);
    const std::string name = verb;
    AddTarget(app, raw);
    if (name != "create" && name != "delete") {
      app->add_option(
          "-r,--replica-name", raw.replica_name,
          name == "list" ? "Only at this replica" : "The replica; the primary's instance by default");
    }
    if (name == "list") continue;
    app->add_option("--link-name", raw.link_name, "The link");
    AddArgument(app, "LINK", raw, "The same as an argument");
    if (name == "create") {
      app->add_option("--group-id", raw.group_id, "The target's sub-resource: sites, vault, ...");
      app->add_option("--private-link-resource-id", raw.private_link_resource_id, "The target's ARM id");
      app->add_option("--fqdns", raw.fqdns, "Host names reached through it (default: the target's in Azure)")
          ->delimiter(',');
    }
    if (name == "delete") {
      app->add_flag("-y,--yes", raw.yes, "Accepted as Azure CLI has it; nothing asks");
    } else {
      app->add_option("--message,--request-message", raw.message, "Kept with it");
    }
    AddChange(app, raw, name == "create" || name == "delete");
  }
}

inline void AddOperations(CLI::App* root, Raw& raw) {
  CLI::App* operation =
      AddCommand(root, "operation", "Changes under way, and what became of those of the last day", raw);
  operation->footer(
      "Examples:\n"
      "  nonet replica add westus --no-wait -o name      # prints operations/12\n"
      "  nonet operation wait operations/12");
  CLI::App* list = AddCommand(operation, "list", "Newest first", raw);
  list->add_option("-n,--name", raw.name, "Only of this resource");
  AddArgument(AddCommand(operation, "show", "One of them", raw), "OPERATION", raw, "operations/12, or 12");
  CLI::App* wait = AddCommand(operation, "wait", "Wait until it has ended and is in effect everywhere", raw);
  AddArgument(wait, "OPERATION", raw, "operations/12, or 12");
  AddTimeout(wait, raw);
}

inline void AddDeploy(CLI::App* root, Raw& raw) {
  CLI::App* deploy = AddCommand(root, "deploy", "Deploy an Azure Resource Manager template", raw);
  AddArgument(deploy, "TEMPLATE", raw, "A template in JSON, such as `bicep build` makes");
  deploy->add_option("-f,--template-file", raw.template_file, "The same as an option");
  deploy->add_option("-p,--parameters", raw.parameters, "NAME=VALUE, or a parameter file; repeatable")
      ->allow_extra_args();
  deploy->add_option("-g,--resource-group", raw.group, "The resource group (default nonet)");
  deploy->add_option("-l,--location", raw.location,
                     "What resourceGroup().location says (default: where the group's resources are)");
  deploy->add_flag("-w,--what-if", raw.what_if, "Show what would change; change nothing");
  deploy->add_flag("--dry-run", raw.dry_run, "The same");
  AddTimeout(deploy, raw);
  deploy->footer(
      "Examples:\n"
      "  nonet deploy main.json --parameters name=contoso regions='[\"westus\"]'\n"
      "  nonet deploy main.json --parameters main.parameters.json --what-if");
}

inline void AddFaults(CLI::App* root, Raw& raw) {
  CLI::App* fault = AddCommand(root, "fault", "Outages on purpose", raw);
  CLI::App* down = AddCommand(fault, "region-down", "Take a region away, connections included", raw);
  AddArgument(down, "REGION", raw, "The region");
  down->add_option("--mode", raw.mode, "refuse (default): nothing listens; hang: accepts, never answers");
  AddArgument(AddCommand(fault, "region-up", "Bring a region back", raw), "REGION", raw, "The region");
  CLI::App* kill = AddCommand(fault, "kill", "SIGKILL one process", raw);
  AddArgument(kill, "PROCESS", raw, "As nonet status names it");
  kill->add_flag("--hold", raw.hold, "Keep it down until resume or clear");
  AddArgument(AddCommand(fault, "pause", "SIGSTOP one process", raw), "PROCESS", raw, "Its name");
  AddArgument(AddCommand(fault, "resume", "End a pause or a held kill", raw), "PROCESS", raw, "Its name");
  AddLinkFault(fault, "partition", "Let nothing through between two sides, and tell nobody", nullptr, raw);
  AddLinkFault(fault, "latency", "Add to the round trip between two sides", "MS", raw);
  AddLinkFault(fault, "loss", "Lose packets between two sides: TCP sends them again, later", "PERCENT", raw);
  AddLinkFault(fault, "duplicate", "Deliver message batches between instances twice", "PERCENT", raw);
  AddLinkFault(fault, "reorder", "Deliver message batches between instances after later ones", "PERCENT",
               raw);
  AddLinkFault(fault, "bandwidth", "Let at most so much through, such as 10mbit", "RATE", raw);
  CLI::App* heal = AddCommand(fault, "heal", "End every fault between two sides", raw);
  AddSides(heal, raw);
  AddCommand(fault, "list", "Faults in force", raw);
  AddCommand(fault, "clear", "End every fault", raw);
}

}  // namespace nonet::cli::grammar
