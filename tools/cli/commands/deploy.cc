// `nonet deploy`: a template read, evaluated, checked, and then made true resource by resource.
#include "tools/cli/commands/deploy.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "tools/cli/commands/arm_door.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/deploy/functions.h"
#include "tools/cli/deploy/limits.h"
#include "tools/cli/deploy/outcome.h"
#include "tools/cli/deploy/parameters.h"
#include "tools/cli/deploy/plan.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using deploy::Change;
using deploy::ChangeType;
using deploy::PlannedResource;

// Azure's default of the resource model: what `nonet up` and `nonet resource create` use too.
constexpr char kSubscription[] = "00000000-0000-0000-0000-000000000000";
constexpr char kGroup[] = "nonet";

absl::StatusOr<std::string> ReadText(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, deploy::kTemplateBytesMax);
  if (text.ok()) return text;
  return errors::Local("CANNOT_READ", absl::StrCat("cannot read ", path, ": ", text.status().message()),
                       "nonet deploy main.json --parameters main.parameters.json");
}

// Files, JSON and NAME=VALUE, in the order they were given.
absl::StatusOr<deploy::GivenParameters> ReadParameters(const std::vector<std::string>& parameters) {
  deploy::GivenParameters given;
  for (const std::string& words : parameters) {
    if (words[0] == '{') {
      RETURN_IF_ERROR(deploy::AddParameterFile(words, "--parameters", given));
      continue;
    }
    const size_t equals = words.find('=');
    if (equals != std::string::npos && equals > 0 && words[0] != '@') {
      given.words[words.substr(0, equals)] = words.substr(equals + 1);
      continue;
    }
    const std::string path = words[0] == '@' ? words.substr(1) : words;
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    RETURN_IF_ERROR(deploy::AddParameterFile(text, path, given));
  }
  return given;
}

// Whether something in it could not be evaluated yet.
bool HasExpression(const Json& value) {
  if (value.is_string()) return deploy::IsExpression(value.get_ref<const std::string&>());
  return value.is_structured() &&
         std::any_of(value.begin(), value.end(), [](const Json& item) { return HasExpression(item); });
}

