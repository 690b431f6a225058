// The two gRPC reactors of peer syncing. Only peer_sync.cc and peer_streams.cc include this.
//
// They carry bytes; see peer_wire.h. A reaction takes the loop's turn, or posts, and does nothing else. Reads
// and writes start in turns, one of each at a time. A stream deletes itself in a turn, after gRPC's OnDone.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/loop/event_loop.h"
#include "replica/server/write_gate.h"

namespace nonet::replica {

// What a stream tells its owner, on the loop. Set to null functions to forget the owner.
struct StreamEvents {
  // The next read starts behind what it posted, unless the stream was closed: asking for one gives the peer
  // credit, which is a write, and what the clients are sent goes first.
  std::function<void(std::string bytes)> on_message;
  std::function<void()> on_writable;                   // The write is done, and somebody asked meanwhile.
  std::function<void(const absl::Status&)> on_closed;  // Last; the stream is deleted right after.
};

class DialStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Events = StreamEvents;

  DialStream(EventLoop& loop, std::shared_ptr<grpc::Channel> channel, std::string peer, Events events);
  void Start();
  bool open() const { return !ended_; }
  // False while a write is under way or the stream ends.
  // on_writable follows when it is false because of a write.
  bool CanWrite() { return !ended_ && gate_.Free(); }
  void Write(std::string bytes);  // A serialised SyncRequest.
  // False: no further read until true.
  void SetReading(bool reading);
  void Close();  // on_closed follows.

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void ReadOn();  // Once it is not paused.
  void Ended();

  EventLoop& loop_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  const std::string peer_;
  Events events_;
  grpc::ClientContext context_;
  grpc::ByteBuffer written_;
  grpc::ByteBuffer read_;
  WriteGate gate_;
  bool paused_ = false;
  bool read_due_ = false;  // Once it is not paused.
  bool ended_ = false;     // No read or write may start any more.
};

class AcceptStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Events = StreamEvents;

  // `adopt` runs on the loop with the stream; it sets the events and calls Start, or Close.
  AcceptStream(EventLoop& loop, std::function<void(AcceptStream*)> adopt);
  void SetEvents(Events events) { events_ = std::move(events); }
  void Start();
  bool open() const { return !finished_; }  // Not closed yet, by either side.
  bool CanWrite() { return !finished_ && gate_.Free(); }
  void Write(std::string bytes);  // A serialised SyncResponse.
  void SetReading(bool reading);
  void Close(const absl::Status& why);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void ReadOn();  // Once it is not paused.

  EventLoop& loop_;
  Events events_;
  grpc::ByteBuffer written_;
  grpc::ByteBuffer read_;
  WriteGate gate_;
  bool paused_ = false;
  bool read_due_ = false;
  bool finished_ = false;  // Finish was called.
};

}  // namespace nonet::replica
