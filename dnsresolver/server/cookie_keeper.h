// The secrets of DNS cookies: drawn from entropy, kept in a file so that a restart breaks nobody's cookie,
// and replaced once a day with the one before still good. Each answering thread has its own copy and takes a
// lock only when they have changed.
//
//   CookieKeeper keeper(loop, directory + "/cookies");
//   CookieKeeper::Copy copy;                                 // A thread's.
//   const CookieSecrets& secrets = keeper.Refresh(copy);
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/loop/event_loop.h"
#include "dnsresolver/core/cookies.h"

namespace nonet::dns {

class CookieKeeper {  // Made, used and ended on the loop thread, but for Refresh.
 public:
  struct Copy {
    uint64_t generation = 0;  // 0: nothing yet.
    CookieSecrets secrets;
  };

  // Goes on with new secrets when the file is missing or of no use, and without a file when it cannot be
  // written; both are logged. An empty `file` keeps nothing.
  CookieKeeper(EventLoop& loop, std::string file);
  ~CookieKeeper();

  // Any thread. Valid until the copy is refreshed again.
  const CookieSecrets& Refresh(Copy& copy) const;

 private:
  bool Read();
  void Keep() const;
  void RollOver();
  void Arm();
  void Set(const CookieSecrets& secrets, int64_t made_wall_ns);

  EventLoop& loop_;
  const std::string file_;
  int64_t made_wall_ns_ = 0;  // The current secret.
  EventLoop::TimerId timer_ = 0;
  std::atomic<uint64_t> generation_{0};
  mutable absl::Mutex mutex_;
  CookieSecrets secrets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nonet::dns
