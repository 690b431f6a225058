#include "replica/codec/ws_frame.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace nonet::replica {
namespace {

constexpr size_t kControlPayloadMax = 125;
// A client that once sent something large does not keep the memory for ever.
constexpr size_t kKeptBufferBytes = 64 * 1024;
constexpr size_t kCloseReasonMax = kControlPayloadMax - 2;

bool IsControl(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }

bool IsKnown(uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }

// RFC 6455 section 7.4 and the IANA registry: what an endpoint may send.
bool IsValidCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void Unmask(const char* in, size_t size, const std::array<unsigned char, 4>& mask, size_t offset, char* out) {
  std::array<char, 8> rotated;
  for (size_t i = 0; i < rotated.size(); ++i) rotated[i] = static_cast<char>(mask[(offset + i) % 4]);
  uint64_t wide = 0;
  std::memcpy(&wide, rotated.data(), sizeof(wide));
  size_t i = 0;
  for (; i + sizeof(wide) <= size; i += sizeof(wide)) {
    uint64_t chunk = 0;
    std::memcpy(&chunk, in + i, sizeof(chunk));
    chunk ^= wide;
    std::memcpy(out + i, &chunk, sizeof(chunk));
  }
  for (; i < size; ++i) out[i] = static_cast<char>(in[i] ^ rotated[i % 4]);
}

}  // namespace

FrameReader::Result FrameReader::Next(absl::string_view* input, Event* event) {
  if (error_code_ != 0) return Result::kFailed;
  if (message_done_) {
    message_done_ = false;
    message_.clear();
    if (message_.capacity() > kKeptBufferBytes) message_.shrink_to_fit();
  }
  while (true) {
    if (!in_payload_) {
      if (!ReadHeader(input)) return Result::kNeedMore;
      if (!CheckHeader()) return Result::kFailed;
      in_payload_ = true;
    }
    ReadPayload(input);
    if (remaining_ > 0) return Result::kNeedMore;
    in_payload_ = false;
    header_size_ = 0;
    const bool whole = fin_ || IsControl(opcode_);
    if (whole) return FinishFrame(event);
  }
}

FrameReader::Result FrameReader::Fail(uint16_t code, absl::string_view error) {
  error_code_ = code;
  error_ = error;
  return Result::kFailed;
}

// True when the header is complete.
bool FrameReader::ReadHeader(absl::string_view* input) {
  size_t needed = 2;
  while (true) {
    if (header_size_ >= 2) {
      const size_t length = header_[1] & 0x7F;
      needed = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + ((header_[1] & 0x80) != 0 ? 4 : 0);
    }
    if (header_size_ == needed) return true;
    const size_t take = std::min(needed - header_size_, input->size());
    if (take == 0) return false;
    std::memcpy(header_.data() + header_size_, input->data(), take);
    header_size_ += take;
    input->remove_prefix(take);
  }
}

bool FrameReader::CheckHeader() {
  const auto fail = [this](uint16_t code, absl::string_view error) {
    Fail(code, error);
    return false;
  };
  if ((header_[0] & 0x70) != 0) return fail(close_code::kProtocolError, "reserved bits are set");
  if (!IsKnown(header_[0] & 0x0F)) return fail(close_code::kProtocolError, "unknown opcode");
  if ((header_[1] & 0x80) == 0) return fail(close_code::kProtocolError, "client frames must be masked");
  fin_ = (header_[0] & 0x80) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0F);
  size_t at = 2;
  remaining_ = header_[1] & 0x7F;
  if (remaining_ >= 126) {
    const size_t bytes = remaining_ == 126 ? 2 : 8;
    remaining_ = 0;
    for (size_t i = 0; i < bytes; ++i) remaining_ = (remaining_ << 8) | header_[at++];
    const uint64_t least = bytes == 2 ? 126 : 65536;
    if (remaining_ < least || (remaining_ >> 63) != 0) {
      return fail(close_code::kProtocolError, "length is not in its shortest form");
    }
  }
  std::memcpy(mask_.data(), header_.data() + at, mask_.size());
  mask_offset_ = 0;
  if (IsControl(opcode_)) {
    if (!fin_) return fail(close_code::kProtocolError, "control frames must not be fragmented");
    if (remaining_ > kControlPayloadMax) return fail(close_code::kProtocolError, "control frame too long");
    control_.clear();
    return true;
  }
  if (opcode_ == Opcode::kContinuation) {
    if (!in_message_) return fail(close_code::kProtocolError, "continuation without a message");
  } else {
    if (in_message_) return fail(close_code::kProtocolError, "a message is not finished yet");
    in_message_ = true;
    message_opcode_ = opcode_;
  }
  if (remaining_ > kMessageBytesMax - message_.size()) {
    return fail(close_code::kTooBig, "messages are limited to 1 MiB");
  }
  return true;
}

