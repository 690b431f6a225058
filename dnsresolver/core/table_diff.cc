#include "dnsresolver/core/table_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/explain.h"

namespace nonet::dns {
namespace {

// Object name -> index.
std::map<std::string, uint32_t> IndexOf(const AnswerTable& table) {
  std::map<std::string, uint32_t> index;
  const auto& resources = table.plan().topology().resources;
  for (uint32_t i = 0; i < resources.size(); ++i) index.emplace(resources[i].name, i);
  return index;
}

// A resource whose configuration, health and matrix are the same in both answers the same.
bool Alike(const AnswerTable& a, uint32_t i, const AnswerTable& b, uint32_t j) {
  return a.plan().topology().resources[i] == b.plan().topology().resources[j] &&
         a.health()[i] == b.health()[j];
}

std::string Told(const AnswerTable& table, std::optional<uint32_t> resource, const Region& region) {
  if (!resource.has_value()) return "";
  std::string told;
  for (const PossibleAnswer& possible : PossibleAnswers(table, *resource, region)) {
    if (possible.host_names.empty()) continue;
    const std::string names = absl::StrJoin(possible.host_names, " + ");
    absl::StrAppend(&told, told.empty() ? "" : ", ", names);
    if (possible.share < 1) {
      absl::StrAppend(&told, " (", static_cast<int>(possible.share * 100 + 0.5), " %)");
    }
  }
  return told;
}

std::vector<std::string> PrefixesOfRegions(const PrefixTable& prefixes, const std::set<int>& regions) {
  std::vector<std::string> of;
  for (const PrefixTable::Entry& entry : prefixes.entries()) {
    if (of.size() >= kPrefixesListedMax) break;
    if (regions.contains(entry.region)) of.push_back(entry.prefix.ToText());
  }
  return of;
}

}  // namespace

TableDiff DiffTables(const AnswerTable& a, const AnswerTable& b) {
  TableDiff diff;
  const std::map<std::string, uint32_t> in_a = IndexOf(a), in_b = IndexOf(b);
  std::set<std::string> names;
  for (const auto& [name, index] : in_a) names.insert(name);
  for (const auto& [name, index] : in_b) names.insert(name);
  const auto find = [](const std::map<std::string, uint32_t>& in, const std::string& name) {
    const auto it = in.find(name);
    return it == in.end() ? std::nullopt : std::optional<uint32_t>(it->second);
  };
  for (const std::string& name : names) {
    const std::optional<uint32_t> i = find(in_a, name), j = find(in_b, name);
    diff.compared += Regions().size();
    if (i.has_value() && j.has_value() && Alike(a, *i, b, *j)) continue;
    std::vector<std::pair<std::pair<std::string, std::string>, std::set<int>>> groups;
    for (const Region& region : Regions()) {
      std::pair<std::string, std::string> change(Told(a, i, region), Told(b, j, region));
      if (change.first == change.second) continue;
      auto group =
          std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == change; });
      if (group == groups.end()) group = groups.insert(groups.end(), {std::move(change), {}});
      group->second.insert(region.number);
    }
    for (const auto& [change, regions] : groups) {
      if (diff.changes.size() >= kAnswerChangesMax) {
        diff.truncated = true;
        return diff;
      }
      TableDiff::Change& out = diff.changes.emplace_back();
      out.resource = name;
      out.from = change.first;
      out.to = change.second;
      for (const int region : regions) out.regions.emplace_back(Regions()[static_cast<size_t>(region)].name);
      out.prefixes = PrefixesOfRegions(b.plan().prefixes(), regions);
    }
  }
  return diff;
}

}  // namespace nonet::dns
