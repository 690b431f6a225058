// What a template's expressions come to. Variables and defaults are evaluated once, when first used; circles
// are named. Not thread-safe.
//
//   Evaluator evaluator(document, given, {.subscription = ..., .group = "nonet", .name = "main"});
//   ASSIGN_OR_RETURN(const Json body, evaluator.Evaluate(raw, place, {.live = &live}));
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/expression.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// What resourceGroup().type says.
inline constexpr char kGroupType[] = "Microsoft.Resources/resourceGroups";

// What a deployment happens in.
struct Surroundings {
  std::string subscription;
  std::string group;
  std::optional<std::string> location;  // What resourceGroup().location says; without it an error.
  std::string name;                     // deployment().name
};

// What exists, for reference() and listKeys(). Ids are ARM's.
class LiveState {
 public:
  virtual ~LiveState() = default;
  // The whole object as ARM shows it; errors::NotDeployedYet while it is not there.
  virtual absl::StatusOr<Json> Show(const std::string& id) = 0;
  virtual absl::StatusOr<Json> ListKeys(const std::string& id) = 0;
};

// One turn of a copy loop.
struct Loop {
  std::string name;
  int64_t index = 0;
};

struct EvaluationContext {
  LiveState* live = nullptr;     // Without it reference() is refused.
  const Loop* loop = nullptr;    // Without it copyIndex() is refused.
  bool keep_unresolved = false;  // An expression about what is not deployed yet stays as it is written.
};

class Evaluator {
 public:
  // `document` outlives it. `given` are values by declared names, checked when used.
  Evaluator(const Json& document, std::map<std::string, Json> given, Surroundings surroundings);

  // Every string of the value that is an expression, evaluated. `place` is where the value stands.
  absl::StatusOr<Json> Evaluate(const Json& value, const Place& place, const EvaluationContext& context);

  // All parameters, so that a bad one is told before anything is done.
  absl::Status CheckParameters();

  // What reference() and resourceInfo() may say instead of an id: symbolic names, names. By lower case.
  void SetNames(std::map<std::string, std::string> ids_by_name) { ids_by_name_ = std::move(ids_by_name); }

  // Ids that the value's reference() and list calls are about.
  absl::StatusOr<std::vector<std::string>> References(const Json& value, const Place& place,
                                                      const EvaluationContext& context);

  // Texts of secure parameters, which no output may show.
  std::vector<std::string> Secrets() const;

  const Surroundings& surroundings() const { return surroundings_; }

 private:
  // A value that is computed when first used.
  struct Lazy {
    bool under_way = false;
    std::optional<Json> value;
  };

  absl::StatusOr<Json> Walk(const Json& value, const Place& place, const EvaluationContext& context);
  absl::StatusOr<Json> EvaluateText(const std::string& text, const EvaluationContext& context);
  absl::StatusOr<Json> Value(const Expression& expression, const EvaluationContext& context);
  absl::StatusOr<Json> ValueWithin(const Expression& expression, const EvaluationContext& context);
  absl::StatusOr<Json> CallOf(const Expression& call, const EvaluationContext& context);
  absl::StatusOr<Json> Member(const Expression& access, const EvaluationContext& context);
  absl::StatusOr<Json> Index(const Expression& access, const EvaluationContext& context);
  // Functions that do not evaluate all their arguments. nullopt: not one of them.
  absl::StatusOr<std::optional<Json>> Choose(const std::string& name, const Expression& call,
                                             const EvaluationContext& context);
  absl::StatusOr<Json> Surrounding(const std::string& name, const std::vector<Json>& arguments,
                                   const EvaluationContext& context);
  absl::StatusOr<Json> Parameter(const std::string& name);
  absl::StatusOr<Json> Variable(const std::string& name);
  absl::StatusOr<Json> ResourceId(const std::vector<Json>& arguments);
  absl::StatusOr<Json> CopyIndex(const std::vector<Json>& arguments, const EvaluationContext& context);
  absl::StatusOr<Json> Reference(const std::vector<Json>& arguments, const EvaluationContext& context);
  absl::StatusOr<std::string> IdOf(const Json& argument) const;
  absl::Status Charge(const Json& result);
  absl::Status Collect(const Expression& expression, const EvaluationContext& context,
                       std::vector<std::string>& ids);

  const Json& document_;
  const std::map<std::string, Json> given_;
  const Surroundings surroundings_;
  std::map<std::string, std::string> ids_by_name_;
  std::map<std::string, Lazy> parameters_, variables_;
  std::vector<std::string> way_;  // Parameters and variables under way.
  int depth_ = 0;                 // Values under way.
  int64_t steps_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace nonet::cli::deploy
