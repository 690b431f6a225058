// Holds an instance's ports while its region is said to hang: accepts connections and never answers.
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/loop/event_loop.h"

namespace nonet::replica {

// Connections held on one port; further ones wait in the kernel's queue, as unanswered as these.
inline constexpr size_t kBlackholeConnectionsMax = 1'000;

class Blackhole {
 public:
  explicit Blackhole(EventLoop& loop);
  ~Blackhole();  // Closes everything.

  // Starts to listen. Port 0 picks a free one; `bound`, when given, gets it. UNAVAILABLE with errno's words.
  absl::Status Hold(const std::string& address, uint16_t port, uint16_t* bound = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::replica
