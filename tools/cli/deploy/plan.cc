#include "tools/cli/deploy/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/functions.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

const Loop* LoopOf(const PlannedResource& planned) { return planned.loop ? &*planned.loop : nullptr; }

// Evaluates names and unrolls loops.
class Unroller {
 public:
  Unroller(Evaluator& evaluator, Plan& plan) : evaluator_(evaluator), plan_(plan) {}

  absl::Status Add(const WrittenResource& written) {
    if (!written.body->contains("copy")) return AddOne(written, std::nullopt);
    const Place place = written.place / "copy";
    ASSIGN_OR_RETURN(const Json copy, evaluator_.Evaluate((*written.body)["copy"], place, {}));
    const Json name = copy.is_object() ? copy.value("name", Json()) : Json();
    const Json count = copy.is_object() ? copy.value("count", Json()) : Json();
    if (!name.is_string() || !count.is_number_integer()) {
      return errors::InvalidTemplate(place, "a copy needs a name and a count",
                                     "{\"name\": \"loop\", \"count\": 2}");
    }
    const auto turns = count.get<int64_t>();
    if (turns < 0 || turns > kCopyCountMax) {
      return errors::InvalidTemplate(
          place, absl::StrCat("its count is ", turns, "; it can be 0 to ", kCopyCountMax));
    }
    for (int64_t i = 0; i < turns; ++i) {
      RETURN_IF_ERROR(AddOne(written, Loop{.name = name.get<std::string>(), .index = i}));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddOne(const WrittenResource& written, std::optional<Loop> loop) {
    if (plan_.resources.size() >= kResourcesMax) {
      return errors::InvalidTemplate(written.place,
                                     absl::StrCat("there are more than ", kResourcesMax, " resources"));
    }
    PlannedResource planned;
    planned.written = &written;
    planned.loop = std::move(loop);
    ASSIGN_OR_RETURN(std::string type, Text(planned, "type"));
    ASSIGN_OR_RETURN(planned.name, Text(planned, "name"));
    const PlannedResource* parent = ParentOf(written);
    if (parent != nullptr) {
      // A child within its parent has the last part of the type and of the name only; the whole is allowed.
      const std::string parent_type = TypeOfKind(parent->kind);
      if (!absl::StartsWithIgnoreCase(type, absl::StrCat(parent_type, "/")))
        type = absl::StrCat(parent_type, "/", type);
      if (!absl::StrContains(planned.name, '/')) planned.name = absl::StrCat(parent->name, "/", planned.name);
    }
    RETURN_IF_ERROR(Identify(planned, type));
    RETURN_IF_ERROR(ReadSwitches(planned));
    if (parent != nullptr) planned.condition = planned.condition && parent->condition;
    for (const PlannedResource& other : plan_.resources) {
      if (IdKey(other.id) == IdKey(planned.id) && other.condition && planned.condition) {
        return errors::InvalidTemplate(
            written.place,
            absl::StrCat(planned.name, " is deployed twice; the other is ", PlaceText(other.written->place)));
      }
    }
    plan_.resources.push_back(std::move(planned));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Text(const PlannedResource& planned, const char* key) {
    const Place place = planned.written->place / key;
    ASSIGN_OR_RETURN(const Json value,
                     evaluator_.Evaluate((*planned.written->body)[key], place, {.loop = LoopOf(planned)}));
    if (value.is_string()) return value.get<std::string>();
    return errors::InvalidTemplate(place, absl::StrCat("this has to come to a text, not ", KindOf(value)));
  }

  absl::Status Identify(PlannedResource& planned, const std::string& type) {
    const std::optional<Kind> kind = KindOfType(type);
    const WrittenResource& written = *planned.written;
    if (!kind) {
      const std::vector<std::string> known = KnownTypes();
      return errors::InvalidTemplate(written.place / "type",
                                     absl::StrCat("there is no resource type ", type, " here"),
                                     absl::StrCat("one of ", absl::StrJoin(known, ", ")));
    }
    planned.kind = *kind;
    const size_t wanted = SegmentsOfType(type);
    const std::vector<std::string> names = absl::StrSplit(planned.name, '/');
    const bool empty =
        std::any_of(names.begin(), names.end(), [](const std::string& n) { return n.empty(); });
    if (names.size() != wanted || empty) {
      return errors::InvalidTemplate(
          written.place / "name",
          absl::StrCat("\"", planned.name, "\" has to be ", wanted, wanted == 1 ? " part" : " parts",
                       " for type ", TypeOfKind(*kind)),
          wanted == 1 ? "contoso" : "contoso/westus: the parent's name, a slash, its own");
    }
    const Surroundings& in = evaluator_.surroundings();
    planned.id = MakeId(in.subscription, in.group, TypeOfKind(*kind), planned.name);
    return absl::OkStatus();
  }

  absl::Status ReadSwitches(PlannedResource& planned) {
    for (const char* key : {"condition", "existing"}) {
      if (!planned.written->body->contains(key)) continue;
      const Place place = planned.written->place / key;
      ASSIGN_OR_RETURN(const Json value,
                       evaluator_.Evaluate((*planned.written->body)[key], place, {.loop = LoopOf(planned)}));
      if (!value.is_boolean()) {
        return errors::InvalidTemplate(place,
                                       absl::StrCat("this has to come to a boolean, not ", KindOf(value)));
      }
      (key[0] == 'c' ? planned.condition : planned.existing) = value.get<bool>();
    }
    return absl::OkStatus();
  }

  const PlannedResource* ParentOf(const WrittenResource& written) const {
    for (const PlannedResource& planned : plan_.resources) {
      if (written.parent != nullptr && planned.written == written.parent) return &planned;
    }
    return nullptr;
  }

  Evaluator& evaluator_;
  Plan& plan_;
};

// Who is meant by a name: ids, symbolic names, names of loops, plain names.
class Directory {
 public:
  explicit Directory(const Plan& plan) {
    for (size_t i = 0; i < plan.resources.size(); ++i) {
      const PlannedResource& planned = plan.resources[i];
      Enter(planned.id, i);
      Enter(planned.written->symbol, i);
      Enter(planned.name, i);
      if (planned.loop && planned.written->symbol.empty()) Enter(planned.loop->name, i);
    }
  }

  const std::vector<size_t>* Find(absl::string_view name) const {
    const auto found = by_name_.find(absl::AsciiStrToLower(name));
    return found == by_name_.end() ? nullptr : &found->second;
  }

  // Names that mean one resource.
  std::map<std::string, std::string> Unique(const Plan& plan) const {
    std::map<std::string, std::string> ids;
    for (const auto& [name, indices] : by_name_) {
      if (indices.size() == 1) ids.emplace(name, plan.resources[indices[0]].id);
    }
    return ids;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, indices] : by_name_) {
      if (!absl::StartsWith(name, "/")) names.push_back(name);
    }
    return names;
  }

 private:
  void Enter(const std::string& name, size_t index) {
    if (name.empty()) return;
    std::vector<size_t>& indices = by_name_[absl::AsciiStrToLower(name)];
    if (indices.empty() || indices.back() != index) indices.push_back(index);
  }

  std::map<std::string, std::vector<size_t>> by_name_;
};

absl::StatusOr<std::vector<std::string>> WrittenDependencies(const PlannedResource& planned,
                                                             Evaluator& evaluator) {
  std::vector<std::string> names;
  const Json& body = *planned.written->body;
  if (!body.contains("dependsOn")) return names;
  const Place place = planned.written->place / "dependsOn";
  ASSIGN_OR_RETURN(const Json list, evaluator.Evaluate(body["dependsOn"], place, {.loop = LoopOf(planned)}));
  if (!list.is_array()) return errors::InvalidTemplate(place, "dependsOn is an array");
  for (size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_string()) return errors::InvalidTemplate(place / i, "this has to come to a text");
    names.push_back(list[i].get<std::string>());
  }
  return names;
}

