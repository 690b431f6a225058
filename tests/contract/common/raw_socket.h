// A blocking TCP client that sends exactly what a test says. Every wait ends after 5 s.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/tls/session.h"

namespace nonet {

class RawSocket {
 public:
  // Connects to 127.0.0.1. Aborts the test program when that fails.
  explicit RawSocket(uint16_t port, int receive_buffer_bytes = 0);
  // Over TLS, when `trust` is given: shakes hands as a client of "localhost". A failed handshake shows as
  // the peer's end.
  RawSocket(uint16_t port, int receive_buffer_bytes, std::shared_ptr<const tls::Context> trust);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;

  // False when the peer is gone.
  bool Send(absl::string_view bytes);
  // Exactly that many bytes, or fewer when the peer's end (or 5 s) came first.
  std::string Receive(size_t bytes);
  // Up to and including `end`.
  std::string ReceiveUntil(absl::string_view end);
  // One HTTP response with a Content-Length: head and body.
  std::string ReceiveResponse();
  // Everything up to the peer's end.
  std::string ReceiveAll();
  // True when the next thing to come is the peer's end (orderly or reset).
  bool AtEnd();
  void ShutdownSend();
  void CloseWithReset();
  // nullptr without TLS.
  const tls::Session* tls() const { return tls_.get(); }

 private:
  bool SendWire(absl::string_view bytes);
  // Some bytes, decrypted, into `plain_`; false at the peer's end or after 5 s.
  bool ReceiveSome(size_t bytes_max);

  int fd_ = -1;
  std::unique_ptr<tls::Session> tls_;
  std::string plain_;  // Received and not yet taken.
  bool reset_ = false;
};

// A socket that listens on 127.0.0.1 and never accepts.
class SilentListener {
 public:
  SilentListener();
  ~SilentListener();
  uint16_t port() const { return port_; }
  // The bytes that the next client sent at once; answers with `response` and closes.
  std::string AnswerOne(absl::string_view response);

 private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

}  // namespace nonet
