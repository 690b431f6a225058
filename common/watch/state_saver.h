// Keeps one file up with a state that may change thousands of times a second: the newest state is written
// whole, atomically and synced by a thread of the saver's, one write at a time, so that the owner's loop pays
// for the encoding only, and not at every change.
//
//   StateSaver saver(loop, path, [&]() -> std::optional<std::string> { return Encode(); });
//   saver.Changed();
//
// After a quiet spell a change is written at once, the ones after it kSaveFirstNs later, then after twice as
// long each time: a few changes are soon on disk, and a stream of them costs little. The file is never older
// than kSaveEveryNs, or 20 times what encoding takes where that is more, plus the time of one write. The loop
// thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/loop/event_loop.h"

namespace nonet {

// From the start of one write to the start of the next, at least: at first, and as changes keep coming. A
// write syncs the disk, which nine processes may share, and takes its time from answers where there is one
// core.
inline constexpr int64_t kSaveFirstNs = 10 * kNanosPerMilli;
inline constexpr int64_t kSaveEveryNs = 100 * kNanosPerMilli;
// Without a write for so long, changes are few again.
inline constexpr int64_t kSaveQuietNs = 2 * kSaveEveryNs;
// After a failed write.
inline constexpr int64_t kSaveRetryNs = 2 * kNanosPerSecond;
// Encoding takes at most one part in so many of the loop's time.
inline constexpr int64_t kSaveEncodeShare = 20;

class StateSaver {
 public:
  // What the file should hold now; nullopt while that cannot be said: then call Changed when it can.
  using Encode = std::function<std::optional<std::string>()>;

  // `encode` is called on the loop thread, inside Changed and in timers, until the destructor returns.
  StateSaver(EventLoop& loop, std::string path, Encode encode);
  // Writes what is unsaved, and returns when it is on disk (or cannot be: that is logged).
  ~StateSaver();

  void Changed();
  uint64_t writes_started() const;
  uint64_t writes_ended() const;  // Well or not.

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nonet