void FrameReader::ReadPayload(absl::string_view* input) {
  const size_t take = static_cast<size_t>(std::min<uint64_t>(remaining_, input->size()));
  if (take == 0) return;
  std::string& to = IsControl(opcode_) ? control_ : message_;
  const size_t at = to.size();
  to.resize(at + take);
  Unmask(input->data(), take, mask_, mask_offset_, to.data() + at);
  mask_offset_ = (mask_offset_ + take) % 4;
  remaining_ -= take;
  input->remove_prefix(take);
}

FrameReader::Result FrameReader::FinishFrame(Event* event) {
  if (opcode_ == Opcode::kClose) return FinishClose(event);
  event->close_code = 0;
  if (IsControl(opcode_)) {
    event->opcode = opcode_;
    event->payload = control_;
    return Result::kEvent;
  }
  in_message_ = false;
  message_done_ = true;
  if (message_opcode_ == Opcode::kText && !IsUtf8(message_)) {
    return Fail(close_code::kInvalidPayload, "text is not UTF-8");
  }
  event->opcode = message_opcode_;
  event->payload = message_;
  return Result::kEvent;
}

FrameReader::Result FrameReader::FinishClose(Event* event) {
  event->opcode = Opcode::kClose;
  event->close_code = close_code::kNoStatus;
  event->payload = {};
  if (control_.empty()) return Result::kEvent;
  if (control_.size() == 1) return Fail(close_code::kProtocolError, "close code is cut off");
  const auto byte = [this](size_t i) {
    return static_cast<uint16_t>(static_cast<unsigned char>(control_[i]));
  };
  event->close_code = static_cast<uint16_t>(byte(0) << 8 | byte(1));
  if (!IsValidCloseCode(event->close_code)) return Fail(close_code::kProtocolError, "invalid close code");
  event->payload = absl::string_view(control_).substr(2);
  if (!IsUtf8(event->payload)) return Fail(close_code::kInvalidPayload, "close reason is not UTF-8");
  return Result::kEvent;
}

size_t EncodeFrameHeader(Opcode opcode, uint64_t payload_size, char* out) {
  out[0] = static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  if (payload_size < 126) {
    out[1] = static_cast<char>(payload_size);
    return 2;
  }
  const size_t bytes = payload_size < 65536 ? 2 : 8;
  out[1] = static_cast<char>(bytes == 2 ? 126 : 127);
  for (size_t i = 0; i < bytes; ++i) {
    out[2 + i] = static_cast<char>((payload_size >> (8 * (bytes - 1 - i))) & 0xFF);
  }
  return 2 + bytes;
}

std::string EncodeFrame(Opcode opcode, absl::string_view payload) {
  std::array<char, kFrameHeaderMax> header;
  const size_t size = EncodeFrameHeader(opcode, payload.size(), header.data());
  std::string out;
  out.reserve(size + payload.size());
  out.append(header.data(), size);
  out.append(payload.data(), payload.size());
  return out;
}

std::string EncodeCloseFrame(uint16_t code, absl::string_view reason) {
  if (reason.size() > kCloseReasonMax) {
    size_t end = kCloseReasonMax;
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
    reason = reason.substr(0, end);
  }
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xFF));
  payload.append(reason.data(), reason.size());
  return EncodeFrame(Opcode::kClose, payload);
}

bool IsUtf8(absl::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace nonet::replica
