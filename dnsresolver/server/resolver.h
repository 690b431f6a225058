// The owner of one resolver: takes configuration and probe results, runs the monitor, and publishes a new
// answer table whenever either changes what is answered. Everything on one loop thread.
//
//   Resolver resolver(loop, options, metrics, feed, board);
//   WatchClient watch(loop, ..., resolver.validate(), resolver.apply());
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "common/watch/watch_client.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/monitor.h"
#include "dnsresolver/server/event_feed.h"
#include "dnsresolver/server/history_store.h"
#include "dnsresolver/server/prober.h"
#include "dnsresolver/server/status_board.h"
#include "dnsresolver/server/table_publisher.h"

namespace nonet::dns {

struct ResolverOptions {
  AnswerSettings answers;
  MonitorSettings monitor;
  ProbeSettings probes;                         // As many places to probe from as `monitor` has vantages.
  std::shared_ptr<const PrefixTable> prefixes;  // Where clients are; the regions' own when nullptr.
  std::string verdict_file;                     // Verdicts survive a restart here; none when empty.
  std::string history_directory;                // Every table is kept here; nowhere when empty.
  uint64_t seed = 0;                            // Of the probes' phases.
};

class Resolver {  // The loop thread only.
 public:
  using OnFacts = std::function<void(watch::v1::Facts)>;

  // All outlive the resolver. It answers SERVFAIL within the zone until the first configuration comes.
  Resolver(EventLoop& loop, ResolverOptions options, Metrics& metrics, EventFeed& feed, StatusBoard& board);
  ~Resolver();  // Keeps the verdicts on disk.

  // For WatchClient. `held`: what it holds under that name, or nullptr.
  absl::Status Validate(const watch::v1::Event& event, const watch::v1::Event* held) const;
  // Returns with the new table in force. `applied` is called when it has been recorded too, at the latest two
  // milliseconds later; at once for the first.
  void Apply(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
             std::function<void()> applied);
  // Called at every change of the monitor's verdicts.
  void SetOnFacts(OnFacts on_facts);

  TablePublisher& publisher();
  // Its reading half may be used by any thread, as long as the resolver lives.
  const HistoryStore& history() const;
  // Whether a configuration has been seen.
  bool configured() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
