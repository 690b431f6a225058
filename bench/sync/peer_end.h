// One end of a peer stream as an instance has it (replica/server/peer_streams.h): on a loop, with its
// sockets, its codec, one write a turn. What an end does with what came, and what it says, is the program's.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/loop/event_loop.h"
#include "common/real/real_clock.h"
#include "replica/server/peer_streams.h"

namespace nonet::bench {

class End {
 public:
  virtual ~End() = default;
  virtual void Take(std::string bytes) = 0;
  virtual std::string Next() = 0;  // Empty: nothing now.
};

class PeerEnd {  // In turns of the loop only.
 public:
  PeerEnd(EventLoop& loop, End& end) : loop_(loop), end_(end) {}

  // `on_closed`: the stream is gone.
  replica::StreamEvents Events(std::function<void(const absl::Status&)> on_closed) {
    replica::StreamEvents events;
    events.on_message = [this](std::string bytes) {
      end_.Take(std::move(bytes));
      PumpLater();
    };
    events.on_writable = [this] { Pump(); };
    events.on_closed = [this, on_closed = std::move(on_closed)](const absl::Status& why) {
      stream_ = nullptr;
      on_closed(why);
    };
    return events;
  }
  void Use(replica::PeerStream* stream) {
    stream_ = stream;
    Pump();
  }
  // Everything that a turn brought leaves together.
  void PumpLater() {
    if (std::exchange(scheduled_, true)) return;
    loop_.Post([this] {
      scheduled_ = false;
      Pump();
    });
  }

 private:
  void Pump() {
    if (stream_ == nullptr || !stream_->CanWrite()) return;
    std::string bytes = end_.Next();
    if (bytes.empty()) return;
    stream_->Write(std::move(bytes));
    PumpLater();  // It may have more to say.
  }

  EventLoop& loop_;
  End& end_;
  replica::PeerStream* stream_ = nullptr;
  bool scheduled_ = false;
};

// Listens on "127.0.0.1:7000" and hands each stream to `adopt`, in turns of the loop. Ends the program when
// it cannot.
inline std::unique_ptr<replica::PeerListener> ListenForPeers(
    EventLoop& loop, const std::string& address, std::function<void(replica::AcceptStream*)> adopt) {
  const size_t colon = address.rfind(':');
  const auto transport = replica::PeerTransport::Make(loop, nullptr);
  auto listener = replica::PeerListener::Listen(
      *transport, address.substr(0, colon),
      static_cast<uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)), std::move(adopt));
  if (!listener.ok()) {
    std::fprintf(stderr, "%s\n", std::string(listener.status().message()).c_str());
    std::_Exit(2);
  }
  return *std::move(listener);
}

}  // namespace nonet::bench
