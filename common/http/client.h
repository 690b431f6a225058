// One HTTP/1.1 GET on an event loop, in the clear or over TLS, without redirects or retries; or only the
// connection. What a health probe needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/http/server.h"
#include "common/loop/event_loop.h"

namespace nonet::http {

enum class Scheme : uint8_t {
  kHttp,
  kHttps,  // The server has to have a certificate; whose it is does not matter.
  kTcp,    // Connects, and closes.
};

struct GetOptions {
  Scheme scheme = Scheme::kHttp;
  std::string address = {};  // IP literal.
  uint16_t port = 80;
  std::string host = {};  // The Host header.
  std::string path = "/";
  Headers headers = {};
  std::string bind_address = {};              // Source IP literal; the system's choice when empty.
  int64_t timeout_ns = 10 * kNanosPerSecond;  // From the connect to the end of the status line and headers.
  size_t response_bytes_max = 16 * 1024;      // More of the body is not read.
};

struct GetResult {
  int status = 0;  // 0 for kTcp.
  int64_t elapsed_ns = 0;
};

class Call {
 public:
  virtual ~Call() = default;  // Cancels; the callback is then never called.
};

// UNAVAILABLE "connection refused" and the like; DEADLINE_EXCEEDED "timed out after 10 s".
// The callback runs on the loop thread, never inside Get.
std::unique_ptr<Call> Get(EventLoop& loop, GetOptions options,
                          absl::AnyInvocable<void(absl::StatusOr<GetResult>)> callback);

}  // namespace nonet::http
