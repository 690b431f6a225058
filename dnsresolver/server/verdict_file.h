// What the monitor knew, kept over a restart: without it a resolver killed during an outage would send
// clients back to the dead region until it had counted the failures again. Only Degraded is remembered, and
// only for an endpoint still at the same address.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

struct VerdictFile {
  std::map<std::string, std::string> degraded;  // Object name -> address.

  std::optional<MonitorStatus> Find(const std::string& name, absl::string_view address) const {
    const auto it = degraded.find(name);
    if (it == degraded.end() || it->second != address) return std::nullopt;
    return MonitorStatus::kDegraded;
  }
};

// Empty when there is no file or it is damaged: verdicts are a help, not a need. The file is a
// nonet.steering.v1.ListEndpointsResponse in protobuf's binary form.
VerdictFile ReadVerdicts(const std::string& path);
absl::Status WriteVerdicts(const std::string& path, const Topology& topology, const Health& health);

}  // namespace nonet::dns
