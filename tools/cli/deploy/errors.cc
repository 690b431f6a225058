#include "tools/cli/deploy/errors.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/positions.h"
#include "tools/cli/errors.h"

namespace nonet::cli::deploy {
namespace {

constexpr absl::string_view kPlaceKey = "place";
constexpr absl::string_view kCharacterKey = "character";
constexpr absl::string_view kNotYetReason = "NOT_DEPLOYED_YET";

absl::Status TemplateError(absl::string_view reason, absl::string_view message, absl::string_view next_step,
                           std::map<std::string, std::string> metadata) {
  return cli::errors::AsUsage(
      MakeError(absl::StatusCode::kInvalidArgument, reason, message,
                {.next_step = std::string(next_step), .metadata = std::move(metadata)}));
}

}  // namespace

std::string PlaceText(const Place& place) {
  std::vector<std::string> tokens;
  for (Place rest = place; !rest.empty(); rest.pop_back()) tokens.push_back(rest.back());
  std::string text;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    const bool index = !token->empty() && absl::ascii_isdigit(token->front());
    if (index) {
      absl::StrAppend(&text, "[", *token, "]");
    } else {
      absl::StrAppend(&text, text.empty() ? "" : ".", *token);
    }
  }
  return text.empty() ? "the template" : text;
}

namespace errors {

absl::Status NotJson(absl::string_view what, absl::string_view why) {
  return TemplateError("TEMPLATE_NOT_JSON", absl::StrCat(what, " cannot be read: ", why), "", {});
}

absl::Status InvalidTemplate(const Place& place, absl::string_view message, absl::string_view next_step) {
  return TemplateError("TEMPLATE_INVALID", absl::StrCat(PlaceText(place), ": ", message), next_step,
                       {{std::string(kPlaceKey), place.to_string()}});
}

absl::Status NotSupported(const Place& place, absl::string_view what, absl::string_view next_step) {
  return TemplateError("TEMPLATE_NOT_SUPPORTED",
                       absl::StrCat(PlaceText(place), ": ", what, " is not supported"), next_step,
                       {{std::string(kPlaceKey), place.to_string()}});
}

absl::Status BadExpression(size_t character, absl::string_view message, absl::string_view next_step) {
  return TemplateError("TEMPLATE_EXPRESSION", message, next_step,
                       {{std::string(kCharacterKey), absl::StrCat(character)}});
}

absl::Status UnknownFunction(size_t character, absl::string_view name,
                             const std::vector<std::string>& functions) {
  return TemplateError(
      "TEMPLATE_FUNCTION", absl::StrCat("there is no function ", name, DidYouMean(name, functions)),
      absl::StrCat("one of ", absl::StrJoin(functions, ", ")),
      {{std::string(kCharacterKey), absl::StrCat(character)}, {"function", std::string(name)}});
}

absl::Status Cycle(absl::string_view what, const std::vector<std::string>& way) {
  return TemplateError("TEMPLATE_CYCLE", absl::StrCat(what, " in a circle: ", absl::StrJoin(way, " -> ")),
                       "take one of these out", {});
}

absl::Status BadParameter(absl::string_view name, absl::string_view message, absl::string_view next_step) {
  return TemplateError("PARAMETER_INVALID", absl::StrCat("parameter ", name, ": ", message), next_step,
                       {{"parameter", std::string(name)}});
}

absl::Status NotDeployedYet(absl::string_view id) {
  return TemplateError(kNotYetReason, absl::StrCat(id, " is not deployed yet"), "", {});
}

bool IsNotDeployedYet(const absl::Status& status) { return ErrorReason(status) == kNotYetReason; }

absl::Status At(absl::Status status, const Place& place) {
  ErrorDetails details = GetErrorDetails(status);
  if (status.ok() || details.metadata.count(std::string(kPlaceKey)) != 0) return status;
  details.metadata.emplace(kPlaceKey, place.to_string());
  std::string where = PlaceText(place);
  const auto character = details.metadata.find(std::string(kCharacterKey));
  if (character != details.metadata.end()) {
    absl::StrAppend(&where, ", character ", character->second);
  }
  return TemplateError(ErrorReason(status), absl::StrCat(where, ": ", status.message()), details.next_step,
                       std::move(details.metadata));
}

absl::Status About(const absl::Status& status, absl::string_view name, const Place& place) {
  ErrorDetails details = GetErrorDetails(status);
  details.metadata.emplace(kPlaceKey, place.to_string());
  return MakeError(status.code(), ErrorReason(status), absl::StrCat(name, ": ", status.message()),
                   std::move(details));
}

absl::Status InFile(const absl::Status& status, absl::string_view file, absl::string_view text) {
  const ErrorDetails details = GetErrorDetails(status);
  const auto place = details.metadata.find(std::string(kPlaceKey));
  if (status.ok() || place == details.metadata.end()) return status;
  const Position position = Locate(text, Place(place->second));
  absl::Status located = MakeError(
      status.code(), ErrorReason(status),
      absl::StrCat(file, ":", position.line, ":", position.column, ": ", status.message()), details);
  // What else it carries (the exit code) stays.
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { located.SetPayload(url, value); });
  return located;
}

}  // namespace errors
}  // namespace nonet::cli::deploy
