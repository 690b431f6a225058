// What processes are called. "controlplane", "dnsresolver"; an instance by its replica id, or its resource's
// id for the primary's. Where that is not unique, "<resource>/<replica>", and "resources/<resource>" for a
// primary. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

class ProcessNames {
 public:
  // All instances there are.
  explicit ProcessNames(const std::vector<const InstanceSpec*>& instances);

  // The name of the process with that key; the key itself when it is none of these.
  std::string NameOf(const std::string& key) const;
  // Accepts the shown name, the object's name, "<resource>/<replica>" and a bare id that is unique;
  // letters of any case. NOT_FOUND lists the names there are, INVALID_ARGUMENT the candidates.
  absl::StatusOr<std::string> KeyOf(absl::string_view name) const;
  // As shown: controlplane, dnsresolver, then the instances by name.
  std::vector<std::string> All() const;

 private:
  std::map<std::string, std::string> shown_;                 // Key -> name.
  std::map<std::string, std::vector<std::string>> aliases_;  // Lower case -> keys.
};

// The part of file names that stands for a process: "controlplane", "contoso__westus".
std::string FileStem(ProcessKind kind, const InstanceSpec& instance);
// Relative to DIR: "instances/contoso/westus".
std::string StateDirectory(const InstanceSpec& instance);

}  // namespace nonet::supervisor
