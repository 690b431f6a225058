// Templates in tests: one around a few lines, evaluated in a group of its own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tools/cli/deploy/plan.h"

namespace nonet::cli::deploy {

inline constexpr char kSchema[] =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
inline constexpr char kGroupId[] = "/subscriptions/sub/resourceGroups/nonet";

// A whole template with the sections, each "\"name\": {...}" with commas between.
inline std::string TemplateWith(const std::string& sections) {
  return absl::StrCat("{\"$schema\": \"", kSchema, "\",\n\"contentVersion\": \"1.0.0.0\",\n", sections, "}");
}

inline Surroundings TestSurroundings() {
  return {.subscription = "sub", .group = "nonet", .location = "eastus", .name = "main"};
}

// What exists, by lower-case id.
class FakeLive final : public LiveState {
 public:
  std::map<std::string, Json> objects;
  absl::StatusOr<Json> Show(const std::string& id) override {
    const auto found = objects.find(IdKey(id));
    if (found == objects.end()) return errors::NotDeployedYet(id);
    return found->second;
  }
  absl::StatusOr<Json> ListKeys(const std::string& id) override {
    if (objects.count(IdKey(id)) == 0) return errors::NotDeployedYet(id);
    return Json{{"primaryKey", "k1"}};
  }
};

// One expression in a document that may have parameters and variables.
inline absl::StatusOr<Json> EvaluateIn(const Json& document, const std::string& expression,
                                       std::map<std::string, Json> given = {},
                                       const EvaluationContext& context = {}) {
  Evaluator evaluator(document, std::move(given), TestSurroundings());
  return evaluator.Evaluate(Json(expression), Place() / "here", context);
}
inline absl::StatusOr<Json> EvaluateAlone(const std::string& expression) {
  return EvaluateIn(Json::object(), expression);
}

// A template read and planned; both are kept, since a plan points into its template.
struct Planned {
  std::unique_ptr<Template> written;
  std::unique_ptr<Evaluator> evaluator;
  Plan plan;
};

inline absl::StatusOr<Planned> PlanOf(const std::string& text, std::map<std::string, Json> given = {}) {
  Planned planned;
  absl::StatusOr<std::unique_ptr<Template>> read = ReadTemplate(text, "main.json");
  if (!read.ok()) return read.status();
  planned.written = *std::move(read);
  planned.evaluator =
      std::make_unique<Evaluator>(planned.written->document, std::move(given), TestSurroundings());
  absl::StatusOr<Plan> plan = MakePlan(*planned.written, *planned.evaluator);
  if (!plan.ok()) return plan.status();
  planned.plan = *std::move(plan);
  return planned;
}

}  // namespace nonet::cli::deploy
