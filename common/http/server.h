// HTTP/1.1 over TCP on an event loop, with WebSocket upgrade handed over as a plain byte stream.
// Boost.Beast is behind this header and nowhere else. Everything runs on the loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/line.h"
#include "common/loop/event_loop.h"

namespace nonet::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  // Names lower case, in order.

struct Request {
  std::string method = {};  // "GET"
  std::string target = {};  // As sent: "/api/health?api-version=2024-12-01"
  std::string path = {};    // Before '?', still percent-encoded: split first, decode after.
  std::string query = {};   // After '?', still encoded; empty when there is none.
  Headers headers = {};
  std::string body = {};
  std::string peer_address = {};  // IP literal of the client.
  bool chunked = false;           // The body came without a Content-Length.

  // The first header of that (lower-case) name, or nullptr.
  const std::string* Header(absl::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = {};  // Left out when empty.
  std::string body = {};          // Never sent for HEAD; its length is.
  Headers headers = {};
};

// Answers one request: call once, on the loop thread, now or later. Dropping it uncalled answers 500.
using Reply = absl::AnyInvocable<void(Response)>;

// A raw two-way byte stream after an upgrade.
class Stream {
 public:
  struct Callbacks {
    absl::AnyInvocable<void(absl::string_view bytes)> on_data = {};
    absl::AnyInvocable<void()> on_closed = {};   // Once, whoever closed; no callback follows it.
    absl::AnyInvocable<void()> on_drained = {};  // Optional: nothing is queued any more.
  };
  virtual ~Stream() = default;  // Aborts; no callback follows.
  // Begins reading. Bytes that came with the upgrade request are delivered first.
  virtual void Start(Callbacks callbacks) = 0;
  // Queues bytes; everything queued within one turn of the loop leaves in one gathered send. Copies: for
  // small frames that is cheaper than counting who still needs them.
  virtual void Append(absl::string_view bytes) = 0;
  // The same without a copy, unless they are few.
  virtual void Write(std::shared_ptr<const std::string> bytes) = 0;
  virtual size_t queued_bytes() const = 0;
  // False: reads no more until true; what the client sends meanwhile waits in the kernel, then at the client.
  virtual void SetReading(bool reading) = 0;
  // Sends what is queued, then closes; aborts after 5 s.
  virtual void CloseAfterWrites() = 0;
  // Closes at once (RST).
  virtual void Abort() = 0;
};

// Decides about one upgrade request: call exactly one, once.
class Upgrade {
 public:
  virtual ~Upgrade() = default;
  // Answers 101 (Sec-WebSocket-Accept per RFC 6455, with the subprotocol unless empty).
  virtual std::unique_ptr<Stream> Accept(absl::string_view subprotocol) = 0;
  virtual void Refuse(Response response) = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;                                  // 0 picks a free one.
  size_t connections_max = 10'000;                    // One more is closed at once.
  size_t header_bytes_max = 16 * 1024;                // One more answers 431.
  size_t body_bytes_max = 1024 * 1024;                // One more answers 413.
  int64_t idle_timeout_ns = 60 * kNanosPerSecond;     // Between requests of a kept connection.
  int64_t request_timeout_ns = 10 * kNanosPerSecond;  // From a request's first byte to its last.
  MakeLines lines = {};  // What lies between it and its clients; nothing when empty.
};

class Server {
 public:
  using Handler = std::function<void(Request, Reply)>;
  // Called for requests with a WebSocket upgrade (RFC 6455 section 4.2.1 checked already; a bad one
  // answers 400). When empty, upgrades answer 400.
  using UpgradeHandler = std::function<void(Request, std::unique_ptr<Upgrade>)>;

  // UNAVAILABLE with errno's words when the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(EventLoop& loop, ServerOptions options,
                                                        Handler handler, UpgradeHandler upgrade = {});
  virtual ~Server() = default;  // Stops listening and aborts every connection, upgraded ones too.
  virtual uint16_t port() const = 0;
  // Stops listening; open connections go on.
  virtual void StopListening() = 0;
};

// "a=b&c=d+e" -> decoded pairs, in order; repeated names stay. INVALID_ARGUMENT on a bad escape.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseQuery(absl::string_view query);
// INVALID_ARGUMENT on a bad escape. '+' stays '+'.
absl::StatusOr<std::string> PercentDecode(absl::string_view text);

}  // namespace nonet::http
