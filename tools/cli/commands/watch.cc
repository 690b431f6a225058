#include <ostream>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/real/real_clock.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/events.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr int64_t kLookNs = 3600 * kNanosPerSecond;

}  // namespace

// Ends when the reader goes away, or by a signal.
absl::StatusOr<int> Run(const Context& context, const WatchOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  EventPump pump(cluster, RealClock().WallNs() - options.since_ns);
  size_t dropped = 0;
  while (true) {
    const std::optional<EventView> event = pump.Next(kLookNs);
    if (pump.dropped() != dropped) {
      Say(context, absl::StrCat("warning: ", pump.dropped() - dropped,
                                " events are missing; this reader is too slow"));
      dropped = pump.dropped();
    }
    if (!event) continue;
    context.out << RenderEvent(*event, context.format, context.out_style) << std::flush;
    if (!context.out) return kExitDone;
  }
}

}  // namespace nonet::cli
