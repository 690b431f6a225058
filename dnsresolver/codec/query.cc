#include "dnsresolver/codec/query.h"

#include <algorithm>
#include <optional>

#include "dnsresolver/codec/record.h"

namespace nonet::dns {
namespace {

struct Counts {
  uint16_t questions, answers, authorities, additionals;
};

// False when the option breaks RFC 7871 section 7.1.1 and 6: then the answer is FORMERR.
bool ReadClientSubnet(Bytes option, ClientSubnet& subnet) {
  constexpr size_t kFixedBytes = 4;
  if (subnet.present || option.size() < kFixedBytes) return false;
  subnet.family = ReadU16(option, 0);
  subnet.source_bits = option[2];
  const uint8_t scope_bits = option[3];
  const int family_bits = subnet.family == 1 ? 32 : subnet.family == 2 ? 128 : 0;
  if (subnet.family > 2 || scope_bits != 0 || subnet.source_bits > family_bits) return false;
  const size_t bytes = (subnet.source_bits + 7) / 8;
  if (option.size() != kFixedBytes + bytes) return false;
  std::copy_n(option.begin() + kFixedBytes, bytes, subnet.address.begin());
  subnet.address_bytes = static_cast<uint8_t>(bytes);
  if (const int spare = static_cast<int>(bytes) * 8 - subnet.source_bits; spare > 0) {
    if ((subnet.address[bytes - 1] & ((1 << spare) - 1)) != 0) return false;
  }
  subnet.present = true;
  return true;
}

// False when the lengths break RFC 7873 section 5.2.2. The first of several counts.
bool ReadCookie(Bytes option, Cookie& cookie) {
  constexpr size_t kServerBytesMin = 8, kServerBytesMax = 32;
  if (option.size() < kClientCookieBytes) return false;
  const Bytes server = option.subspan(kClientCookieBytes);
  if (!server.empty() && (server.size() < kServerBytesMin || server.size() > kServerBytesMax)) return false;
  if (cookie.present) return true;
  std::copy_n(option.begin(), kClientCookieBytes, cookie.client.begin());
  std::copy(server.begin(), server.end(), cookie.server.begin());
  cookie.server_bytes = static_cast<uint8_t>(server.size());
  cookie.present = true;
  return true;
}

// False when the options are malformed.
bool ReadOptions(Bytes options, Query& query) {
  size_t at = 0;
  while (at < options.size()) {
    if (options.size() - at < 4) return false;
    const uint16_t code = ReadU16(options, at);
    const size_t length = ReadU16(options, at + 2);
    at += 4;
    if (options.size() - at < length) return false;
    const Bytes option = options.subspan(at, length);
    at += length;
    if (code == kOptionClientSubnet && !ReadClientSubnet(option, query.subnet)) return false;
    // RFC 5001 section 2.1: the request's payload is empty; anything else is not a request.
    if (code == kOptionNsid && option.empty()) query.nsid_asked = true;
    // RFC 7828 section 3.2.1: likewise.
    if (code == kOptionKeepalive && option.empty()) query.keepalive_asked = true;
    if (code == kOptionCookie && !ReadCookie(option, query.cookie)) return false;
  }
  return true;
}

// What one OPT record says. Its options are only meaningful in version 0.
bool ReadOpt(const Record& record, Query& query) {
  query.has_opt = true;
  query.edns_version = static_cast<uint8_t>(record.ttl >> 16);
  query.dnssec_ok = (record.ttl & kOptFlagDo) != 0;
  query.udp_bytes_max = std::max<uint16_t>(record.record_class, kUdpBytesWithoutEdns);
  if (record.owner.size() != 1) return false;  // RFC 6891 section 6.1.2: the root.
  return query.edns_version != 0 || ReadOptions(record.rdata, query);
}

enum class Body {
  kGood,
  kBadOpt,     // Readable, but EDNS is used against its rules.
  kMalformed,  // Not a DNS message.
};

Body ReadBody(Bytes packet, const Counts& counts, Query& query) {
  size_t at = kHeaderBytes;
  for (uint16_t i = 0; i < counts.questions; ++i) {
    Name other;
    const std::optional<size_t> end = ReadName(packet, at, i == 0 ? query.name : other);
    if (!end.has_value() || packet.size() - *end < 4) return Body::kMalformed;
    if (i == 0) {
      query.type = ReadU16(packet, *end);
      query.question_class = ReadU16(packet, *end + 2);
      query.question_bytes = *end + 4 - kHeaderBytes;
    }
    at = *end + 4;
  }
  Record record;
  const uint32_t before_additional = uint32_t{counts.answers} + counts.authorities;
  const uint32_t records = before_additional + counts.additionals;
  bool bad_opt = false;
  for (uint32_t i = 0; i < records; ++i) {
    if (!ReadRecord(packet, at, record)) return Body::kMalformed;
    at = record.end;
    if (record.type != kTypeOpt || i < before_additional) continue;
    if (query.has_opt || !ReadOpt(record, query)) bad_opt = true;
  }
  if (at != packet.size()) return Body::kMalformed;
  return bad_opt ? Body::kBadOpt : Body::kGood;
}

QueryVerdict Fail(Query& query, Rcode rcode) {
  query.error = rcode;
  return QueryVerdict::kError;
}

// An answer of the header alone (and OPT, when the query's could be read).
QueryVerdict FailHeaderOnly(Query& query, Rcode rcode) {
  query.question_bytes = 0;
  return Fail(query, rcode);
}

Rcode CheckType(uint16_t type) {
  switch (type) {
    case kTypeAxfr:
    case kTypeIxfr:
      return Rcode::kRefused;  // RFC 5936 section 2.2.1; there is no zone transfer.
    case kTypeOpt:
      return Rcode::kFormErr;
    case kTypeMaila:
    case kTypeMailb:
    case kTypeTkey:
    case kTypeTsig:
      return Rcode::kNotImp;
    default:
      return Rcode::kNoError;  // Unknown types are ordinary ones (RFC 3597).
  }
}

}  // namespace

QueryVerdict ParseQuery(Bytes packet, Query& query) {
  if (packet.size() < kHeaderBytes) return QueryVerdict::kDrop;
  const uint16_t flags = ReadU16(packet, 2);
  if ((flags & kFlagQr) != 0) return QueryVerdict::kDrop;
  query.id = ReadU16(packet, 0);
  query.opcode = static_cast<uint8_t>(flags >> 11 & 0xF);
  query.recursion_desired = (flags & kFlagRd) != 0;
  query.checking_disabled = (flags & kFlagCd) != 0;
  const Counts counts{ReadU16(packet, 4), ReadU16(packet, 6), ReadU16(packet, 8), ReadU16(packet, 10)};

  const Body body = ReadBody(packet, counts, query);
  if (query.opcode != kOpcodeQuery) {
    if (body == Body::kMalformed) query.has_opt = false;
    if (body != Body::kGood) query.cookie.present = query.subnet.present = false;
    return FailHeaderOnly(query, Rcode::kNotImp);
  }
  if (body == Body::kMalformed) {
    query.has_opt = query.cookie.present = query.subnet.present = false;
    return FailHeaderOnly(query, Rcode::kFormErr);
  }
  if (counts.questions == 0 && body == Body::kGood && query.cookie.present) return QueryVerdict::kCookie;
  if (counts.questions != 1) return FailHeaderOnly(query, Rcode::kFormErr);  // RFC 9619.
  if (body == Body::kBadOpt) {
    query.subnet.present = false;
    query.cookie.present = false;
    return Fail(query, Rcode::kFormErr);
  }
  if (query.has_opt && query.edns_version != 0) return Fail(query, Rcode::kBadVers);
  if (query.question_class == kClassChaos) return QueryVerdict::kChaos;
  if (query.question_class != kClassIn) return Fail(query, Rcode::kRefused);
  if (const Rcode rcode = CheckType(query.type); rcode != Rcode::kNoError) return Fail(query, rcode);
  return QueryVerdict::kAnswer;
}

}  // namespace nonet::dns
