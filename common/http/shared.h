// What the connections of one HTTP server have in common. It lives as long as any of them does.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/http/server.h"
#include "common/loop/event_loop.h"

namespace nonet::http {

// The peer gets this long to take what is on its way when we close.
inline constexpr int64_t kLingerNs = 5 * kNanosPerSecond;
// One read takes at most this much: the more, the larger the batches that a loaded loop works in.
inline constexpr size_t kScratchBytes = 256 * 1024;
// Queued bytes are copied together up to this size; buffers of it are kept for the next who writes.
inline constexpr size_t kChunkBytes = 64 * 1024;
inline constexpr size_t kChunksKept = 32;

class StreamCore;

class Socket {  // An open connection, as the server knows it.
 public:
  virtual ~Socket() = default;
  // Closes at once (RST). Idempotent. Removes itself from Shared::open.
  virtual void AbortNow() = 0;
};

struct Shared : std::enable_shared_from_this<Shared> {  // The loop thread only.
  Shared(EventLoop& loop_in, ServerOptions options_in, Server::Handler handler_in,
         Server::UpgradeHandler upgrade_in)
      : loop(loop_in),
        options(std::move(options_in)),
        handler(std::move(handler_in)),
        upgrade(std::move(upgrade_in)) {}

  // Everything that streams wrote in this turn of the loop leaves when the turn ends.
  void FlushLater(std::shared_ptr<StreamCore> stream);

  EventLoop& loop;
  const ServerOptions options;
  const Server::Handler handler;
  const Server::UpgradeHandler upgrade;
  absl::flat_hash_set<std::shared_ptr<Socket>> open;  // Owns them; each leaves when it closes.
  std::vector<std::shared_ptr<StreamCore>> dirty;     // Streams with something to send.
  std::vector<std::string> spare_chunks;              // Empty, with room for kChunkBytes.
  std::array<char, kScratchBytes> scratch;  // Every read lands here; idle connections hold no buffer.
  // TLS only: what a read said, and what a send says, in the clear.
  std::string plain_in;
  std::string plain_out;
  size_t handshakes = 0;  // Unfinished ones.
};

}  // namespace nonet::http
