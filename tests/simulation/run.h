// One run of the simulation: nine instances, clients that join, leave and send, seeded faults, then a
// majority heals and has to come to rest with every promise kept. The same seed and mutation give the same
// digest.
//
//   RunReport report = Run({.seed = 17});
//   if (!report.ok()) std::cerr << report.Text();
#pragma once

#include <cstdint>
#include <string>

#include "replica/core/inbox.h"
#include "tests/simulation/checkers.h"

namespace nonet::sync_sim {

// What a correct engine would not do; see replica::SyncPolicy.
enum class Mutation { kNone, kNoDedup, kAckBeforeDeliver, kUnorderedResume, kForwardTwice };

struct RunOptions {
  uint64_t seed = 1;
  Mutation mutation = Mutation::kNone;
};

struct RunReport {
  uint64_t seed = 0;
  uint64_t digest = 0;
  uint64_t sent = 0;       // Messages accepted.
  uint64_t refused = 0;    // Not accepted: a log was full.
  uint64_t delivered = 0;  // One a subscriber.
  uint64_t crossed = 0;    // Of these, from another instance.
  uint64_t promises = 0;
  uint64_t excused = 0;  // Promised, not delivered, and listed.
  uint64_t faults = 0;
  uint64_t fault_kinds = 0;
  uint64_t questions = 0;
  uint64_t frames = 0;
  int64_t converged_ns = 0;  // From the heal, dialling included, until all copies of interest were right.
  sync_check::Violations violations;
  std::string vacuous;  // Why the run proves nothing; empty: it does.

  bool ok() const { return violations.empty() && vacuous.empty(); }
  std::string Text() const;
};

RunReport Run(const RunOptions& options);

}  // namespace nonet::sync_sim
