#include "dnsresolver/core/responder.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "dnsresolver/codec/query.h"
#include "dnsresolver/codec/writer.h"

namespace nonet::dns {
namespace {

constexpr size_t kOptFixedBytes = 11;
constexpr size_t kOptionHeadBytes = 4;
constexpr size_t kSubnetFixedBytes = 4;

// What goes between question and OPT.
struct Content {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  const Sections* sections = nullptr;  // None when null.
  bool negative = false;               // The zone's SOA in authority instead.
  uint8_t scope_bits = 0;              // RFC 7871: 0 is "holds for everybody".
};

Content Found(const Sections& sections, uint8_t scope_bits = 0) {
  return {Rcode::kNoError, true, &sections, false, scope_bits};
}
Content NoData() { return {Rcode::kNoError, true, nullptr, true, 0}; }
Content NoSuchName() { return {Rcode::kNxDomain, true, nullptr, true, 0}; }

Content AnswerResource(const AnswerTable& table, uint32_t index, const Query& query, const IpPrefix& source) {
  const AnswerPlan::ResourcePlan& resource = table.plan().resource(index);
  // A source prefix of length 0 asks not to be located: the resolver's own address then counts.
  const bool located = query.subnet.present && query.subnet.source_bits > 0;
  ScopeTable::Block block;
  if (located) {
    const IpFamily family = query.subnet.family == 1 ? IpFamily::kV4 : IpFamily::kV6;
    const Bytes address(query.subnet.address.data(), query.subnet.address_bytes);
    block = resource.scopes.Find(IpPrefix::FromBytes(family, address, query.subnet.source_bits));
  } else {
    block = resource.scopes.Find(source);
  }
  const int pick = table.Pick(resource, block.order);
  if (pick < 0) return NoData();
  const AnswerPlan::EndpointAnswers& answers = resource.answers[static_cast<size_t>(pick)];
  const uint8_t scope_bits = located ? static_cast<uint8_t>(block.length) : 0;
  if (query.type == kTypeCname || query.type == kTypeAny) return Found(answers.cname, scope_bits);
  if (query.type == kTypeA) return Found(answers.cname_and_address, scope_bits);
  return Found(answers.cname_and_soa, scope_bits);
}

Content Answer(const AnswerTable& table, const Query& query, const IpPrefix& source) {
  const AnswerPlan& plan = table.plan();
  const AnswerPlan::Entry* entry = plan.Find(query.name.key());
  if (entry == nullptr) {
    if (!query.name.IsWithin(plan.settings().zone)) return Content{.rcode = Rcode::kRefused};
    return plan.topology().known ? NoSuchName() : Content{.rcode = Rcode::kServFail};
  }
  const bool any = query.type == kTypeAny;  // One small thing of what there is: RFC 8482.
  switch (entry->kind) {
    case AnswerPlan::Kind::kResource:
      return AnswerResource(table, entry->resource, query, source);
    case AnswerPlan::Kind::kInstance: {
      const Sections& own = plan.resource(entry->resource).answers[entry->endpoint].own_address;
      return (query.type == kTypeA || any) && own.answers > 0 ? Found(own) : NoData();
    }
    case AnswerPlan::Kind::kApex:
      if (query.type == kTypeSoa || any) return Found(plan.soa());
      return query.type == kTypeNs ? Found(plan.name_servers()) : NoData();
    case AnswerPlan::Kind::kNameServer:
      return (query.type == kTypeA || any) && plan.server_address().answers > 0 ? Found(plan.server_address())
                                                                                : NoData();
  }
  return NoData();
}

bool AnswersSubnet(const Query& query, Rcode rcode) {
  return query.subnet.present && rcode != Rcode::kFormErr && rcode != Rcode::kBadVers;
}

size_t OptBytes(const Query& query, Rcode rcode, absl::string_view server_id) {
  if (!query.has_opt) return 0;
  size_t bytes = kOptFixedBytes;
  if (AnswersSubnet(query, rcode)) bytes += kOptionHeadBytes + kSubnetFixedBytes + query.subnet.address_bytes;
  if (query.nsid_asked && !server_id.empty()) bytes += kOptionHeadBytes + server_id.size();
  return bytes;
}

void WriteOpt(Writer& out, const Query& query, const Content& content, const AnswerSettings& settings) {
  const size_t bytes = OptBytes(query, content.rcode, settings.server_id);
  if (bytes == 0) return;
  out.U8(0);
  out.U16(kTypeOpt);
  out.U16(settings.udp_bytes_max);
  out.U8(static_cast<uint8_t>(static_cast<uint16_t>(content.rcode) >> 4));
  out.U8(0);  // Version.
  out.U16(query.dnssec_ok ? kOptFlagDo : 0);
  out.U16(static_cast<uint16_t>(bytes - kOptFixedBytes));
  if (AnswersSubnet(query, content.rcode)) {
    out.U16(kOptionClientSubnet);
    out.U16(static_cast<uint16_t>(kSubnetFixedBytes + query.subnet.address_bytes));
    out.U16(query.subnet.family);
    out.U8(query.subnet.source_bits);
    out.U8(content.scope_bits);
    out.Raw({query.subnet.address.data(), query.subnet.address_bytes});
  }
  if (query.nsid_asked && !settings.server_id.empty()) {
    out.U16(kOptionNsid);
    out.U16(static_cast<uint16_t>(settings.server_id.size()));
    out.Raw({reinterpret_cast<const uint8_t*>(settings.server_id.data()), settings.server_id.size()});
  }
}

uint16_t Flags(const Query& query, const Content& content, bool truncated) {
  uint16_t flags = kFlagQr | static_cast<uint16_t>(query.opcode << 11);
  if (content.authoritative) flags |= kFlagAa;
  if (truncated) flags |= kFlagTc;
  if (query.recursion_desired) flags |= kFlagRd;
  if (query.checking_disabled) flags |= kFlagCd;
  return flags | (static_cast<uint16_t>(content.rcode) & 0xF);
}

// Header, question, records, OPT; when the records do not fit the limit, TC and none of them.
size_t WriteMessage(const AnswerPlan& plan, const Query& query, Bytes question, const Content& content,
                    size_t bytes_max, std::span<uint8_t> buffer) {
  const size_t opt_bytes = OptBytes(query, content.rcode, plan.settings().server_id);
  Writer out(buffer);
  out.U16(query.id);
  out.U16(Flags(query, content, false));
  out.U16(question.empty() ? 0 : 1);
  out.U16(content.sections != nullptr ? content.sections->answers : 0);
  out.U16(content.sections != nullptr ? content.sections->authorities : content.negative ? 1 : 0);
  out.U16(opt_bytes > 0 ? 1 : 0);
  out.Raw(question);
  const size_t records_at = out.size();
  if (content.sections != nullptr) {
    out.Raw(content.sections->bytes);
  } else if (content.negative) {
    const size_t zone_at = kHeaderBytes + query.name.size() - plan.settings().zone.size();
    plan.WriteSoa(out, zone_at, plan.settings().negative_ttl_s());
  }
  if (out.overflowed() || out.size() + opt_bytes > bytes_max) {
    out.Rewind(records_at);
    out.PatchU16(2, Flags(query, content, true));
    out.PatchU16(6, 0);
    out.PatchU16(8, 0);
  }
  WriteOpt(out, query, content, plan.settings());
  return out.overflowed() ? 0 : out.size();
}

}  // namespace

Response Respond(const AnswerTable& table, Bytes packet, const IpPrefix& source, Transport transport,
                 std::span<uint8_t> out) {
  Query query;
  const QueryVerdict verdict = ParseQuery(packet, query);
  if (verdict == QueryVerdict::kDrop) return {};
  const Content content =
      verdict == QueryVerdict::kAnswer ? Answer(table, query, source) : Content{.rcode = query.error};
  const size_t bytes_max = transport == Transport::kTcp
                               ? kMessageBytesMax
                               : std::min(query.udp_bytes_max, table.plan().settings().udp_bytes_max);
  const Bytes question = packet.subspan(kHeaderBytes, query.question_bytes);
  return {WriteMessage(table.plan(), query, question, content, std::min(bytes_max, out.size()), out),
          content.rcode};
}

}  // namespace nonet::dns
