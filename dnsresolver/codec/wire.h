// Numbers of the DNS wire format (IANA "Domain Name System (DNS) Parameters"). Pure constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nonet::dns {

using Bytes = std::span<const uint8_t>;

inline constexpr size_t kHeaderBytes = 12;
inline constexpr size_t kNameBytesMax = 255;  // RFC 1035 section 2.3.4, with the root's zero byte.
inline constexpr size_t kLabelBytesMax = 63;
inline constexpr size_t kMessageBytesMax = 65535;
inline constexpr size_t kUdpBytesWithoutEdns = 512;  // RFC 1035 section 4.2.1.
inline constexpr size_t kUdpBytesMax = 1232;         // What we send at most: DNS flag day 2020.

inline constexpr uint16_t kTypeA = 1;
inline constexpr uint16_t kTypeNs = 2;
inline constexpr uint16_t kTypeCname = 5;
inline constexpr uint16_t kTypeSoa = 6;
inline constexpr uint16_t kTypeTxt = 16;
inline constexpr uint16_t kTypeAaaa = 28;
inline constexpr uint16_t kTypeOpt = 41;
inline constexpr uint16_t kTypeTkey = 249;
inline constexpr uint16_t kTypeTsig = 250;
inline constexpr uint16_t kTypeIxfr = 251;
inline constexpr uint16_t kTypeAxfr = 252;
inline constexpr uint16_t kTypeMailb = 253;
inline constexpr uint16_t kTypeMaila = 254;
inline constexpr uint16_t kTypeAny = 255;

inline constexpr uint16_t kClassIn = 1;
inline constexpr uint16_t kClassChaos = 3;  // Asks the server about itself: RFC 4892.

inline constexpr uint8_t kOpcodeQuery = 0;

inline constexpr uint16_t kOptionNsid = 3;          // RFC 5001
inline constexpr uint16_t kOptionClientSubnet = 8;  // RFC 7871
inline constexpr uint16_t kOptionCookie = 10;       // RFC 7873
inline constexpr uint16_t kOptionKeepalive = 11;    // RFC 7828
inline constexpr uint16_t kOptionError = 15;        // RFC 8914

inline constexpr size_t kClientCookieBytes = 8;
inline constexpr size_t kServerCookieBytes = 16;  // What we give: RFC 9018.

// Codes of the extended DNS error option (RFC 8914 section 4).
inline constexpr uint16_t kErrorOther = 0;
inline constexpr uint16_t kErrorStaleAnswer = 3;
inline constexpr uint16_t kErrorNotAuthoritative = 20;

// Bits of the second header word.
inline constexpr uint16_t kFlagQr = 0x8000;
inline constexpr uint16_t kFlagAa = 0x0400;
inline constexpr uint16_t kFlagTc = 0x0200;
inline constexpr uint16_t kFlagRd = 0x0100;
inline constexpr uint16_t kFlagCd = 0x0010;
// Of OPT's flags (RFC 3225).
inline constexpr uint16_t kOptFlagDo = 0x8000;

// The twelve bits of header and OPT together (RFC 6891 section 6.1.3).
enum class Rcode : uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,
  kBadCookie = 23,
};

inline constexpr uint16_t ReadU16(Bytes bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline constexpr uint32_t ReadU32(Bytes bytes, size_t at) {
  return static_cast<uint32_t>(ReadU16(bytes, at)) << 16 | ReadU16(bytes, at + 2);
}

}  // namespace nonet::dns
