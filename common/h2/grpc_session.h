// gRPC over HTTP/2 as a codec: bytes of the wire in, calls and their messages out, and the other way round.
// No sockets, no threads, no waiting: whoever owns the socket moves the bytes. nghttp2 is behind this header.
// RFC 9113; the gRPC protocol over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md). Any gRPC client or server is a
// good other end. Streaming calls without compression, deadlines or custom metadata. See
// docs/decisions/0027-peer-streams-as-a-codec.md.
//
//   GrpcSession client(GrpcSession::Side::kClient, events);
//   const CallId call = client.Call("/nonet.peer.v1.PeerSync/Sync", "127.0.0.1:8083", "http");
//   client.Write(call, bytes);
//   client.TakeOutput(&out);          // Send it.
//   client.Receive(bytes_from_wire);  // Calls the events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::h2 {

using CallId = int32_t;  // The HTTP/2 stream.

inline constexpr size_t kMessageBytesMax = 16 * 1024 * 1024;
// What the other end may send of one call while its messages are not taken, in HTTP/2's own flow control.
inline constexpr int32_t kCallWindowBytes = 1024 * 1024;
// Of one connection, so that a call whose messages are not taken does not stop the others.
inline constexpr uint32_t kCallsMax = 16;

// How a call ended; the values of grpc::Status.
struct CallEnd {
  int code = 0;
  std::string message = {};
  std::string details = {};  // Of grpc-status-details-bin.
};

class GrpcSession {  // One connection; one owner.
 public:
  enum class Side { kClient, kServer };
  // Called by Receive and SetReading, in the order of the wire. They may call everything but those two and
  // the destructor.
  struct Events {
    std::function<void(CallId, const std::string& path)> on_call;  // Servers.
    std::function<void(CallId, std::string message)> on_message;
    std::function<void(CallId)> on_last_message;  // Servers: the caller says no more.
    // Nothing of this call follows, and nothing may be said about it. Not after Finish or Cancel.
    std::function<void(CallId, CallEnd)> on_end;
  };

  GrpcSession(Side side, Events events);
  ~GrpcSession();
  GrpcSession(const GrpcSession&) = delete;
  GrpcSession& operator=(const GrpcSession&) = delete;

  // Clients. `authority`: whom the call is for; `scheme`: "http" or "https".
  CallId Call(const std::string& path, const std::string& authority, const std::string& scheme);
  // Whether all of the last message has been output.
  bool Written(CallId call) const;
  // Once Written. No effect on a call that has ended.
  void Write(CallId call, std::string message);
  // False: its messages wait, at most kCallWindowBytes and what was received with them, until true.
  void SetReading(CallId call, bool reading);
  // Servers: what was written goes first. Details above 8 KiB may be refused by the other end.
  void Finish(CallId call, CallEnd end);
  // Ends a call at once.
  void Cancel(CallId call);

  // All bytes. An error ends the connection; its calls get no on_end.
  absl::Status Receive(absl::string_view wire);
  // Appends what is to be sent, at most what the other end gives room for, in flow control.
  void TakeOutput(std::string* out);

  // Nothing follows in either direction: one end broke the rules, and has been told so by the last output, or
  // took its leave. The connection is to be closed; its calls get no on_end.
  bool over() const;
  // The other end has introduced itself: it is one of HTTP/2.
  bool greeted() const;
  size_t calls() const;  // Not ended.

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::h2
