// One WebSocket client: bytes to frames, frames to the core, effects to bytes. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/http/server.h"
#include "replica/codec/client_frame.h"
#include "replica/codec/server_frame.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/effects.h"

namespace nonet::replica {

// Bytes waiting for one client, messages and answers alike; above it, it is too slow and is closed with 1008.
inline constexpr size_t kClientQueueBytesMax = 16 * 1024 * 1024;
// A client that sent nothing for so many keep-alive intervals, though it was pinged, is dropped.
inline constexpr int64_t kSilentIntervalsMax = 2;

class ClientConnection {
 public:
  struct Info {
    ConnectionKey key = 0;
    std::string id;
    std::string user_id;  // Empty: anonymous.
    bool reliable = false;
    Encoding encoding = Encoding::kJson;
    std::string reconnection_token;  // Reliable only.
    int64_t keep_alive_ns = 0;
  };
  struct Callbacks {
    // The frame may be taken apart: it is written anew for the next one.
    std::function<void(ConnectionKey, ClientFrame&)> on_frame;
    // It ended, for this cause: nothing more comes from it, nothing more goes to it. Not after Close.
    std::function<void(ConnectionKey, absl::string_view cause)> on_ended;
    // Its transport is gone, after on_ended or Close: destroy it, but not from within.
    std::function<void(ConnectionKey)> on_gone;
    std::function<int64_t()> steady_ns;
  };

  // The parser is shared between connections of one loop.
  ClientConnection(Info info, std::unique_ptr<http::Stream> stream, ClientFrameParser& parser,
                   Callbacks callbacks);
  void Start();

  const Info& info() const { return info_; }
  bool open() const { return !closing_; }

  // False when it turned out too slow: it is being closed, and the owner must forget it.
  [[nodiscard]] bool Deliver(MessageFrame& frame, uint64_t sequence_id);
  [[nodiscard]] bool Send(const Reply& reply);
  // The `disconnected` frame, the close frame, then the end of the transport: only on_gone follows.
  void Close(uint16_t code, absl::string_view reason);
  // Sends a ping when one is due. False when the client has been silent for too long.
  [[nodiscard]] bool CheckAlive(int64_t steady_ns);

 private:
  void OnData(absl::string_view bytes);
  void OnEvent(const FrameReader::Event& event);
  // Close, and tell the owner.
  void Fail(uint16_t code, absl::string_view reason, absl::string_view cause);
  std::string Encode(const Reply& reply) const;
  // Closes it when more waits for it than it may.
  [[nodiscard]] bool WithinBound();

  const Info info_;
  std::unique_ptr<http::Stream> stream_;
  ClientFrameParser& parser_;
  const Callbacks callbacks_;
  FrameReader reader_;
  ClientFrame frame_;
  int64_t heard_ns_ = 0;
  int64_t pinged_ns_ = 0;
  bool closing_ = false;
};

}  // namespace nonet::replica