// Written in dependsOn, used by reference(), and the parent.
absl::Status Connect(Plan& plan, size_t index, const Directory& directory, Evaluator& evaluator) {
  PlannedResource& planned = plan.resources[index];
  const auto add = [&](const std::vector<size_t>& indices) {
    for (const size_t other : indices) {
      if (std::find(planned.after.begin(), planned.after.end(), other) == planned.after.end())
        planned.after.push_back(other);
    }
  };
  ASSIGN_OR_RETURN(const std::vector<std::string> names, WrittenDependencies(planned, evaluator));
  for (size_t i = 0; i < names.size(); ++i) {
    const std::vector<size_t>* found = directory.Find(names[i]);
    if (found == nullptr) {
      const std::vector<std::string> known = directory.Names();
      return errors::InvalidTemplate(
          planned.written->place / "dependsOn" / i,
          absl::StrCat("the template has no resource ", names[i], DidYouMean(names[i], known)),
          absl::StrCat("one of ", absl::StrJoin(known, ", "), "; or leave it out"));
    }
    add(*found);
  }
  for (const char* key : {"properties", "sku", "tags", "identity", "location"}) {
    if (!planned.written->body->contains(key)) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                     evaluator.References((*planned.written->body)[key], planned.written->place / key,
                                          {.loop = LoopOf(planned)}));
    for (const std::string& id : ids) {
      if (const std::vector<size_t>* found = directory.Find(id)) add(*found);
    }
  }
  const size_t slash = planned.id.rfind('/', planned.id.rfind('/') - 1);
  if (planned.kind != Kind::kResource) {
    if (const std::vector<size_t>* parent = directory.Find(planned.id.substr(0, slash))) add(*parent);
  }
  return absl::OkStatus();
}

