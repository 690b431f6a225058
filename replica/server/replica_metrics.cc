#include "replica/server/replica_metrics.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"

namespace nonet::replica {

void ReplicaMetrics::Show(const std::string& name, const std::string& help, const Metrics::Labels& labels,
                          uint64_t value) {
  const auto key = std::make_pair(name, labels);
  auto it = counters_.find(key);
  if (it == counters_.end()) {
    it = counters_.emplace(key, Mirror{metrics_.AddCounter(name, help, labels)}).first;
  }
  Mirror& mirror = it->second;
  // A peer that was removed and came back counts from zero again.
  if (value > mirror.shown) mirror.counter.Increment(static_cast<double>(value - mirror.shown));
  mirror.shown = value;
}

void ReplicaMetrics::ShowGauge(const std::string& name, const std::string& help,
                               const Metrics::Labels& labels, double value) {
  metrics_.AddGauge(name, help, labels).Set(value);
}

void ReplicaMetrics::ConnectionClosed(absl::string_view cause) {
  metrics_
      .AddCounter("nonet_replica_connections_closed_total", "Client connections that ended, by cause.",
                  {{"cause", std::string(cause)}})
      .Increment();
}

void ReplicaMetrics::Refused(absl::string_view surface, int status) {
  metrics_
      .AddCounter("nonet_replica_requests_refused_total", "Upgrades and REST calls answered with an error.",
                  {{"surface", std::string(surface)}, {"status", absl::StrCat(status)}})
      .Increment();
}

void ReplicaMetrics::Asked(bool complete) {
  metrics_
      .AddCounter(
          "nonet_replica_questions_total",
          "Questions to the whole resource, by whether every instance that may know answered in time.",
          {{"complete", complete ? "true" : "false"}})
      .Increment();
}

void ReplicaMetrics::Update(const ReplicaCore& core, const std::vector<PeerSync::Link>& links, bool serving) {
  ShowGauge("nonet_replica_connections", "Open client connections.", {},
            static_cast<double>(core.connections()));
  ShowGauge("nonet_replica_serving", "1 when this instance serves.", {}, serving ? 1 : 0);
  const ReplicaCore::Counters& counters = core.counters();
  Show("nonet_replica_messages_in_total", "Messages accepted from clients and REST.", {},
       counters.messages_in);
  Show("nonet_replica_messages_out_total", "Messages to clients, one a recipient.", {},
       counters.messages_delivered);
  Show("nonet_replica_forbidden_total", "Client requests without the permission.", {}, counters.forbidden);
  Show("nonet_replica_interest_waits_timed_out_total",
       "Joins and connects answered before every peer heeded them.", {}, counters.waits_timed_out);
  std::array<uint64_t, kGapCauses> lost{};
  for (const PeerSync::Link& link : links) {
    const Metrics::Labels labels = {{"peer", InstanceId(link.instance)}};
    ShowGauge("nonet_replica_peer_linked", "1 when the peer's link is up both ways.", labels,
              link.dialed && link.accepted ? 1 : 0);
    ShowGauge("nonet_replica_peer_waiting_messages",
              "Messages waiting for the peer, or for its acknowledgement.", labels,
              static_cast<double>(core.sync().waiting_messages(link.instance)));
    ShowGauge("nonet_replica_peer_waiting_bytes", "The bytes of those messages.", labels,
              static_cast<double>(core.sync().waiting_bytes(link.instance)));
    const PeerCounters* peer = core.sync().counters(link.instance);
    if (peer == nullptr) continue;
    Show("nonet_replica_peer_messages_forwarded_total", "Messages accepted here for the peer.", labels,
         peer->forwarded);
    Show("nonet_replica_peer_messages_received_total", "Messages of the peer, new ones.", labels,
         peer->received);
    Show("nonet_replica_peer_messages_duplicate_total", "Messages of the peer that came twice.", labels,
         peer->duplicates);
    for (size_t cause = 0; cause < kGapCauses; ++cause) lost[cause] += peer->lost[cause];
  }
  const std::string dropped = "nonet_replica_messages_dropped_total";
  const std::string help = "Messages that could not be kept, by cause.";
  Show(dropped, help, {{"cause", "expired"}}, counters.expired);
  const auto of = [&](GapCause cause) { return lost[static_cast<size_t>(cause)]; };
  Show(dropped, help, {{"cause", "peer_log_full"}}, of(GapCause::kLogOverflow));
  Show(dropped, help, {{"cause", "peer_log_aged"}}, of(GapCause::kAged));
  Show(dropped, help, {{"cause", "peer_log_expired"}}, of(GapCause::kExpired));
  Show(dropped, help, {{"cause", "peer_gone"}}, of(GapCause::kPeerGone));
  constexpr std::array<GapCause, 5> kCauses = {GapCause::kLogOverflow, GapCause::kAged, GapCause::kExpired,
                                               GapCause::kPeerGone, GapCause::kOriginGone};
  for (const GapCause cause : kCauses) {
    Show("nonet_replica_gap_messages_total",
         "Messages in the gaps that this instance lists, sent and received, where their number is known.",
         {{"cause", std::string(GapCauseName(cause))}}, core.sync().gaps().messages(cause));
  }
  Show("nonet_replica_gaps_total", "Gaps noticed, in what was sent and in what was received.", {},
       core.sync().gaps().total());
}

}  // namespace nonet::replica
