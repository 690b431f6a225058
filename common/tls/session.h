// TLS 1.2 and 1.3 as a codec: bytes of the wire in, plain text out, and the other way round. No sockets, no
// threads, no waiting: whoever owns the socket moves the bytes. OpenSSL is behind this header.
//
//   ASSIGN_OR_RETURN(const auto context, Context::Server(pair));
//   Session session(context);
//   session.Receive(bytes_from_wire, &plain);  // then send session.TakeOutput()
//   session.Send("hello");                     // then send session.TakeOutput()
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/tls/authority.h"

namespace nonet::tls {

// What the other end makes us say without our having anything to send. More than this is an attack.
inline constexpr size_t kUnaskedOutputBytesMax = 64 * 1024;

// Certificates and rules of many sessions. Immutable, thread-safe.
class Context {
 public:
  // Offers and wants ALPN "http/1.1" (a client that offers none is welcome). INVALID_ARGUMENT naming what is
  // wrong with the pair.
  static absl::StatusOr<std::shared_ptr<const Context>> Server(const KeyPair& pair);
  // Trusts that authority alone.
  static absl::StatusOr<std::shared_ptr<const Context>> Client(absl::string_view authority_pem);
  // Of processes that show each other certificates, and speak HTTP/2: each has to have one of
  // `authorities_pem` (one or more); whose it is, is for the owner to see (Session::peer_certificate_pem).
  static absl::StatusOr<std::shared_ptr<const Context>> PeerServer(const KeyPair& pair,
                                                                   absl::string_view authorities_pem);
  static absl::StatusOr<std::shared_ptr<const Context>> PeerClient(const KeyPair& pair,
                                                                   absl::string_view authorities_pem);
  virtual ~Context() = default;
};

class Session {  // One connection; one owner.
 public:
  enum class State {
    kHandshake,
    kOpen,
    kEnded,   // The other end has said goodbye (close_notify).
    kFailed,  // error() says why; TakeOutput has the alert.
  };

  explicit Session(std::shared_ptr<const Context> context);
  // A client's: greets the server, and checks its certificate for this name. Empty: for none.
  Session(std::shared_ptr<const Context> context, const std::string& server_name);
  ~Session();

  // Takes bytes of the wire, all of them; appends to `plain` what they said.
  State Receive(absl::string_view wire, std::string* plain);
  // Once open. Encrypts.
  void Send(absl::string_view plain);
  // Says goodbye; nothing may be sent any more.
  void End();
  // Bytes for the wire.
  std::string TakeOutput();

  State state() const { return state_; }
  const std::string& error() const { return error_; }
  // Once open: "TLSv1.3", and the protocol chosen by ALPN or nothing.
  std::string version() const;
  std::string protocol() const;
  // What the other end showed; empty: nothing.
  std::string peer_certificate_pem() const;

 private:
  struct Native;
  void Greet();
  void Fail(std::string why);
  void Drain(std::string* plain);

  const std::shared_ptr<const Context> context_;
  const std::unique_ptr<Native> native_;
  State state_ = State::kHandshake;
  std::string error_;
};

}  // namespace nonet::tls
