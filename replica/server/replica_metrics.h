// What one instance counts, as Prometheus series. Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/process/metrics.h"
#include "replica/core/replica_core.h"
#include "replica/server/peer_sync.h"

namespace nonet::replica {

class ReplicaMetrics {
 public:
  explicit ReplicaMetrics(Metrics& metrics) : metrics_(metrics) {}

  // A connection ended ("client", "transport", "silent", "slow", "going_away", "invalid_payload", ...).
  void ConnectionClosed(absl::string_view cause);
  // An upgrade or a REST call was refused with that status.
  void Refused(absl::string_view surface, int status);
  // A question to the whole resource was answered, by all that were asked or not.
  void Asked(bool complete);
  // Brings the series up to what the core and the links say.
  void Update(const ReplicaCore& core, const std::vector<PeerSync::Link>& links, bool serving);

 private:
  struct Mirror {
    Counter counter;
    uint64_t shown = 0;
  };
  void Show(const std::string& name, const std::string& help, const Metrics::Labels& labels, uint64_t value);
  void ShowGauge(const std::string& name, const std::string& help, const Metrics::Labels& labels,
                 double value);

  Metrics& metrics_;
  std::map<std::pair<std::string, Metrics::Labels>, Mirror> counters_;
};

}  // namespace nonet::replica
