#include "replica/server/peer_streams.h"

#include <utility>

#include "common/rpc/status.h"

namespace nonet::replica {

DialStream::DialStream(EventLoop& loop, std::shared_ptr<grpc::Channel> channel, std::string peer,
                       Events events)
    : loop_(loop),
      channel_(std::move(channel)),
      stub_(peer::v1::PeerSync::NewStub(channel_)),
      peer_(std::move(peer)),
      events_(std::move(events)) {
  // The channel may still be connecting; a dead peer is noticed by whoever waits for an answer.
  context_.set_wait_for_ready(true);
}

void DialStream::Start() {
  stub_->async()->Sync(&context_, this);
  AddHold();  // Reads and writes start from the loop; removed in Ended.
  StartCall();
  StartRead(&response_);
}

peer::v1::SyncRequest* DialStream::BeginWrite() {
  if (writing_ || ended_) return nullptr;
  request_.Clear();
  return &request_;
}

void DialStream::EndWrite() {
  writing_ = true;
  request_.set_sent_ns(loop_.clock().SteadyNs());
  StartWrite(&request_);
}

void DialStream::SetReading(bool reading) {
  paused_ = !reading;
  if (reading && std::exchange(read_due_, false) && !ended_) StartRead(&response_);
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
  loop_.Post([this, ok] {
    if (!ok) {
      Ended();
      return;
    }
    if (ended_) return;
    if (events_.on_message) events_.on_message(response_);
    read_due_ = paused_;
    if (!ended_ && !paused_) StartRead(&response_);
  });
}

void DialStream::OnWriteDone(bool ok) {
  loop_.Post([this, ok] {
    writing_ = false;
    if (ok && !ended_ && events_.on_writable) events_.on_writable();
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

void AcceptStream::Start() { StartRead(&request_); }

peer::v1::SyncResponse* AcceptStream::BeginWrite() {
  if (writing_ || finished_) return nullptr;
  response_.Clear();
  return &response_;
}

void AcceptStream::EndWrite() {
  writing_ = true;
  response_.set_sent_ns(loop_.clock().SteadyNs());
  StartWrite(&response_);
}

void AcceptStream::SetReading(bool reading) {
  paused_ = !reading;
  if (reading && std::exchange(read_due_, false) && !finished_) StartRead(&request_);
}

void AcceptStream::Close(const absl::Status& why) {
  if (finished_) return;
  finished_ = true;
  Finish(rpc::ToGrpc(why));
}

void AcceptStream::OnReadDone(bool ok) {
  loop_.Post([this, ok] {
    if (!ok) {
      Close(absl::OkStatus());
      return;
    }
    if (finished_) return;
    if (events_.on_message) events_.on_message(request_);
    read_due_ = paused_;
    if (!finished_ && !paused_) StartRead(&request_);
  });
}

void AcceptStream::OnWriteDone(bool ok) {
  loop_.Post([this, ok] {
    writing_ = false;
    if (ok && !finished_ && events_.on_writable) events_.on_writable();
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
