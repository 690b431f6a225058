// Runs seeds of the sync engine's simulation.
//   sync_simulation --seeds 1-300 [--mutation
//   none|no-dedup|ack-before-deliver|unordered-resume|forward-twice] [-v]
// Exit code 1 when a seed fails. Every seed that fails is run again and has to fail with the same digest.
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/simulation/run.h"

namespace nonet::sync_sim {
namespace {

constexpr char kUsage[] =
    "usage: sync_simulation --seeds FIRST-LAST "
    "[--mutation none|no-dedup|ack-before-deliver|unordered-resume|forward-twice] [-v]\n";

bool ParseSeeds(const std::string& text, uint64_t* first, uint64_t* last) {
  const std::vector<std::string> parts = absl::StrSplit(text, '-');
  if (parts.empty() || parts.size() > 2) return false;
  return absl::SimpleAtoi(parts.front(), first) && absl::SimpleAtoi(parts.back(), last) && *first <= *last;
}

bool ParseMutation(const std::string& text, Mutation* mutation) {
  const std::vector<std::pair<std::string, Mutation>> known = {
      {"none", Mutation::kNone},
      {"no-dedup", Mutation::kNoDedup},
      {"ack-before-deliver", Mutation::kAckBeforeDeliver},
      {"unordered-resume", Mutation::kUnorderedResume},
      {"forward-twice", Mutation::kForwardTwice}};
  for (const auto& [name, value] : known) {
    if (name != text) continue;
    *mutation = value;
    return true;
  }
  return false;
}

int RunAll(uint64_t first, uint64_t last, Mutation mutation, bool verbose) {
  uint64_t failed = 0, sent = 0, delivered = 0, excused = 0, faults = 0, digest = 0;
  int64_t converged_ns = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const RunReport report = Run({.seed = seed, .mutation = mutation});
    sent += report.sent;
    delivered += report.delivered;
    excused += report.excused;
    faults += report.faults;
    digest = digest * 31 + report.digest;
    converged_ns = std::max(converged_ns, report.converged_ns);
    if (verbose || !report.ok()) std::cout << report.Text() << std::flush;
    if (report.ok()) continue;
    ++failed;
    if (Run({.seed = seed, .mutation = mutation}).digest != report.digest) {
      std::cout << "  and it does not replay: the digest differs\n";
    }
  }
  std::cout << last - first + 1 << " seeds, " << failed << " failed; " << sent << " sent, " << delivered
            << " delivered, " << excused << " listed as lost, " << faults
            << " faults; interest converged within " << converged_ns / 1'000'000 << " ms of the heal; digest "
            << std::hex << digest << "\n";
  return failed == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  uint64_t first = 0, last = 0;
  Mutation mutation = Mutation::kNone;
  bool verbose = false, seeds = false;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "-v") {
      verbose = true;
    } else if (flag == "--seeds" && i + 1 < argc && ParseSeeds(argv[i + 1], &first, &last)) {
      seeds = true;
      ++i;
    } else if (flag == "--mutation" && i + 1 < argc && ParseMutation(argv[i + 1], &mutation)) {
      ++i;
    } else {
      std::cerr << kUsage;
      return 2;
    }
  }
  if (!seeds) {
    std::cerr << kUsage;
    return 2;
  }
  return RunAll(first, last, mutation, verbose);
}

}  // namespace
}  // namespace nonet::sync_sim

int main(int argc, char** argv) { return nonet::sync_sim::Main(argc, argv); }
