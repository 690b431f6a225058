#include "dnsresolver/core/message_writer.h"

#include <algorithm>

#include "dnsresolver/codec/writer.h"

namespace nonet::dns {
namespace {

constexpr int64_t kKeepaliveUnitNs = 100 * kNanosPerMilli;  // RFC 7828 section 3.1.

bool AnswersSubnet(const Query& query, Rcode rcode) {
  return query.subnet.present && rcode != Rcode::kFormErr && rcode != Rcode::kBadVers;
}

void WriteErrorOption(Writer& out, const Spoken& spoken) {
  out.U16(kOptionError);
  out.U16(static_cast<uint16_t>(2 + spoken.error_text.size()));
  out.U16(*spoken.error);
  out.Raw({reinterpret_cast<const uint8_t*>(spoken.error_text.data()), spoken.error_text.size()});
}

void WriteOptions(Writer& out, const Query& query, const Content& content, const AnswerSettings& settings,
                  const Asker& asker) {
  if (AnswersSubnet(query, content.rcode)) {
    out.U16(kOptionClientSubnet);
    out.U16(static_cast<uint16_t>(4 + query.subnet.address_bytes));
    out.U16(query.subnet.family);
    out.U8(query.subnet.source_bits);
    out.U8(content.scope_bits);
    out.Raw({query.subnet.address.data(), query.subnet.address_bytes});
  }
  if (query.cookie.present && asker.cookies != nullptr) {
    out.U16(kOptionCookie);
    out.U16(kClientCookieBytes + kServerCookieBytes);
    out.Raw(query.cookie.client);
    out.Raw(MakeServerCookie(asker.cookies->current, query.cookie.client, asker.source, asker.wall_s));
  }
  if (query.nsid_asked && !settings.server_id.empty()) {
    out.U16(kOptionNsid);
    out.U16(static_cast<uint16_t>(settings.server_id.size()));
    out.Raw({reinterpret_cast<const uint8_t*>(settings.server_id.data()), settings.server_id.size()});
  }
  if (query.keepalive_asked && asker.transport == Transport::kTcp) {
    out.U16(kOptionKeepalive);
    out.U16(2);
    out.U16(static_cast<uint16_t>(std::min<int64_t>(asker.tcp_idle_ns / kKeepaliveUnitNs, 0xFFFF)));
  }
}

void WriteOpt(Writer& out, const Query& query, const Content& content, const AnswerSettings& settings,
              const Asker& asker, bool with_error) {
  if (!query.has_opt) return;
  out.U8(0);
  out.U16(kTypeOpt);
  out.U16(settings.udp_bytes_max);
  out.U8(static_cast<uint8_t>(static_cast<uint16_t>(content.rcode) >> 4));
  out.U8(0);  // Version.
  out.U16(query.dnssec_ok ? kOptFlagDo : 0);
  const size_t length_at = out.size();
  out.U16(0);
  WriteOptions(out, query, content, settings, asker);
  if (with_error) WriteErrorOption(out, *content.spoken);
  out.PatchU16(length_at, static_cast<uint16_t>(out.size() - length_at - 2));
}

uint16_t Flags(const Query& query, const Content& content, bool truncated) {
  uint16_t flags = kFlagQr | static_cast<uint16_t>(query.opcode << 11);
  if (content.authoritative) flags |= kFlagAa;
  if (truncated) flags |= kFlagTc;
  if (query.recursion_desired) flags |= kFlagRd;
  if (query.checking_disabled) flags |= kFlagCd;
  return flags | (static_cast<uint16_t>(content.rcode) & 0xF);
}

void WriteRecords(Writer& out, const AnswerPlan& plan, const Query& query, const Content& content) {
  if (content.sections != nullptr) out.Raw(content.sections->bytes);
  if (content.negative) {
    const size_t zone_at = kHeaderBytes + query.name.size() - plan.settings().zone.size();
    plan.WriteSoa(out, zone_at, plan.settings().negative_ttl_s());
  } else if (content.has_text()) {
    out.U16(PointerTo(kHeaderBytes));
    out.U16(kTypeTxt);
    out.U16(kClassIn);
    out.U32(0);
    out.U16(static_cast<uint16_t>(content.spoken->text.size()));
    out.Raw(content.spoken->text);
  }
}

}  // namespace

void WriteMessage(const AnswerPlan& plan, const Query& query, Bytes question, const Content& content,
                  const Asker& asker, size_t bytes_max, std::span<uint8_t> buffer, Response& response) {
  Writer out(buffer);
  out.U16(query.id);
  out.U16(Flags(query, content, false));
  out.U16(question.empty() ? 0 : 1);
  const bool text = content.has_text();
  out.U16(content.sections != nullptr ? content.sections->answers : text ? 1 : 0);
  out.U16(static_cast<uint16_t>((content.sections != nullptr ? content.sections->authorities : 0) +
                                (content.negative ? 1 : 0)));
  out.U16(query.has_opt ? 1 : 0);
  out.Raw(question);
  response.question_end = out.size();
  const auto write = [&](bool records, bool error) {
    out.Rewind(response.question_end);
    if (records) WriteRecords(out, plan, query, content);
    response.opt_at = query.has_opt ? out.size() : 0;
    WriteOpt(out, query, content, plan.settings(), asker, error);
    return !out.overflowed() && out.size() <= bytes_max;
  };
  const bool error = content.spoken != nullptr && content.spoken->error.has_value() && query.has_opt;
  if (!write(true, error) && !(error && write(true, false))) {
    write(false, false);
    out.PatchU16(2, Flags(query, content, true));
    out.PatchU16(6, 0);
    out.PatchU16(8, 0);
  }
  response.bytes = out.overflowed() ? 0 : out.size();
  response.opt_bytes = response.opt_at == 0 ? 0 : out.size() - response.opt_at;
}

}  // namespace nonet::dns
