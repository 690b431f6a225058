// A million packets, mutated and whole, read by ldns too: what we take for a query is one, with the same
// content; and what we answer means to ldns what we wrote.
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <array>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "dnsresolver/codec/query.h"
#include "tests/unit/dnsresolver/fixture.h"
#include "tests/unit/dnsresolver/packets.h"

namespace nonet::dns {
namespace {

constexpr int kPackets = 1'000'000;

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using LdnsPacket = std::unique_ptr<ldns_pkt, FreePacket>;

// nullptr when ldns finds it malformed.
LdnsPacket ReadByLdns(Bytes bytes) {
  ldns_pkt* packet = nullptr;
  if (ldns_wire2pkt(&packet, bytes.data(), bytes.size()) != LDNS_STATUS_OK) return nullptr;
  return LdnsPacket(packet);
}

bool SameName(const ldns_rdf* theirs, const Name& ours) {
  if (ldns_rdf_size(theirs) != ours.size()) return false;
  const uint8_t* bytes = ldns_rdf_data(theirs);
  for (size_t i = 0; i < ours.size(); ++i) {
    if (static_cast<uint8_t>(absl::ascii_tolower(bytes[i])) != ours.wire()[i]) return false;
  }
  return true;
}

// ldns looks into the data of records, which is none of a server's business in a query.
bool HasOtherRecords(Bytes packet, const Query& query) {
  return ReadU16(packet, 6) != 0 || ReadU16(packet, 8) != 0 || ReadU16(packet, 10) != (query.has_opt ? 1 : 0);
}

// The query as we read it against ldns's reading. Returns whether there was something to compare.
bool CompareQuery(const Packet& packet) {
  Query query;
  const QueryVerdict verdict = ParseQuery(packet, query);
  if ((verdict != QueryVerdict::kAnswer && verdict != QueryVerdict::kChaos) ||
      HasOtherRecords(packet, query)) {
    return false;
  }
  const LdnsPacket theirs = ReadByLdns(packet);
  EXPECT_NE(theirs, nullptr) << "we take for a query what ldns finds malformed";
  if (theirs == nullptr) return true;
  EXPECT_EQ(ldns_pkt_id(theirs.get()), query.id);
  EXPECT_EQ(ldns_pkt_get_opcode(theirs.get()), query.opcode);
  EXPECT_EQ(ldns_pkt_rd(theirs.get()), query.recursion_desired);
  EXPECT_EQ(ldns_pkt_cd(theirs.get()), query.checking_disabled);
  const ldns_rr_list* questions = ldns_pkt_question(theirs.get());
  EXPECT_EQ(ldns_rr_list_rr_count(questions), 1u);
  const ldns_rr* question = ldns_rr_list_rr(questions, 0);
  EXPECT_TRUE(SameName(ldns_rr_owner(question), query.name)) << query.name.ToText();
  EXPECT_EQ(ldns_rr_get_type(question), query.type);
  EXPECT_EQ(ldns_rr_get_class(question), query.question_class);
  EXPECT_EQ(ldns_pkt_edns(theirs.get()), query.has_opt);
  if (!query.has_opt) return true;
  EXPECT_EQ(ldns_pkt_edns_version(theirs.get()), query.edns_version);
  EXPECT_EQ(ldns_pkt_edns_do(theirs.get()), query.dnssec_ok);
  EXPECT_EQ(std::max<uint16_t>(ldns_pkt_edns_udp_size(theirs.get()), 512), query.udp_bytes_max);
  return true;
}

void CompareRecords(const ldns_rr_list* theirs, const std::vector<DecodedRecord>& ours) {
  ASSERT_EQ(ldns_rr_list_rr_count(theirs), ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(theirs, i);
    EXPECT_TRUE(SameName(ldns_rr_owner(record), *Name::FromText(ours[i].owner))) << ours[i].owner;
    EXPECT_EQ(ldns_rr_get_type(record), ours[i].type);
    EXPECT_EQ(ldns_rr_ttl(record), ours[i].ttl);
    if (ours[i].type == kTypeCname || ours[i].type == kTypeNs) {
      EXPECT_TRUE(SameName(ldns_rr_rdf(record, 0), *Name::FromText(ours[i].data))) << ours[i].data;
    }
  }
}

void CompareAnswer(Bytes answer, const Response& response) {
  const auto decoded = Decode(answer);
  ASSERT_TRUE(decoded.has_value());
  const LdnsPacket theirs = ReadByLdns(answer);
  ASSERT_NE(theirs, nullptr) << "ldns finds our answer malformed";
  EXPECT_TRUE(ldns_pkt_qr(theirs.get()));
  EXPECT_FALSE(ldns_pkt_ra(theirs.get()));
  EXPECT_FALSE(ldns_pkt_ad(theirs.get()));
  EXPECT_EQ(ldns_pkt_id(theirs.get()), decoded->id);
  EXPECT_EQ(ldns_pkt_aa(theirs.get()), decoded->authoritative());
  EXPECT_EQ(ldns_pkt_tc(theirs.get()), decoded->truncated());
  EXPECT_EQ(ldns_pkt_edns(theirs.get()), decoded->has_opt);
  const int extended = ldns_pkt_edns(theirs.get()) ? ldns_pkt_edns_extended_rcode(theirs.get()) : 0;
  EXPECT_EQ(extended << 4 | ldns_pkt_get_rcode(theirs.get()), static_cast<int>(response.rcode));
  // The data of what is no known type of ours is not looked into.
  CompareRecords(ldns_pkt_answer(theirs.get()), decoded->answers);
  CompareRecords(ldns_pkt_authority(theirs.get()), decoded->authorities);
}

TEST(Differential, AMillionPacketsMeanTheSameToLdns) {
  AnswerSettings settings = DefaultSettings();
  settings.version = "test";
  const AnswerTable direct = ContosoTable(settings);
  settings.chain = Chain::kTrafficManager;
  const AnswerTable chained = ContosoTable(settings);
  const CookieSecrets secrets{.current = {7}, .previous = std::nullopt};
  const std::vector<Packet> seeds = Seeds();
  const IpPrefix source = Ip("127.143.0.1");
  Random random(8906);
  std::array<uint8_t, kAnswerBytesMax> out;
  int queries = 0, answers = 0;
  for (int i = 0; i < kPackets && !testing::Test::HasFailure(); ++i) {
    Packet packet = seeds[random.Below(seeds.size())];
    for (uint64_t n = random.Below(4); n > 0; --n) Mutate(random, seeds, packet);
    SCOPED_TRACE(i);
    if (packet.size() >= kHeaderBytes) queries += CompareQuery(packet) ? 1 : 0;
    const Asker asker{.source = source,
                      .transport = i % 3 == 0 ? Transport::kTcp : Transport::kUdp,
                      .cookies = i % 2 == 0 ? &secrets : nullptr};
    const Response response = Respond(i % 5 == 0 ? chained : direct, packet, asker, out);
    if (response.bytes == 0) continue;
    ++answers;
    CompareAnswer(Bytes(out).first(response.bytes), response);
  }
  EXPECT_GT(queries, kPackets / 10);
  EXPECT_GT(answers, kPackets / 2);
}

}  // namespace
}  // namespace nonet::dns
