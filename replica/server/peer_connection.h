// One TCP connection between two instances that carries gRPC calls (common/h2), in the clear or over mutual
// TLS. In turns of the loop only.
//
// A connection lives as long as somebody holds it or it waits for its socket.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/h2/grpc_session.h"
#include "common/loop/event_loop.h"
#include "common/rpc/tls.h"
#include "common/tls/session.h"

namespace nonet::replica {

// From the beginning of a connection until the other end has greeted as one of HTTP/2.
inline constexpr int64_t kPeerGreetingNs = 2 * kNanosPerSecond;
// A connection that others made is closed when it has had no call for so long.
inline constexpr int64_t kPeerIdleNs = 4 * kNanosPerSecond;

// Who is told what happens to a call.
class PeerCall {
 public:
  virtual ~PeerCall() = default;
  virtual void OnMessage(std::string bytes) = 0;
  virtual void OnWritable() = 0;     // Once, after CanWrite said no.
  virtual void OnLastMessage() = 0;  // Accepted calls: the other end says no more.
  // Last.
  virtual void OnEnd(const absl::Status& why) = 0;
};

// What all connections of an instance have in common.
struct PeerTransport {
  // FAILED_PRECONDITION when the identity's certificate, key and authorities do not fit.
  static absl::StatusOr<std::shared_ptr<PeerTransport>> Make(
      EventLoop& loop, std::shared_ptr<const rpc::TlsIdentity> identity);

  PeerTransport(EventLoop& l, std::shared_ptr<const rpc::TlsIdentity> i) : loop(l), identity(std::move(i)) {}

  EventLoop& loop;
  // Null: in the clear.
  const std::shared_ptr<const rpc::TlsIdentity> identity;
  std::shared_ptr<const tls::Context> server;
  std::shared_ptr<const tls::Context> client;
  // Every read lands here: the more it takes, the larger the batches that a loaded loop works in.
  std::array<char, 256 * 1024> scratch;
  std::string plain_in;
  std::string plain_out;
};

class PeerConnection final : public std::enable_shared_from_this<PeerConnection> {
 public:
  // Of the other end, known once it may call: nobody in the clear. An error: it may call, and is refused.
  using Caller = absl::StatusOr<rpc::Holder>;
  using OnCall =
      std::function<void(const std::shared_ptr<PeerConnection>&, h2::CallId, const std::string& path)>;

  static std::shared_ptr<PeerConnection> Accept(std::shared_ptr<PeerTransport> transport,
                                                boost::asio::ip::tcp::socket socket, OnCall on_call);
  struct Target {
    std::string address;        // "ip:port".
    std::string local_address;  // The source; the system's choice when empty.
    std::string uri;            // Whose certificate it has to show.
  };
  // With one call. A failure to connect is its end.
  static std::shared_ptr<PeerConnection> Dial(std::shared_ptr<PeerTransport> transport, Target target,
                                              const std::string& path, PeerCall* call);
  ~PeerConnection();

  // Of an accepted call: tells `call` from now on.
  void Adopt(h2::CallId id, PeerCall* call);
  // Tells nobody of it any more.
  void Forget(h2::CallId id);
  // False while a message is on its way into the socket.
  bool CanWrite(h2::CallId id);
  void Write(h2::CallId id, std::string message);
  void SetReading(h2::CallId id, bool reading);
  // Of an accepted call, after what was written. It is forgotten.
  void Finish(h2::CallId id, const absl::Status& why);

  const Caller& caller() const { return caller_; }
  h2::CallId dialed_call() const { return dialed_call_; }
  bool closed() const { return closed_; }
  size_t calls() const { return calls_.size(); }
  // Sends what the socket takes now, closes it, and tells the calls why.
  void Close(const absl::Status& why);

 private:
  PeerConnection(std::shared_ptr<PeerTransport> transport, boost::asio::ip::tcp::socket socket,
                 h2::GrpcSession::Side side);
  h2::GrpcSession::Events Events();
  void Connect(const Target& target);
  void Begin(bool dialed);
  bool ready() const;  // What the session says may go out.
  void WaitReadable();
  void OnReadable();
  bool Take(absl::string_view wire);  // False once it is closed.
  absl::Status CheckOther();
  void Flush();
  bool Send();  // Whether everything is sent.
  void WaitWritable();
  void TellWritable();
  void CloseWhenIdle();

  const std::shared_ptr<PeerTransport> transport_;
  boost::asio::ip::tcp::socket socket_;
  h2::GrpcSession session_;
  std::optional<tls::Session> tls_;
  std::string wanted_uri_;
  OnCall on_call_;
  Caller caller_ = rpc::Holder();
  h2::CallId dialed_call_ = 0;
  struct Told {
    PeerCall* call;
    bool awaits_room = false;
  };
  absl::flat_hash_map<h2::CallId, Told> calls_;
  std::string out_;  // On its way into the socket.
  size_t out_sent_ = 0;
  bool known_ = false;    // The other end may speak HTTP/2: connected, and its certificate was seen.
  bool writing_ = false;  // A wait for room is pending.
  bool reading_ = false;  // A wait for input is pending, or a turn to begin one.
  bool closed_ = false;
};

}  // namespace nonet::replica
