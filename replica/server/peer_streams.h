// The two ends of a peer stream (PeerSync.Sync of nonet.peer.v1) and where others' are accepted. They carry
// bytes; see peer_wire.h. In turns of the loop only. A stream deletes itself after on_closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "replica/server/peer_connection.h"

namespace nonet::replica {

// Above that, who connects is turned away.
inline constexpr size_t kPeerConnectionsMax = 64;

// What a stream tells its owner. Set to null functions to forget the owner.
struct StreamEvents {
  std::function<void(std::string bytes)> on_message;
  std::function<void()> on_writable;                   // CanWrite said no because of a write, which is done.
  std::function<void(const absl::Status&)> on_closed;  // Last; the stream is deleted right after.
};

class PeerStream : protected PeerCall {
 public:
  bool open() const { return !ended_; }
  // False while a message is on its way out, or the stream ends. on_writable follows in the former case.
  bool CanWrite() { return !ended_ && connection_->CanWrite(id_); }
  // A serialised SyncRequest or SyncResponse.
  void Write(std::string bytes);
  // False: no further message until true.
  void SetReading(bool reading);

 protected:
  explicit PeerStream(EventLoop& loop) : loop_(loop) {}
  // on_closed follows in a later turn. The connection has forgotten the call.
  void End(const absl::Status& why);

  EventLoop& loop_;
  StreamEvents events_;
  std::shared_ptr<PeerConnection> connection_;
  h2::CallId id_ = 0;

 private:
  void OnMessage(std::string bytes) override;
  void OnWritable() override;

  bool ended_ = false;
};

class DialStream final : public PeerStream {
 public:
  // What is written first goes out once the other end can be reached; if it cannot, on_closed says so.
  DialStream(std::shared_ptr<PeerTransport> transport, PeerConnection::Target target, StreamEvents events);
  void Close();

 private:
  ~DialStream() override = default;
  void OnLastMessage() override {}  // Of accepted calls alone.
  void OnEnd(const absl::Status& why) override;
};

class AcceptStream final : public PeerStream {
 public:
  AcceptStream(EventLoop& loop, std::shared_ptr<PeerConnection> connection, h2::CallId id);
  void SetEvents(StreamEvents events) { events_ = std::move(events); }
  const PeerConnection::Caller& caller() const { return connection_->caller(); }
  // Tells the other end why.
  void Close(const absl::Status& why);

 private:
  ~AcceptStream() override = default;
  void OnLastMessage() override { Close(absl::OkStatus()); }
  void OnEnd(const absl::Status& why) override { End(why); }
};

// Listens for the streams that others dial.
class PeerListener {
 public:
  // `adopt` is called with each stream; it sets the events, or closes it. UNAVAILABLE when the address cannot
  // be bound. Without an identity only loopback addresses are (INVALID_ARGUMENT).
  static absl::StatusOr<std::unique_ptr<PeerListener>> Listen(std::shared_ptr<PeerTransport> transport,
                                                              const std::string& address, uint16_t port,
                                                              std::function<void(AcceptStream*)> adopt);
  ~PeerListener();  // Closes what is open.
  uint16_t port() const;

 private:
  struct Impl;
  explicit PeerListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<Impl> impl_;
};

}  // namespace nonet::replica