// Depth first in the order of writing, so that what does not depend stays as written.
class Sorter {
 public:
  explicit Sorter(Plan& plan) : plan_(plan), state_(plan.resources.size(), State::kNew) {}

  absl::Status Visit(size_t index) {
    if (state_[index] == State::kDone) return absl::OkStatus();
    way_.push_back(index);
    if (state_[index] == State::kUnderWay) return Circle(index);
    state_[index] = State::kUnderWay;
    for (const size_t before : plan_.resources[index].after) RETURN_IF_ERROR(Visit(before));
    state_[index] = State::kDone;
    way_.pop_back();
    const PlannedResource& planned = plan_.resources[index];
    if (planned.condition && !planned.existing) plan_.order.push_back(index);
    return absl::OkStatus();
  }

 private:
  enum class State { kNew, kUnderWay, kDone };

  absl::Status Circle(size_t index) const {
    std::vector<std::string> names;
    for (auto at = std::find(way_.begin(), way_.end(), index); at != way_.end(); ++at) {
      names.push_back(plan_.resources[*at].name);
    }
    return errors::Cycle("resources depend on each other", names);
  }

  Plan& plan_;
  std::vector<State> state_;
  std::vector<size_t> way_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(const Template& written, Evaluator& evaluator) {
  Plan plan;
  Unroller unroller(evaluator, plan);
  for (const auto& resource : written.resources) RETURN_IF_ERROR(unroller.Add(*resource));
  const Directory directory(plan);
  evaluator.SetNames(directory.Unique(plan));
  for (size_t i = 0; i < plan.resources.size(); ++i) RETURN_IF_ERROR(Connect(plan, i, directory, evaluator));
  Sorter sorter(plan);
  for (size_t i = 0; i < plan.resources.size(); ++i) RETURN_IF_ERROR(sorter.Visit(i));
  return plan;
}

}  // namespace nonet::cli::deploy
