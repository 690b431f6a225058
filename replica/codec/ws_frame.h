// WebSocket frames (RFC 6455): bytes of a client -> messages, and messages -> bytes for a client.
// Pure; one owner.
//
//   FrameReader reader;
//   for (FrameReader::Event e; reader.Next(&bytes, &e) == FrameReader::Result::kEvent;) Handle(e);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "replica/codec/limits.h"

namespace nonet::replica {

enum class Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

// RFC 6455 section 7.4.1.
namespace close_code {
inline constexpr uint16_t kNormal = 1000;
inline constexpr uint16_t kGoingAway = 1001;
inline constexpr uint16_t kProtocolError = 1002;
inline constexpr uint16_t kUnsupportedData = 1003;
inline constexpr uint16_t kNoStatus = 1005;  // Never on the wire.
inline constexpr uint16_t kInvalidPayload = 1007;
inline constexpr uint16_t kPolicyViolation = 1008;
inline constexpr uint16_t kTooBig = 1009;
}  // namespace close_code

// Reads what a client sends: every frame must be masked. Holds at most one message of kMessageBytesMax.
class FrameReader {
 public:
  enum class Result {
    kNeedMore,  // All input was consumed.
    kEvent,     // One event; call again with the rest.
    kFailed,    // The connection must be closed with error_code(); every later call fails too.
  };
  struct Event {
    Opcode opcode = Opcode::kText;  // kText, kBinary (whole messages), kClose, kPing, kPong.
    absl::string_view payload;      // Valid until the next call. kClose: the reason.
    uint16_t close_code = 0;        // kClose only; kNoStatus when the frame was empty.
  };

  // Consumes from the front of `input`.
  Result Next(absl::string_view* input, Event* event);

  uint16_t error_code() const { return error_code_; }
  // What was wrong, for a log line and the close reason.
  absl::string_view error() const { return error_; }

 private:
  Result Fail(uint16_t code, absl::string_view error);
  bool ReadHeader(absl::string_view* input);
  bool CheckHeader();
  void ReadPayload(absl::string_view* input);
  Result FinishFrame(Event* event);
  Result FinishClose(Event* event);

  std::array<unsigned char, 14> header_{};
  size_t header_size_ = 0;
  bool in_payload_ = false;
  bool fin_ = false;
  Opcode opcode_ = Opcode::kText;
  uint64_t remaining_ = 0;
  size_t mask_offset_ = 0;
  std::array<unsigned char, 4> mask_{};

  bool in_message_ = false;
  Opcode message_opcode_ = Opcode::kText;
  bool message_done_ = false;  // message_ was handed out; clear before the next one.
  std::string message_;
  std::string control_;

  uint16_t error_code_ = 0;
  absl::string_view error_;
};

inline constexpr size_t kFrameHeaderMax = 10;

// Writes the header of an unmasked, unfragmented frame; returns its size, 2 to kFrameHeaderMax.
size_t EncodeFrameHeader(Opcode opcode, uint64_t payload_size, char* out);
// A whole unmasked frame.
std::string EncodeFrame(Opcode opcode, absl::string_view payload);
// A close frame; the reason is cut to 123 bytes at a character's end.
std::string EncodeCloseFrame(uint16_t code, absl::string_view reason);

// Whether all of `text` is UTF-8 (RFC 3629).
bool IsUtf8(absl::string_view text);

}  // namespace nonet::replica
