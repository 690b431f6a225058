// From raw words to checked options: hub, private-link, operation, deploy.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/args/rewrite.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

const std::map<std::string, ChildVerb>& ChildVerbs() {
  static const auto* const verbs = new std::map<std::string, ChildVerb>{
      {"create", ChildVerb::kCreate}, {"update", ChildVerb::kUpdate}, {"list", ChildVerb::kList},
      {"show", ChildVerb::kShow},     {"delete", ChildVerb::kDelete}, {"approve", ChildVerb::kApprove},
      {"reject", ChildVerb::kReject}};
  return *verbs;
}

// Every group of key=value words; one empty word stands for none at all.
absl::StatusOr<std::optional<std::vector<Pairs>>> ReadPairs(
    absl::string_view option, const std::optional<std::vector<std::string>>& groups,
    const std::vector<std::string>& keys) {
  if (!groups) return std::optional<std::vector<Pairs>>();
  std::vector<Pairs> read;
  for (const std::string& group : *groups) {
    Pairs pairs;
    for (const absl::string_view word : absl::StrSplit(group, kGroupSeparator, absl::SkipEmpty())) {
      const std::pair<absl::string_view, absl::string_view> pair =
          absl::StrSplit(word, absl::MaxSplits('=', 1));
      if (std::find(keys.begin(), keys.end(), pair.first) == keys.end() || word.find('=') == word.npos) {
        return errors::Usage(
            absl::StrCat(option, " does not take \"", word, "\"", DidYouMean(pair.first, keys)),
            absl::StrCat(option, " with KEY=VALUE ..., KEY one of ", absl::StrJoin(keys, ", ")));
      }
      pairs.emplace_back(pair.first, pair.second);
    }
    if (!pairs.empty()) read.push_back(std::move(pairs));
  }
  return std::optional<std::vector<Pairs>>(std::move(read));
}

}  // namespace

absl::StatusOr<HubOptions> CheckHub(const Raw& raw) {
  HubOptions hub;
  hub.verb = ChildVerbs().at(raw.path[1]);
  hub.name = raw.name.value_or("");
  hub.group = raw.group.value_or("");
  hub.hub = raw.hub_name.value_or("");
  ASSIGN_OR_RETURN(hub.change, CheckChange(raw));
  if (hub.verb == ChildVerb::kList) return hub;
  RETURN_IF_ERROR(ReadPositionalName(raw, "--hub-name", hub.hub));
  if (hub.hub.empty()) return MissingWord(raw, "--hub-name", "--hub-name chat");
  if (raw.allow_anonymous) {
    ASSIGN_OR_RETURN(hub.allow_anonymous, BooleanWord("--allow-anonymous", *raw.allow_anonymous));
  }
  if (raw.keep_alive) {
    ASSIGN_OR_RETURN(const int64_t seconds,
                     NumberWord("--websocket-keepalive-interval", *raw.keep_alive, 1, 120));
    hub.keep_alive_s = static_cast<uint32_t>(seconds);
  }
  ASSIGN_OR_RETURN(hub.event_handlers, ReadPairs("--event-handler", raw.event_handlers,
                                                 {"url-template", "user-event-pattern", "system-event",
                                                  "auth-type", "auth-resource"}));
  ASSIGN_OR_RETURN(hub.event_listeners, ReadPairs("--event-listener", raw.event_listeners,
                                                  {"fully-qualified-namespace", "event-hub-name",
                                                   "user-event-pattern", "system-event"}));
  const bool changes = hub.allow_anonymous || hub.keep_alive_s || hub.event_handlers || hub.event_listeners;
  if (hub.verb == ChildVerb::kUpdate && !changes) {
    return MissingWord(raw, "something to change", "--hub-name chat --allow-anonymous true");
  }
  return hub;
}

absl::StatusOr<LinkOptions> CheckLink(const Raw& raw) {
  LinkOptions link;
  link.verb = ChildVerbs().at(raw.path[1]);
  link.name = raw.name.value_or("");
  link.group = raw.group.value_or("");
  link.link = raw.link_name.value_or("");
  link.replica_name = raw.replica_name.value_or("");
  link.group_id = raw.group_id.value_or("");
  link.target = raw.private_link_resource_id.value_or("");
  link.message = raw.message.value_or("");
  link.fqdns = raw.fqdns;
  ASSIGN_OR_RETURN(link.change, CheckChange(raw));
  if (link.verb == ChildVerb::kList) return link;
  RETURN_IF_ERROR(ReadPositionalName(raw, "--link-name", link.link));
  if (link.link.empty()) return MissingWord(raw, "--link-name", "--link-name web");
  if (link.verb != ChildVerb::kCreate) return link;
  constexpr absl::string_view kExample =
      "--link-name web --group-id sites --private-link-resource-id "
      "/subscriptions/.../providers/Microsoft.Web/sites/backend";
  if (link.group_id.empty()) return MissingWord(raw, "--group-id", kExample);
  if (link.target.empty()) return MissingWord(raw, "--private-link-resource-id", kExample);
  return link;
}

absl::StatusOr<OperationOptions> CheckOperation(const Raw& raw) {
  OperationOptions operation;
  operation.name = raw.name.value_or("");
  ASSIGN_OR_RETURN(operation.timeout_ns, DurationWord("--timeout", raw.timeout, kTimeoutDefaultNs));
  operation.verb = raw.path[1] == "list"   ? OperationOptions::Verb::kList
                   : raw.path[1] == "show" ? OperationOptions::Verb::kShow
                                           : OperationOptions::Verb::kWait;
  ASSIGN_OR_RETURN(operation.operation, OneWord(raw));
  if (operation.verb == OperationOptions::Verb::kList) return operation;
  if (operation.operation.empty()) return MissingWord(raw, "an operation", "operations/12");
  if (!absl::StartsWith(operation.operation, "operations/")) {
    operation.operation = absl::StrCat("operations/", operation.operation);
  }
  return operation;
}

absl::StatusOr<DeployOptions> CheckDeploy(const Raw& raw) {
  DeployOptions deploy;
  deploy.file = raw.template_file.value_or("");
  RETURN_IF_ERROR(ReadPositionalName(raw, "--template-file", deploy.file));
  if (deploy.file.empty()) return MissingWord(raw, "a template", "main.json --parameters name=contoso");
  deploy.parameters = raw.parameters;
  for (const std::string& words : deploy.parameters) {
    if (words.empty() || words == "@") return BadWord("--parameters", words, "FILE or NAME=VALUE");
  }
  deploy.group = raw.group.value_or("");
  deploy.location = raw.location.value_or("");
  deploy.what_if = raw.what_if || raw.dry_run;
  ASSIGN_OR_RETURN(deploy.timeout_ns, DurationWord("--timeout", raw.timeout, kTimeoutDefaultNs));
  return deploy;
}

}  // namespace nonet::cli
