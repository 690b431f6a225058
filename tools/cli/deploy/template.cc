#include "tools/cli/deploy/template.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/functions.h"
#include "tools/cli/deploy/limits.h"
#include "tools/cli/deploy/positions.h"

namespace nonet::cli::deploy {
namespace {

using Names = std::vector<std::string>;

bool Has(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Every key is a known one; those that Azure knows and Nonet does not are refused by name.
absl::Status CheckKeys(const Json& object, const Place& place, const Names& known, const Names& unsupported) {
  for (const auto& [key, value] : object.items()) {
    if (Has(known, key)) continue;
    if (Has(unsupported, key)) return errors::NotSupported(place / key, absl::StrCat("\"", key, "\""), "");
    return errors::InvalidTemplate(place / key, absl::StrCat("this cannot be here", DidYouMean(key, known)),
                                   absl::StrCat("one of ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

absl::Status CheckIsObject(const Json& value, const Place& place, size_t most) {
  if (!value.is_object()) {
    return errors::InvalidTemplate(place, absl::StrCat("this has to be an object, not ", KindOf(value)));
  }
  if (value.size() <= most) return absl::OkStatus();
  return errors::InvalidTemplate(place, absl::StrCat("there are ", value.size(), "; the limit is ", most));
}

absl::Status CheckParameterSection(const Json& section) {
  static const Names types = {"string", "securestring", "int", "bool", "object", "secureobject", "array"};
  const Place place = Place() / "parameters";
  RETURN_IF_ERROR(CheckIsObject(section, place, kParametersMax));
  for (const auto& [name, declaration] : section.items()) {
    const Place at = place / name;
    RETURN_IF_ERROR(CheckIsObject(declaration, at, kParametersMax));
    RETURN_IF_ERROR(CheckKeys(
        declaration, at,
        {"type", "defaultValue", "allowedValues", "minValue", "maxValue", "minLength", "maxLength",
         "metadata", "nullable"},
        {"$ref", "items", "properties", "additionalProperties", "discriminator", "sealed", "prefixItems"}));
    const Json type = declaration.value("type", Json());
    const bool known = type.is_string() && Has(types, absl::AsciiStrToLower(type.get<std::string>()));
    if (!known) {
      return errors::InvalidTemplate(at, "its type is missing or unknown",
                                     absl::StrCat("\"type\": one of ", absl::StrJoin(types, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOutputSection(const Json& section) {
  const Place place = Place() / "outputs";
  RETURN_IF_ERROR(CheckIsObject(section, place, kOutputsMax));
  for (const auto& [name, output] : section.items()) {
    const Place at = place / name;
    RETURN_IF_ERROR(CheckIsObject(output, at, kOutputsMax));
    RETURN_IF_ERROR(CheckKeys(output, at, {"type", "value", "condition", "metadata"},
                              {"copy", "$ref", "items", "properties", "nullable"}));
    if (!output.contains("value")) return errors::InvalidTemplate(at, "an output needs a value");
  }
  return absl::OkStatus();
}

absl::Status CheckSections(const Json& document) {
  if (!document.is_object()) return errors::InvalidTemplate(Place(), "a template is an object");
  RETURN_IF_ERROR(CheckKeys(document, Place(),
                            {"$schema", "contentVersion", "languageVersion", "metadata", "parameters",
                             "variables", "resources", "outputs"},
                            {"functions", "definitions", "imports", "extensions", "apiProfile"}));
  const Json schema = document.value("$schema", Json());
  if (!schema.is_string() || !absl::StrContains(schema.get<std::string>(), "deploymentTemplate.json")) {
    return errors::InvalidTemplate(
        Place() / "$schema", "this is no template for a resource group",
        "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#");
  }
  if (!document.value("contentVersion", Json()).is_string()) {
    return errors::InvalidTemplate(Place(), "contentVersion is missing", "\"contentVersion\": \"1.0.0.0\"");
  }
  if (document.contains("parameters")) RETURN_IF_ERROR(CheckParameterSection(document["parameters"]));
  if (document.contains("variables")) {
    RETURN_IF_ERROR(CheckIsObject(document["variables"], Place() / "variables", kVariablesMax));
  }
  if (document.contains("outputs")) RETURN_IF_ERROR(CheckOutputSection(document["outputs"]));
  if (!document.contains("resources")) return errors::InvalidTemplate(Place(), "resources are missing");
  return absl::OkStatus();
}

// The resource and the children within it.
absl::Status AddWritten(Template& into, const Json& body, const std::string& symbol, const Place& place,
                        const WrittenResource* parent) {
  RETURN_IF_ERROR(CheckIsObject(body, place, kParametersMax));
  RETURN_IF_ERROR(
      CheckKeys(body, place,
                {"type", "apiVersion", "name", "location", "tags", "sku", "kind", "identity", "properties",
                 "dependsOn", "condition", "copy", "resources", "existing", "comments", "metadata"},
                {"scope", "plan", "zones", "extendedLocation", "managedBy", "import", "extension",
                 "subscriptionId", "resourceGroup"}));
  for (const char* key : {"type", "apiVersion", "name"}) {
    if (body.contains(key) && body[key].is_string()) continue;
    return errors::InvalidTemplate(place, absl::StrCat("a resource needs a text for ", key));
  }
  into.resources.push_back(std::make_unique<WrittenResource>(
      WrittenResource{.symbol = symbol, .place = place, .body = &body, .parent = parent}));
  if (into.resources.size() > kResourcesMax) {
    return errors::InvalidTemplate(place, absl::StrCat("there are more than ", kResourcesMax, " resources"));
  }
  if (!body.contains("resources")) return absl::OkStatus();
  const WrittenResource* self = into.resources.back().get();
  const Json& children = body["resources"];
  if (!children.is_array()) return errors::InvalidTemplate(place / "resources", "children are an array");
  if (body.contains("copy") && !children.empty()) {
    return errors::NotSupported(place / "resources", "children within a resource that is copied",
                                "write them beside it, with type \"parent/child\"");
  }
  for (size_t i = 0; i < children.size(); ++i) {
    RETURN_IF_ERROR(AddWritten(into, children[i], "", place / "resources" / i, self));
  }
  return absl::OkStatus();
}

std::string DeploymentName(absl::string_view file) {
  const size_t slash = file.rfind('/');
  if (slash != file.npos) file = file.substr(slash + 1);
  const std::string stem(file.substr(0, file.find('.')));
  return stem.empty() ? "deployment" : stem;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Template>> ReadTemplate(absl::string_view text, absl::string_view file) {
  ASSIGN_OR_RETURN(Json document, ParseDocument(text, file));
  auto read = std::make_unique<Template>();
  read->name = DeploymentName(file);
  read->document = std::move(document);
  RETURN_IF_ERROR(CheckSections(read->document));
  const Json& resources = std::as_const(read->document)["resources"];
  const Place place = Place() / "resources";
  if (!resources.is_structured()) {
    return errors::InvalidTemplate(place, "resources are an array, or an object with languageVersion 2.0");
  }
  for (const auto& [key, body] : resources.items()) {
    const bool symbolic = resources.is_object();
    const Place at = symbolic ? place / key : place / static_cast<size_t>(std::stoul(key));
    RETURN_IF_ERROR(AddWritten(*read, body, symbolic ? key : "", at, nullptr));
  }
  return read;
}

}  // namespace nonet::cli::deploy
