#include "replica/server/peer_streams.h"

#include <utility>
#include <vector>

#include "common/rpc/complete_here.h"
#include "common/rpc/status.h"

namespace nonet::replica {
namespace {

constexpr char kSyncMethod[] = "/nonet.peer.v1.PeerSync/Sync";

// Without a copy.
grpc::ByteBuffer BufferOf(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* p) { delete static_cast<std::string*>(p); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

// What `buffer` holds, in one piece.
std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::string flat;
  if (grpc::Slice slice; buffer.TrySingleSlice(&slice).ok()) {
    flat.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return flat;
  }
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return flat;
  flat.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return flat;
}

}  // namespace

DialStream::DialStream(EventLoop& loop, std::shared_ptr<grpc::Channel> channel, std::string peer,
                       Events events)
    : loop_(loop),
      channel_(std::move(channel)),
      stub_(channel_),
      peer_(std::move(peer)),
      events_(std::move(events)) {
  // The channel may still be connecting; a dead peer is noticed by whoever waits for an answer.
  context_.set_wait_for_ready(true);
}

void DialStream::Start() {
  stub_.PrepareBidiStreamingCall(&context_, kSyncMethod, grpc::StubOptions(), this);
  AddHold();  // Reads and writes start from the loop; removed in Ended.
  StartCall();
  StartRead(&read_);
}

void DialStream::Write(std::string bytes) {
  gate_.Begin();
  written_ = BufferOf(std::move(bytes));
  const rpc::CompleteHere here;
  StartWrite(&written_);
}

void DialStream::SetReading(bool reading) {
  paused_ = !reading;
  if (reading && std::exchange(read_due_, false) && !ended_) StartRead(&read_);
}

void DialStream::Close() {
  if (!ended_) context_.TryCancel();
}

void DialStream::Ended() {
  if (ended_) return;
  ended_ = true;
  RemoveHold();
}

void DialStream::OnReadDone(bool ok) {
  loop_.RunOrPost([this, ok] {
    if (!ok) {
      Ended();
      return;
    }
    if (ended_) return;
    if (events_.on_message) events_.on_message(Flatten(read_));
    if (!ended_) loop_.Post([this] { ReadOn(); });
  });
}

void DialStream::ReadOn() {
  read_due_ = paused_;
  if (!ended_ && !paused_) StartRead(&read_);
}

void DialStream::OnWriteDone(bool ok) {
  if (!gate_.End() || !ok) return;
  loop_.RunOrPost([this] {
    if (!ended_ && events_.on_writable) events_.on_writable();
  });
}

void DialStream::OnDone(const grpc::Status& status) {
  loop_.Post([this, why = rpc::FromGrpc(status, peer_)] {
    if (events_.on_closed) events_.on_closed(why);
    delete this;
  });
}

AcceptStream::AcceptStream(EventLoop& loop, std::function<void(AcceptStream*)> adopt) : loop_(loop) {
  loop_.Post([this, adopt = std::move(adopt)] { adopt(this); });
}

void AcceptStream::Start() { StartRead(&read_); }

void AcceptStream::Write(std::string bytes) {
  gate_.Begin();
  written_ = BufferOf(std::move(bytes));
  const rpc::CompleteHere here;
  StartWrite(&written_);
}

void AcceptStream::SetReading(bool reading) {
  paused_ = !reading;
  if (reading && std::exchange(read_due_, false) && !finished_) StartRead(&read_);
}

void AcceptStream::Close(const absl::Status& why) {
  if (finished_) return;
  finished_ = true;
  Finish(rpc::ToGrpc(why));
}

void AcceptStream::OnReadDone(bool ok) {
  loop_.RunOrPost([this, ok] {
    if (!ok) {
      Close(absl::OkStatus());
      return;
    }
    if (finished_) return;
    if (events_.on_message) events_.on_message(Flatten(read_));
    if (!finished_) loop_.Post([this] { ReadOn(); });
  });
}

void AcceptStream::ReadOn() {
  read_due_ = paused_;
  if (!finished_ && !paused_) StartRead(&read_);
}

void AcceptStream::OnWriteDone(bool ok) {
  if (!gate_.End() || !ok) return;
  loop_.RunOrPost([this] {
    if (!finished_ && events_.on_writable) events_.on_writable();
  });
}

void AcceptStream::OnCancel() {
  loop_.Post([this] { Close(absl::CancelledError("the peer ended the stream")); });
}

void AcceptStream::OnDone() {
  loop_.Post([this] {
    if (events_.on_closed) events_.on_closed(absl::OkStatus());
    delete this;
  });
}

}  // namespace nonet::replica
