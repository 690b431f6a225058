#include "dnsresolver/core/responder.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/codec/query.h"
#include "dnsresolver/codec/writer.h"
#include "dnsresolver/core/explain.h"
#include "dnsresolver/core/explain_text.h"
#include "dnsresolver/core/message_writer.h"

namespace nonet::dns {
namespace {

constexpr uint16_t kErrorNotReady = 14;

Content Found(const Sections& sections, uint8_t scope_bits = 0) {
  return {.authoritative = true, .sections = &sections, .scope_bits = scope_bits};
}
Content NoData() { return {.authoritative = true, .negative = true}; }
Content NoSuchName() { return {.rcode = Rcode::kNxDomain, .authoritative = true, .negative = true}; }
Content Failed(Rcode rcode) { return {.rcode = rcode}; }

// A source prefix of length 0 asks not to be located: the resolver's own address then counts.
bool IsLocated(const Query& query) { return query.subnet.present && query.subnet.source_bits > 0; }

IpPrefix ClientOf(const Query& query, const IpPrefix& source) {
  if (!IsLocated(query)) return source;
  const IpFamily family = query.subnet.family == 1 ? IpFamily::kV4 : IpFamily::kV6;
  return IpPrefix::FromBytes(family, {query.subnet.address.data(), query.subnet.address_bytes},
                             query.subnet.source_bits);
}

// A resource that is steered by profiles.
Content AnswerProfile(const AnswerTable& table, const AnswerPlan::Entry& entry, const Query& query,
                      const Asker& asker) {
  const AnswerPlan::ResourcePlan& resource = table.plan().resource(entry.resource);
  const bool by_alias = entry.kind == AnswerPlan::Kind::kAlias;
  const bool has_alias = !by_alias && resource.alias.answers > 0;
  const bool cname_only = query.type == kTypeCname || query.type == kTypeAny;
  if (has_alias && cname_only) return Found(resource.alias);
  const BlockTree::Block block = resource.profile->blocks().Find(ClientOf(query, asker.source));
  const ProfileAnswers::Decision decision = table.profile(entry.resource)->Decide(block.value, asker.draw);
  Content content = NoData();
  if (has_alias) content.sections = &resource.alias;
  switch (decision.outcome.kind) {
    case Outcome::Kind::kNoName:
      content.rcode = Rcode::kNxDomain;  // Of the last name of the chain (RFC 6604).
      return content;
    case Outcome::Kind::kNoData:
      return content;
    case Outcome::Kind::kAddresses:
      if (query.type != kTypeA && query.type != kTypeAny) return content;
      content.sections = has_alias ? decision.chained : decision.addresses;
      content.negative = false;
      break;
    case Outcome::Kind::kInstance: {
      const auto& answers = (by_alias ? resource.alias_answers : resource.answers)[decision.outcome.index];
      content.sections = query.type == kTypeA ? &answers.cname_and_address : &answers.cname;
      content.negative = query.type != kTypeA && !cname_only;
      content.endpoint = decision.outcome.index;
      content.resource = static_cast<int32_t>(entry.resource);
      break;
    }
  }
  if (IsLocated(query)) content.scope_bits = static_cast<uint8_t>(block.length);
  return content;
}

Content AnswerResource(const AnswerTable& table, const AnswerPlan::Entry& entry, const Query& query,
                       const Asker& asker) {
  const AnswerPlan::ResourcePlan& resource = table.plan().resource(entry.resource);
  if (resource.profile != nullptr) return AnswerProfile(table, entry, query, asker);
  const bool by_alias = entry.kind == AnswerPlan::Kind::kAlias;
  const bool has_alias = !by_alias && resource.alias.answers > 0;
  const bool cname_only = query.type == kTypeCname || query.type == kTypeAny;
  if (has_alias && cname_only) return Found(resource.alias);
  const IpPrefix client = ClientOf(query, asker.source);
  const int region = table.plan().prefixes().locations().Find(client);
  const int pick = table.Pick(entry.resource, region);
  Content content = NoData();
  if (pick < 0) {
    if (has_alias) content.sections = &resource.alias;
    return content;
  }
  const auto& answers = (by_alias ? resource.alias_answers : resource.answers)[static_cast<size_t>(pick)];
  content.sections = query.type == kTypeA ? &answers.cname_and_address : &answers.cname;
  content.negative = query.type != kTypeA && !cname_only;
  if (IsLocated(query)) content.scope_bits = static_cast<uint8_t>(resource.scopes.LengthAt(client, region));
  content.resource = static_cast<int32_t>(entry.resource);
  content.endpoint = pick;
  return content;
}

// "explain.<name>", for a name that exists: the one exception to "nothing is below a name". Its answer holds
// for the client asked about alone, and for now.
std::optional<Content> AnswerExplain(const AnswerTable& table, const Query& query, const IpPrefix& source) {
  constexpr absl::string_view kPrefix = "\007explain";
  if (!absl::StartsWith(query.name.key(), kPrefix)) return std::nullopt;
  const absl::string_view rest = query.name.key().substr(kPrefix.size());
  if (table.plan().Find(rest) == nullptr) return std::nullopt;
  if (query.type != kTypeTxt && query.type != kTypeAny) return NoData();
  const std::string name = query.name.ToText().substr(kPrefix.size());
  const absl::StatusOr<Explanation> why = Explain(table, name, ClientOf(query, source));
  if (!why.ok()) return Failed(Rcode::kServFail);
  Content content{.authoritative = true, .scope_bits = query.subnet.source_bits};
  content.spoken = std::make_unique<Spoken>();
  content.spoken->text = ExplanationText(*why);
  return content;
}

Content AnswerEntry(const AnswerTable& table, const AnswerPlan::Entry& entry, const Query& query,
                    const Asker& asker) {
  const AnswerPlan& plan = table.plan();
  const bool any = query.type == kTypeAny;  // One small thing of what there is: RFC 8482.
  switch (entry.kind) {
    case AnswerPlan::Kind::kResource:
    case AnswerPlan::Kind::kAlias:
      return AnswerResource(table, entry, query, asker);
    case AnswerPlan::Kind::kInstance: {
      const Sections& own = plan.resource(entry.resource).answers[entry.endpoint].own_address;
      return (query.type == kTypeA || any) && own.answers > 0 ? Found(own) : NoData();
    }
    case AnswerPlan::Kind::kApex:
      if (query.type == kTypeSoa || any) return Found(plan.soa());
      return query.type == kTypeNs ? Found(plan.name_servers()) : NoData();
    case AnswerPlan::Kind::kNameServer:
      return (query.type == kTypeA || any) && plan.server_address().answers > 0 ? Found(plan.server_address())
                                                                                : NoData();
    case AnswerPlan::Kind::kAliases:
      return NoData();  // Names are below it, so it exists (RFC 8020).
  }
  return NoData();
}

// RFC 8914: why this answer, for people who debug.
void AddError(const AnswerTable& table, const Query& query, const IpPrefix& source,
              const AnswerPlan::Entry* entry, Content& content) {
  if (content.spoken == nullptr) content.spoken = std::make_unique<Spoken>();
  Spoken& spoken = *content.spoken;
  if (content.rcode == Rcode::kRefused) {
    spoken.error = kErrorNotAuthoritative;
    spoken.error_text =
        absl::StrCat("This server answers for ", table.plan().settings().zone.ToText(), " only.");
  } else if (content.rcode == Rcode::kServFail) {
    spoken.error = kErrorNotReady;
    spoken.error_text = "No configuration has been seen yet.";
  } else if (entry != nullptr &&
             (entry->kind == AnswerPlan::Kind::kResource || entry->kind == AnswerPlan::Kind::kAlias)) {
    const std::string& name = table.plan().topology().resources[entry->resource].host_name;
    const absl::StatusOr<Explanation> why = Explain(table, name, ClientOf(query, source));
    if (!why.ok()) return;
    spoken.error = why->fail_open ? kErrorStaleAnswer : kErrorOther;
    spoken.error_text = ShortExplanation(*why);
  }
}

Content Answer(const AnswerTable& table, const Query& query, const Asker& asker) {
  const IpPrefix& source = asker.source;
  const AnswerPlan& plan = table.plan();
  const bool explain = plan.settings().explain;
  const AnswerPlan::Entry* entry = plan.Find(query.name.key());
  Content content;
  if (entry != nullptr) {
    content = AnswerEntry(table, *entry, query, asker);
    content.name = (uint64_t{static_cast<uint8_t>(entry->kind)} + 1) << 60 | uint64_t{entry->resource} << 28 |
                   entry->endpoint;
  } else if (!query.name.IsWithin(plan.settings().zone)) {
    content = Failed(Rcode::kRefused);
  } else if (!plan.topology().known) {
    content = Failed(Rcode::kServFail);
  } else {
    std::optional<Content> explained;
    if (explain) explained = AnswerExplain(table, query, source);
    content = explained.has_value() ? *std::move(explained) : NoSuchName();
  }
  if (explain && query.has_opt) AddError(table, query, source, entry, content);
  return content;
}

// Class CHAOS: what the server says about itself (RFC 4892).
Content AnswerChaos(const AnswerPlan& plan, const Query& query) {
  if (plan.settings().version.empty()) return Failed(Rcode::kRefused);
  const absl::string_view name = query.name.key();
  const Sections* sections = nullptr;
  const auto is = [&](absl::string_view wire) {
    return name == absl::string_view(wire.data(), wire.size() + 1);
  };
  if (is("\007version\004bind") || is("\007version\006server")) sections = &plan.version();
  if (is("\002id\006server") || is("\010hostname\004bind")) sections = &plan.server_id();
  if (sections == nullptr || sections->answers == 0) return Failed(Rcode::kRefused);
  if (query.type == kTypeTxt || query.type == kTypeAny) return Found(*sections);
  return {.authoritative = true};
}

AnswerKind KindOf(const Content& content) {
  if (content.rcode == Rcode::kNxDomain) return AnswerKind::kNoName;
  if (content.rcode != Rcode::kNoError) return AnswerKind::kError;
  return content.negative && content.sections == nullptr ? AnswerKind::kNoData : AnswerKind::kRecords;
}

}  // namespace

Response Respond(const AnswerTable& table, const Received& question, const Asker& asker,
                 std::span<uint8_t> out) {
  const Query& query = question.query;
  Content content;
  switch (question.verdict) {
    case QueryVerdict::kDrop:
      return {};
    case QueryVerdict::kError:
      content = Failed(query.error);
      break;
    case QueryVerdict::kAnswer:
      content = Answer(table, query, asker);
      break;
    case QueryVerdict::kChaos:
      content = AnswerChaos(table.plan(), query);
      break;
    case QueryVerdict::kCookie:
      if (asker.cookies == nullptr) content = Failed(Rcode::kFormErr);
      break;
  }
  Response response;
  response.rcode = content.rcode;
  response.kind = KindOf(content);
  response.resource = content.resource;
  response.endpoint = content.endpoint;
  if (content.endpoint >= 0 && IsLocated(query)) {
    response.holds_for = ClientOf(query, asker.source);
    response.holds_for.length = std::min<int>(content.scope_bits, response.holds_for.length);
    response.holds_for.bits &= IpPrefix::MaskOf(response.holds_for.length);
  }
  response.name = content.name;
  if (asker.cookies != nullptr) {
    response.cookie = CheckCookie(*asker.cookies, query.cookie, asker.source, asker.wall_s);
  }
  const size_t bytes_max = asker.transport == Transport::kTcp
                               ? kMessageBytesMax
                               : std::min(query.udp_bytes_max, table.plan().settings().udp_bytes_max);
  const Bytes asked = question.packet.subspan(kHeaderBytes, query.question_bytes);
  WriteMessage(table.plan(), query, asked, content, asker, std::min(bytes_max, out.size()), out, response);
  return response;
}

Response Respond(const AnswerTable& table, Bytes packet, const Asker& asker, std::span<uint8_t> out) {
  Received question;
  Read(packet, question);
  return Respond(table, question, asker, out);
}

Response Respond(const AnswerTable& table, Bytes packet, const IpPrefix& source, Transport transport,
                 std::span<uint8_t> out) {
  return Respond(table, packet, Asker{.source = source, .transport = transport}, out);
}

uint64_t RateKind(const Response& response) {
  const uint64_t kind = uint64_t{static_cast<uint8_t>(response.kind)} << 56;
  return response.kind == AnswerKind::kRecords ? kind ^ response.name : kind;
}

void MakeSlip(Response& response, std::span<uint8_t> out) {
  Writer writer(out);
  writer.Raw(out.first(response.question_end));  // Over itself.
  const Bytes opt = Bytes(out).subspan(response.opt_at, response.opt_bytes);
  // OPT moves forward, to where the records were.
  std::copy(opt.begin(), opt.end(), out.begin() + static_cast<std::ptrdiff_t>(response.question_end));
  const uint16_t flags = ReadU16(out, 2);
  const bool half_a_cookie =
      response.cookie == CookieState::kClient || response.cookie == CookieState::kWrong;
  if (half_a_cookie && response.opt_bytes > 0) {
    response.rcode = Rcode::kBadCookie;
    constexpr auto kBad = static_cast<uint16_t>(Rcode::kBadCookie);
    writer.PatchU16(2, static_cast<uint16_t>((flags & ~0xF) | (kBad & 0xF)));
    constexpr size_t kRcodeInOpt = 5;  // After root, type and size.
    out[response.question_end + kRcodeInOpt] = kBad >> 4;
  } else {
    writer.PatchU16(2, flags | kFlagTc);
  }
  writer.PatchU16(6, 0);
  writer.PatchU16(8, 0);
  response.opt_at = response.opt_bytes > 0 ? response.question_end : 0;
  response.bytes = response.question_end + response.opt_bytes;
}

}  // namespace nonet::dns
