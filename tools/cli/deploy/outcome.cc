#include "tools/cli/deploy/outcome.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/deploy/arm_ids.h"

namespace nonet::cli::deploy {
namespace {

struct Words {
  ChangeType type;
  const char* name;    // Azure's.
  const char* mark;    // In front of a line.
  const char* future;  // What would happen ...
  const char* past;    // ... and what did.
  Tone tone;
};

constexpr Words kWords[] = {
    {ChangeType::kCreate, "Create", "+", "create", "created", Tone::kGood},
    {ChangeType::kModify, "Modify", "~", "modify", "updated", Tone::kPlain},
    {ChangeType::kNoChange, "NoChange", "=", "no change", "unchanged", Tone::kDim},
    {ChangeType::kIgnore, "Ignore", "*", "ignore", "ignored", Tone::kDim},
};

const Words& WordsOf(ChangeType type) { return kWords[static_cast<size_t>(type)]; }

std::string ShortType(const std::string& id) {
  const std::optional<ParsedId> parsed = ParseId(id);
  if (const auto kind = parsed ? KindOfType(parsed->type) : std::nullopt) {
    return TypeOfKind(*kind).substr(TypeOfKind(*kind).find('/') + 1);
  }
  return parsed ? parsed->type.substr(parsed->type.find('/') + 1) : "";
}

std::string ValueText(const Json& value) {
  return Printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string DifferenceLine(const Difference& difference) {
  const std::string path = Printable(difference.path);
  if (difference.added) return absl::StrCat("    + ", path, ": ", ValueText(difference.after), "\n");
  if (difference.removed) return absl::StrCat("    - ", path, ": ", ValueText(difference.before), "\n");
  return absl::StrCat("    ~ ", path, ": ", ValueText(difference.before), " -> ", ValueText(difference.after),
                      "\n");
}

// Without what the line above the details says already.
Json Details(const Change& change) {
  Json details = WithoutFacts(change.after);
  for (const char* key : {"name", "type", "apiVersion", "condition", "existing", "comments", "metadata"}) {
    if (details.is_object()) details.erase(key);
  }
  return details;
}

// Everything that a new object sets, one line a value.
void CreatedLines(const Json& value, const std::string& path, std::string& lines) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) {
      CreatedLines(member, path.empty() ? key : absl::StrCat(path, ".", key), lines);
    }
  } else if (!value.is_null() && !(value.is_structured() && value.empty())) {
    absl::StrAppend(&lines, "    ", Printable(path), ": ", ValueText(value), "\n");
  }
}

Json ChangeJson(const Change& change) {
  Json json = {{"resourceId", change.id}, {"changeType", WordsOf(change.type).name}};
  if (!change.before.is_null()) json["before"] = change.before;
  if (!change.after.is_null()) json["after"] = change.after;
  if (!change.delta.empty()) {
    Json& delta = json["delta"] = Json::array();
    for (const Difference& d : change.delta) {
      Json entry = {{"path", d.path},
                    {"propertyChangeType", d.added     ? "Create"
                                           : d.removed ? "Delete"
                                                       : "Modify"}};
      if (!d.added) entry["before"] = d.before;
      if (!d.removed) entry["after"] = d.after;
      delta.push_back(std::move(entry));
    }
  }
  if (!change.checked) json["unsupportedReason"] = "Checked when what it depends on is there.";
  return json;
}

}  // namespace

View WhatIf(const std::vector<Change>& changes, const Style& style) {
  View view{.document = {{"status", "Succeeded"}, {"changes", Json::array()}},
            .table = {},
            .text = "",
            .names = {}};
  size_t counts[4] = {};
  for (const Change& change : changes) {
    const Words& words = WordsOf(change.type);
    ++counts[static_cast<size_t>(change.type)];
    view.document["changes"].push_back(ChangeJson(change));
    if (change.type == ChangeType::kCreate || change.type == ChangeType::kModify)
      view.names.push_back(change.id);
    const std::string line = absl::StrCat(words.mark, " ", words.future, "  ", Printable(change.name), "  (",
                                          ShortType(change.id), ")");
    absl::StrAppend(&view.text, Paint(line, words.tone, style), "\n");
    for (const Difference& difference : change.delta) view.text += DifferenceLine(difference);
    if (change.type == ChangeType::kCreate) CreatedLines(Details(change), "", view.text);
    if (!change.checked) view.text += "    (checked when what it depends on is there)\n";
  }
  absl::StrAppend(&view.text, counts[0], " to create, ", counts[1], " to modify, ", counts[2],
                  " without change, ", counts[3], " ignored\n");
  return view;
}

View DeploymentView(const DeploymentOutcome& outcome) {
  Json resources = Json::array();
  cli::Table table{.columns = {"RESOURCE", "TYPE", "RESULT"}, .rows = {}, .when_empty = ""};
  std::vector<std::string> names;
  for (const Change& change : outcome.changes) {
    const Words& words = WordsOf(change.type);
    resources.push_back({{"id", change.id}});
    names.push_back(change.id);
    table.rows.push_back({Cell(change.name), Cell(ShortType(change.id)), Cell(words.past, words.tone)});
  }
  for (const auto& [name, output] : outcome.outputs.items()) {
    const Json value = output.value("value", Json());
    table.rows.push_back(
        {Cell(name), Cell("output"), Cell(value.is_string() ? value.get<std::string>() : ValueText(value))});
  }
  return {.document = {{"id", outcome.id},
                       {"name", outcome.name},
                       {"type", "Microsoft.Resources/deployments"},
                       {"properties",
                        {{"provisioningState", "Succeeded"},
                         {"mode", "Incremental"},
                         {"outputs", outcome.outputs},
                         {"outputResources", resources}}}},
          .table = std::move(table),
          .text = "",
          .names = std::move(names)};
}

}  // namespace nonet::cli::deploy
