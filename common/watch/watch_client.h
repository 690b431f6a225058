// A subscriber of the control plane's configuration (nonet.watch.v1): keeps the stream up, holds the last
// good state in memory and on disk, and tells its owner what changed. Runs on the owner's loop.
//
// At start it reads its state file, so that the process serves before (and without) the control plane.
// A refused object keeps its last good version here and on disk. The file follows at once, or within about
// 100 ms of the change before (see state_saver.h), and at a clean end; after a crash or power loss it may be
// that much older than what was acknowledged, and the stream brings the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/loop/event_loop.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet {

class WatchClient {  // The loop thread only.
 public:
  struct Options {
    std::string target;  // The control plane's "ip:port".
    watch::v1::Role role = watch::v1::ROLE_UNSPECIFIED;
    std::string subscriber;
    std::string epoch;
    std::string state_file;  // Last good state; none when empty.
  };
  // Object name -> its whole last good version. Ordered by name.
  using Objects = std::map<std::string, watch::v1::Event>;
  struct Delta {
    std::vector<std::string> changed;  // Names in Objects that are new or newer.
    std::vector<std::string> removed;  // Names no longer in Objects.
    uint64_t revision = 0;
    bool from_disk = false;
  };
  // Why an object cannot be applied; OK accepts it. Pure; called before the object enters Objects.
  using Validate = std::function<absl::Status(const watch::v1::Event&)>;
  // Apply the change, then call `applied` (now or later, at most once, on the loop thread): that is what
  // acknowledges it. Changes keep coming meanwhile; acknowledgements are cumulative.
  using Apply = std::function<void(const Objects&, const Delta&, std::function<void()> applied)>;

  WatchClient(EventLoop& loop, Options options, Validate validate, Apply apply);
  ~WatchClient();  // No callback follows.

  // Applies the state file's content (if there is one), then connects, for ever, with backoff 50 ms to 2 s.
  void Start();
  // Sent now and again at every reconnect.
  void SetFacts(watch::v1::Facts facts);

  const Objects& objects() const;
  uint64_t revision() const;
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nonet
