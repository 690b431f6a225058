#include "tools/supervisor/core/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/supervisor/core/errors.h"

namespace nonet::supervisor {
namespace {

const std::string& IdOf(const InstanceSpec& instance) {
  return instance.replica_id.empty() ? instance.resource_id : instance.replica_id;
}

}  // namespace

ProcessNames::ProcessNames(const std::vector<const InstanceSpec*>& instances) {
  std::map<std::string, int> uses = {{kControlplaneKey, 1}, {kDnsresolverKey, 1}};
  for (const InstanceSpec* instance : instances) ++uses[absl::AsciiStrToLower(IdOf(*instance))];

  const auto alias = [this](absl::string_view name, const std::string& key) {
    std::vector<std::string>& keys = aliases_[absl::AsciiStrToLower(name)];
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const char* daemon : {kControlplaneKey, kDnsresolverKey}) {
    shown_[daemon] = daemon;
    alias(daemon, daemon);
  }
  for (const InstanceSpec* instance : instances) {
    const std::string& id = IdOf(*instance);
    const std::string lower = absl::AsciiStrToLower(id);
    const bool daemon = lower == kControlplaneKey || lower == kDnsresolverKey;
    const bool primary = instance->replica_id.empty();
    std::string name = id;
    if (primary && daemon) name = instance->object;
    if (!primary && uses[lower] > 1) name = absl::StrCat(instance->resource_id, "/", id);
    shown_[instance->object] = name;
    alias(name, instance->object);
    alias(instance->object, instance->object);
    alias(absl::StrCat(instance->resource_id, "/", id), instance->object);
    if (!daemon && uses[lower] == 1) alias(id, instance->object);
    // A primary keeps its plain name even when a replica somewhere is called the same; otherwise a bare id
    // that several instances share is worth an answer that lists them.
    if (!daemon && !primary && uses[lower] > 1) aliases_[lower].push_back(instance->object);
  }
}

std::string ProcessNames::NameOf(const std::string& key) const {
  const auto it = shown_.find(key);
  return it == shown_.end() ? key : it->second;
}

absl::StatusOr<std::string> ProcessNames::KeyOf(absl::string_view name) const {
  const auto it = aliases_.find(absl::AsciiStrToLower(name));
  if (it == aliases_.end()) return UnknownProcess(name, All());
  if (it->second.size() == 1) return it->second.front();
  std::vector<std::string> candidates;
  for (const std::string& key : it->second) {
    if (absl::EqualsIgnoreCase(NameOf(key), name)) return key;
    candidates.push_back(NameOf(key));
  }
  return AmbiguousProcess(name, candidates);
}

std::vector<std::string> ProcessNames::All() const {
  std::vector<std::string> instances;
  for (const auto& [key, name] : shown_) {
    if (key != kControlplaneKey && key != kDnsresolverKey) instances.push_back(name);
  }
  std::sort(instances.begin(), instances.end());
  std::vector<std::string> all = {kControlplaneKey, kDnsresolverKey};
  all.insert(all.end(), instances.begin(), instances.end());
  return all;
}

std::string FileStem(ProcessKind kind, const InstanceSpec& instance) {
  switch (kind) {
    case ProcessKind::kControlplane:
      return kControlplaneKey;
    case ProcessKind::kDnsresolver:
      return kDnsresolverKey;
    case ProcessKind::kInstance:
      break;
  }
  return absl::StrCat(instance.resource_id, "__", IdOf(instance));
}

std::string StateDirectory(const InstanceSpec& instance) {
  return absl::StrCat("instances/", instance.resource_id, "/", IdOf(instance));
}

}  // namespace nonet::supervisor
