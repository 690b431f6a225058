// One HTTP connection: reads a request, has it answered, writes, and starts again; requests that came in a
// row are answered in order, one at a time.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "common/http/line.h"
#include "common/http/parser.h"
#include "common/http/server.h"
#include "common/http/shared.h"
#include "common/tls/session.h"

namespace nonet::http {

class Connection final : public Socket,
                         public std::enable_shared_from_this<Connection> {  // Loop thread only.
 public:
  Connection(std::shared_ptr<Shared> shared, boost::asio::ip::tcp::socket socket, std::string peer_address,
             Lines lines);

  void Start();
  void AbortNow() override;

  // The answer to the request at hand. Ignored when it has been answered, or when the peer has gone.
  void Answer(Response response);
  // Hands the socket over after a 101. A closed stream when the peer has gone.
  std::unique_ptr<Stream> AcceptUpgrade(absl::string_view subprotocol);

 private:
  enum class State {
    kHandshake,  // TLS only: until its first request may come.
    kIdle,       // Between requests.
    kReading,    // A request has begun.
    kHandling,   // The handler has it.
    kWriting,    // The answer is on its way.
    kDraining,   // Answered for the last time; waiting for the peer's end.
    kGone,       // Closed or handed over.
  };

  void WaitReadable();
  void OnReadable();
  // The peer's bytes, or their end, once they are through the line.
  void Take(absl::string_view bytes);
  void OnWire(absl::string_view bytes);
  void ContinueHandshake();
  void OnFlightSent(bool failed);
  void EndHandshake();
  void RefusePlain();
  void Advance();
  void Dispatch();
  void Reject(int status, absl::string_view message);
  void Send(std::string bytes);
  std::string Seal(std::string bytes, bool last);
  // Writes the bytes once they are through the line; `done(failed)` follows.
  void Transmit(std::string bytes, void (Connection::*done)(bool failed));
  void OnWritten(bool failed);
  void SendContinue();
  void OnContinueSent(bool failed);
  void Drain();
  void SetDeadline(int64_t after_ns);
  void ClearDeadline();
  void OnTimer();
  void Close(bool reset);

  const std::shared_ptr<Shared> shared_;
  boost::asio::ip::tcp::socket socket_;
  const std::string peer_address_;
  Lines lines_;                        // Both or none.
  std::unique_ptr<tls::Session> tls_;  // nullptr: in the clear.
  State state_ = State::kIdle;
  bool waiting_ = false;  // A wait for input is pending.
  std::string in_;        // Bytes read and not yet parsed.
  std::unique_ptr<RequestParser> parser_;
  bool continue_sent_ = false;
  bool greeted_ = false;    // TLS only: something came that may be TLS.
  bool answering_ = false;  // TLS only: our part of the handshake is on its way.
  // About the request at hand.
  bool head_ = false;
  bool keep_alive_ = false;
  std::string accept_key_;  // Sec-WebSocket-Accept; set while an upgrade is being decided.
  // One timer that looks again when the deadline has moved on meanwhile.
  int64_t deadline_ns_ = INT64_MAX;
  int64_t timer_at_ns_ = INT64_MAX;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace nonet::http