// One deployment under way.
class Deployment {
 public:
  Deployment(const Context& context, const DeployOptions& options, ControlClient& control,
             ChildClient& children)
      : context_(context),
        options_(options),
        control_(control),
        group_(options.group.empty() ? kGroup : options.group),
        door_(control, children, group_) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(text_, ReadText(options_.file));
    return deploy::errors::InFile(RunOn(), options_.file, text_);
  }

 private:
  absl::Status RunOn() {
    ASSIGN_OR_RETURN(written_, deploy::ReadTemplate(text_, options_.file));
    ASSIGN_OR_RETURN(const deploy::GivenParameters given, ReadParameters(options_.parameters));
    const Json declared = written_->document.value("parameters", Json::object());
    ASSIGN_OR_RETURN(auto values, deploy::ReadGiven(declared, given));
    ASSIGN_OR_RETURN(const std::optional<std::string> location, Location());
    evaluator_ = std::make_unique<deploy::Evaluator>(
        written_->document, std::move(values),
        deploy::Surroundings{
            .subscription = kSubscription, .group = group_, .location = location, .name = written_->name});
    RETURN_IF_ERROR(evaluator_->CheckParameters());
    ASSIGN_OR_RETURN(plan_, deploy::MakePlan(*written_, *evaluator_));
    RETURN_IF_ERROR(CheckExisting());
    // Everything is checked before anything is changed.
    ASSIGN_OR_RETURN(std::vector<Change> changes, Preview());
    if (!options_.what_if) return Apply();
    RETURN_IF_ERROR(AddIgnored(changes));
    for (Change& change : changes) Hide(change);
    Print(context_, deploy::WhatIf(changes, context_.out_style));
    return absl::OkStatus();
  }

  // A group has no location of its own here: it is where its resources are, if that is one place.
  absl::StatusOr<std::optional<std::string>> Location() {
    if (!options_.location.empty()) return std::optional<std::string>(options_.location);
    ASSIGN_OR_RETURN(const std::vector<resource::v1::Resource> resources, AllResources(control_, group_));
    std::optional<std::string> location;
    for (const resource::v1::Resource& resource : resources) {
      if (location && *location != resource.location()) return std::optional<std::string>();
      location = resource.location();
    }
    return location;
  }

  absl::Status CheckExisting() {
    for (const PlannedResource& planned : plan_.resources) {
      if (!planned.existing || !planned.condition) continue;
      ASSIGN_OR_RETURN(const std::optional<Json> found, door_.Find(planned.kind, NamesOf(planned)));
      if (!found) {
        return deploy::errors::InvalidTemplate(planned.written->place,
                                               absl::StrCat(planned.name, " is said to exist, and does not"));
      }
    }
    return absl::OkStatus();
  }

  static ArmDoor::Names NamesOf(const PlannedResource& planned) { return deploy::ParseId(planned.id)->names; }

  absl::StatusOr<Json> BodyOf(const PlannedResource& planned, bool keep_unresolved) {
    Json body = *planned.written->body;
    body.erase("resources");
    body.erase("dependsOn");
    body.erase("copy");
    return evaluator_->Evaluate(body, planned.written->place,
                                {.live = &door_,
                                 .loop = planned.loop ? &*planned.loop : nullptr,
                                 .keep_unresolved = keep_unresolved});
  }

  // An error of the control plane or the codec, with the resource's place and name.
  static absl::Status Of(const PlannedResource& planned, const absl::Status& status) {
    return deploy::errors::About(status, planned.name, planned.written->place);
  }

  // What one resource would become. `waits`: something it depends on is not as it will be.
  absl::StatusOr<Change> Compare(const PlannedResource& planned, const Json& body, bool waits) {
    ASSIGN_OR_RETURN(std::optional<Json> before, door_.Find(planned.kind, NamesOf(planned)));
    Change change{.type = before ? ChangeType::kModify : ChangeType::kCreate,
                  .id = planned.id,
                  .name = planned.name,
                  .before = before.value_or(Json()),
                  .after = {},
                  .delta = {}};
    absl::StatusOr<ArmDoor::Written> would = door_.Put(planned.kind, NamesOf(planned), body, true);
    if (would.ok()) {
      change.after = std::move(would->document);
    } else if (waits && (absl::IsNotFound(would.status()) || absl::IsFailedPrecondition(would.status()) ||
                         HasExpression(body))) {
      change.checked = false;
      change.after = body;
    } else {
      return Of(planned, would.status());
    }
    if (before) {
      change.delta = deploy::Compare(deploy::WithoutFacts(*before), deploy::WithoutFacts(change.after));
      if (!change.checked) {
        // The template's own words: what it does not mention is not known to change.
        std::erase_if(change.delta, [](const deploy::Difference& d) { return d.removed; });
      }
      if (change.delta.empty()) change.type = ChangeType::kNoChange;
    }
    return change;
  }

  absl::StatusOr<std::vector<Change>> Preview() {
    std::vector<Change> changes;
    std::vector<bool> moves(plan_.resources.size(), false);
    for (const size_t index : plan_.order) {
      const PlannedResource& planned = plan_.resources[index];
      const bool waits = std::any_of(planned.after.begin(), planned.after.end(),
                                     [&](size_t before) { return moves[before]; });
      ASSIGN_OR_RETURN(const Json body, BodyOf(planned, /*keep_unresolved=*/true));
      ASSIGN_OR_RETURN(Change change, Compare(planned, body, waits));
      moves[index] = change.type != ChangeType::kNoChange || waits;
      changes.push_back(std::move(change));
    }
    return changes;
  }

  absl::Status AddIgnored(std::vector<Change>& changes) {
    ASSIGN_OR_RETURN(const std::vector<std::string> ids, door_.ListIds());
    for (const std::string& id : ids) {
      const bool planned = std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
        return deploy::IdKey(change.id) == deploy::IdKey(id);
      });
      if (planned) continue;
      const auto parsed = deploy::ParseId(id);
      changes.push_back({.type = ChangeType::kIgnore,
                         .id = id,
                         .name = parsed ? absl::StrJoin(parsed->names, "/") : id,
                         .before = {},
                         .after = {},
                         .delta = {}});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Change> ApplyOne(const PlannedResource& planned) {
    ASSIGN_OR_RETURN(const Json body, BodyOf(planned, /*keep_unresolved=*/false));
    ASSIGN_OR_RETURN(Change change, Compare(planned, body, /*waits=*/false));
    if (change.type == ChangeType::kNoChange) return change;
    absl::StatusOr<ArmDoor::Written> written = door_.Put(planned.kind, NamesOf(planned), body, false);
    if (!written.ok()) return Of(planned, written.status());
    for (const std::string& warning : written->warnings) Say(context_, absl::StrCat("warning: ", warning));
    RETURN_IF_ERROR(AwaitEverybody(control_, {written->awaited}, options_.timeout_ns).status());
    return change;
  }

  absl::Status Apply() {
    std::vector<Change> done;
    for (size_t i = 0; i < plan_.order.size(); ++i) {
      const PlannedResource& planned = plan_.resources[plan_.order[i]];
      SayProgress(context_, absl::StrCat("deploying ", planned.name));
      absl::StatusOr<Change> change = ApplyOne(planned);
      if (!change.ok()) {
        SayHowFar(done, i);
        return change.status();
      }
      done.push_back(*std::move(change));
    }
    ASSIGN_OR_RETURN(Json outputs, Outputs());
    const std::string id = absl::StrCat("/subscriptions/", kSubscription, "/resourceGroups/", group_,
                                        "/providers/Microsoft.Resources/deployments/", written_->name);
    Print(context_,
          deploy::DeploymentView(
              {.id = id, .name = written_->name, .changes = std::move(done), .outputs = std::move(outputs)}));
    return absl::OkStatus();
  }

  // What was done before the error, where it happened, and what was not tried.
  void SayHowFar(const std::vector<Change>& done, size_t failed) {
    std::vector<std::string> before, after;
    for (const Change& change : done) before.push_back(change.name);
    for (size_t i = failed + 1; i < plan_.order.size(); ++i) {
      after.push_back(plan_.resources[plan_.order[i]].name);
    }
    const auto list = [](const std::vector<std::string>& names) {
      return names.empty() ? "nothing" : absl::StrJoin(names, ", ");
    };
    Say(context_, absl::StrCat("deployed: ", list(before)));
    Say(context_, absl::StrCat("failed: ", plan_.resources[plan_.order[failed]].name));
    Say(context_, absl::StrCat("not tried: ", list(after)));
  }

  absl::StatusOr<Json> Outputs() {
    Json outputs = Json::object();
    const Json& document = written_->document;
    if (!document.contains("outputs")) return outputs;
    for (const auto& [name, output] : document["outputs"].items()) {
      const deploy::Place place = deploy::Place() / "outputs" / name;
      if (output.contains("condition")) {
        ASSIGN_OR_RETURN(const Json wanted,
                         evaluator_->Evaluate(output["condition"], place / "condition", {.live = &door_}));
        if (wanted == false) continue;
      }
      const Json type = output.value("type", Json("Object"));
      outputs[name] = {{"type", type}};
      if (deploy::IsSecure(output)) continue;
      ASSIGN_OR_RETURN(outputs[name]["value"],
                       evaluator_->Evaluate(output["value"], place / "value", {.live = &door_}));
    }
    return outputs;
  }

  void Hide(Change& change) {
    const std::vector<std::string> secrets = evaluator_->Secrets();
    change.before = deploy::WithoutSecrets(change.before, secrets);
    change.after = deploy::WithoutSecrets(change.after, secrets);
    for (deploy::Difference& difference : change.delta) {
      difference.before = deploy::WithoutSecrets(difference.before, secrets);
      difference.after = deploy::WithoutSecrets(difference.after, secrets);
    }
  }

  const Context& context_;
  const DeployOptions& options_;
  ControlClient& control_;
  const std::string group_;
  ArmDoor door_;
  std::string text_;
  std::unique_ptr<deploy::Template> written_;
  std::unique_ptr<deploy::Evaluator> evaluator_;
  deploy::Plan plan_;
};

}  // namespace

absl::Status RunDeploy(const Context& context, ControlClient& control, ChildClient& children,
                       const DeployOptions& options) {
  return Deployment(context, options, control, children).Run();
}

absl::StatusOr<int> Run(const Context& context, const DeployOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(RunDeploy(context, *cluster.control, *cluster.children, options));
  return kExitDone;
}

}  // namespace nonet::cli
