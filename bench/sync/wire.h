// The bytes that a publisher and a subscriber exchange with a pub/sub server, for as many protocols as
// sync_load can compare: frames with a sequence number in the payload, and where they begin in what comes.
//
//   const std::unique_ptr<Wire> wire = MakeWire("nats", options);
//   wire->Join(fd, Wire::Role::kSubscriber);
//   Frame frame = wire->Publication(128);
//   frame.Number(7);  // Bytes to send: frame.bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nonet::bench {

// The sequence number leads the payload as 16 lower-case hexadecimal digits: valid in JSON text too.
inline constexpr size_t kNumberBytes = 16;

// A whole publication. `mask` is xored over the number as RFC 6455 masks a payload.
struct Frame {
  std::string bytes;
  size_t number_at = 0;
  size_t mask_phase = 0;
  const char* mask = "\0\0\0\0";

  void Number(uint64_t number, char* frame) const;
  void Number(uint64_t number) { Number(number, bytes.data()); }
};

struct WireOptions {
  std::string hub = "bench";
  std::string group = "g";
  std::string host;  // Of the token's audience.
  std::string key;   // Access key; WebSocket only.
};

class Wire {
 public:
  enum class Role { kPublisher, kSubscriber };
  // What one call of Next found.
  struct Item {
    size_t bytes = 0;         // To consume; 0: more is needed.
    bool is_message = false;  // Else a control frame.
    uint64_t number = 0;
    std::string_view reply;  // To send back; empty mostly.
  };

  virtual ~Wire() = default;
  // Blocking: handshake, and the subscription. False (and why, on stderr) when refused.
  virtual bool Join(int fd, Role role) = 0;
  // After every Join.
  virtual Frame Publication(size_t payload_bytes) = 0;
  // The frame at the front of what a subscriber (or publisher) received.
  virtual Item Next(std::string_view input) = 0;
};

// wsjson, wsproto: Web PubSub's subprotocols over WebSocket; restconnection, restuser: the publisher sends to
// the last subscriber's connection or user id by REST, requests one after the other without waiting for the
// answers; nats; redis; mqtt (QoS 0). nullptr: unknown.
std::unique_ptr<Wire> MakeWire(std::string_view protocol, const WireOptions& options);

// Sends all; false when the peer is gone.
bool SendAll(int fd, std::string_view bytes);

}  // namespace nonet::bench
