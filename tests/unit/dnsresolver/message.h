// DNS messages for tests: queries built piece by piece, answers taken apart into text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "dnsresolver/codec/record.h"
#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

using Packet = std::vector<uint8_t>;

inline void PutU16(Packet& out, uint16_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void PutU32(Packet& out, uint32_t value) {
  PutU16(out, static_cast<uint16_t>(value >> 16));
  PutU16(out, static_cast<uint16_t>(value));
}
inline void Put(Packet& out, const Packet& more) { out.insert(out.end(), more.begin(), more.end()); }

// "a.b" as wire labels, case kept.
inline Packet NameBytes(absl::string_view text) {
  Packet out;
  for (const absl::string_view label : absl::StrSplit(text, '.', absl::SkipEmpty())) {
    out.push_back(static_cast<uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  out.push_back(0);
  return out;
}

inline Packet Option(uint16_t code, const Packet& payload) {
  Packet out;
  PutU16(out, code);
  PutU16(out, static_cast<uint16_t>(payload.size()));
  Put(out, payload);
  return out;
}

inline Packet Subnet(uint16_t family, uint8_t source, uint8_t scope, const Packet& address) {
  Packet payload;
  PutU16(payload, family);
  payload.push_back(source);
  payload.push_back(scope);
  Put(payload, address);
  return Option(kOptionClientSubnet, payload);
}

struct OptFields {
  uint16_t udp_bytes = 1232;
  uint8_t version = 0;
  uint16_t flags = 0;
  Packet owner = {0};
  Packet options = {};
};

inline Packet OptRecord(const OptFields& opt) {
  Packet out = opt.owner;
  PutU16(out, kTypeOpt);
  PutU16(out, opt.udp_bytes);
  PutU32(out, uint32_t{opt.version} << 16 | opt.flags);
  PutU16(out, static_cast<uint16_t>(opt.options.size()));
  Put(out, opt.options);
  return out;
}

struct QueryFields {
  uint16_t id = 0x1234;
  uint16_t flags = kFlagRd;
  uint16_t questions = 1, answers = 0, authorities = 0, additionals = 0;
  Packet body = {};
};

inline Packet Message(const QueryFields& fields) {
  Packet out;
  for (const uint16_t word :
       {fields.id, fields.flags, fields.questions, fields.answers, fields.authorities, fields.additionals}) {
    PutU16(out, word);
  }
  Put(out, fields.body);
  return out;
}

inline Packet Question(absl::string_view name, uint16_t type, uint16_t question_class = kClassIn) {
  Packet out = NameBytes(name);
  PutU16(out, type);
  PutU16(out, question_class);
  return out;
}

inline Packet MakeQuery(absl::string_view name, uint16_t type) {
  return Message({.body = Question(name, type)});
}

inline Packet MakeQuery(absl::string_view name, uint16_t type, const OptFields& opt) {
  Packet body = Question(name, type);
  Put(body, OptRecord(opt));
  return Message({.additionals = 1, .body = body});
}

struct DecodedRecord {
  std::string owner;
  uint16_t type = 0;
  uint32_t ttl = 0;
  std::string data;  // Names, addresses, TXT as text, SOA as "mname rname serial minimum", else the size.
};

struct DecodedSubnet {
  uint16_t family = 0;
  uint8_t source = 0, scope = 0;
  Packet address;
};

struct Decoded {
  uint16_t id = 0, flags = 0;
  int rcode = 0;  // With OPT's bits.
  Packet question;
  std::vector<DecodedRecord> answers, authorities;
  bool has_opt = false;
  uint16_t udp_bytes = 0;
  uint8_t version = 0;
  bool dnssec_ok = false;
  std::optional<DecodedSubnet> subnet;
  std::optional<std::string> nsid;
  std::optional<Packet> cookie;
  std::optional<uint16_t> keepalive;
  std::optional<std::pair<int, std::string>> error;  // Extended: code and text.
  size_t options = 0;

  bool authoritative() const { return (flags & kFlagAa) != 0; }
  bool truncated() const { return (flags & kFlagTc) != 0; }
};

inline std::string DescribeData(Bytes message, const Record& record) {
  Name name;
  if (record.type == kTypeA && record.rdata.size() == 4) return absl::StrJoin(record.rdata, ".");
  if (record.type == kTypeTxt) {
    std::vector<std::string> strings;
    for (size_t at = 0; at < record.rdata.size(); at += 1 + record.rdata[at]) {
      if (record.rdata.size() - at - 1 < record.rdata[at]) return "(bad TXT)";
      const Bytes text = record.rdata.subspan(at + 1, record.rdata[at]);
      strings.emplace_back(text.begin(), text.end());
    }
    return absl::StrJoin(strings, "|");
  }
  if (record.type == kTypeCname || record.type == kTypeNs) {
    return ReadName(message, record.rdata_at, name) == record.end ? name.ToText() : "(bad name)";
  }
  if (record.type == kTypeSoa) {
    Name rname;
    const auto mname_end = ReadName(message, record.rdata_at, name);
    const auto rname_end = mname_end ? ReadName(message, *mname_end, rname) : std::nullopt;
    if (!rname_end || *rname_end + 20 != record.end) return "(bad SOA)";
    return absl::StrCat(name.ToText(), " ", rname.ToText(), " ", ReadU32(message, *rname_end), " ",
                        ReadU32(message, *rname_end + 16));
  }
  return absl::StrCat(record.rdata.size(), " bytes");
}

// nullopt when the message is malformed in any way.
inline std::optional<Decoded> Decode(Bytes message) {
  Decoded out;
  if (message.size() < kHeaderBytes) return std::nullopt;
  out.id = ReadU16(message, 0);
  out.flags = ReadU16(message, 2);
  out.rcode = out.flags & 0xF;
  size_t at = kHeaderBytes;
  for (int i = 0; i < ReadU16(message, 4); ++i) {
    Name name;
    const auto end = ReadName(message, at, name);
    if (!end || message.size() - *end < 4) return std::nullopt;
    at = *end + 4;
  }
  out.question.assign(message.begin() + kHeaderBytes, message.begin() + static_cast<std::ptrdiff_t>(at));
  for (int section = 0; section < 3; ++section) {
    for (int i = 0; i < ReadU16(message, 6 + 2 * static_cast<size_t>(section)); ++i) {
      Record record;
      if (!ReadRecord(message, at, record)) return std::nullopt;
      at = record.end;
      if (section < 2) {
        (section == 0 ? out.answers : out.authorities)
            .push_back({record.owner.ToText(), record.type, record.ttl, DescribeData(message, record)});
        continue;
      }
      if (record.type != kTypeOpt || out.has_opt || record.owner.size() != 1) return std::nullopt;
      out.has_opt = true;
      out.udp_bytes = record.record_class;
      out.rcode |= static_cast<int>(record.ttl >> 24) << 4;
      out.version = static_cast<uint8_t>(record.ttl >> 16);
      out.dnssec_ok = (record.ttl & kOptFlagDo) != 0;
      for (size_t o = 0; o < record.rdata.size(); ++out.options) {
        if (record.rdata.size() - o < 4) return std::nullopt;
        const uint16_t code = ReadU16(record.rdata, o);
        const size_t length = ReadU16(record.rdata, o + 2);
        if (record.rdata.size() - o - 4 < length) return std::nullopt;
        const Bytes payload = record.rdata.subspan(o + 4, length);
        if (code == kOptionNsid) out.nsid = std::string(payload.begin(), payload.end());
        if (code == kOptionCookie) out.cookie = Packet(payload.begin(), payload.end());
        if (code == kOptionKeepalive && length == 2) out.keepalive = ReadU16(payload, 0);
        if (code == kOptionError && length >= 2) {
          out.error = {ReadU16(payload, 0), std::string(payload.begin() + 2, payload.end())};
        }
        if (code == kOptionClientSubnet) {
          if (length < 4) return std::nullopt;
          out.subnet = {ReadU16(payload, 0), payload[2], payload[3],
                        Packet(payload.begin() + 4, payload.end())};
        }
        o += 4 + length;
      }
    }
  }
  if (at != message.size()) return std::nullopt;
  return out;
}

}  // namespace nonet::dns
