// Our answers read by ldns: what it makes of the bytes is what we meant.
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

std::string ToText(ldns_rdf* rdf) {
  char* raw = ldns_rdf2str(rdf);
  std::string text = absl::AsciiStrToLower(raw);
  free(raw);
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

void Compare(const ldns_rr_list* list, const std::vector<DecodedRecord>& ours) {
  ASSERT_EQ(ldns_rr_list_rr_count(list), ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ldns_rr* rr = ldns_rr_list_rr(list, i);
    EXPECT_EQ(ToText(ldns_rr_owner(rr)), ours[i].owner);
    EXPECT_EQ(static_cast<uint16_t>(ldns_rr_get_type(rr)), ours[i].type);
    EXPECT_EQ(ldns_rr_ttl(rr), ours[i].ttl);
    EXPECT_TRUE(absl::StartsWith(ours[i].data, ToText(ldns_rr_rdf(rr, 0)))) << ours[i].data;
  }
}

TEST(Ldns, ReadsEveryAnswerAsWeDo) {
  const AnswerTable table = ContosoTable();
  for (const std::string& name :
       {std::string("contoso.webpubsub.azure.com"), std::string("CONTOSO.webPUBsub.azure.com"),
        std::string(kZone), std::string("ns.webpubsub.azure.com"), HostOf("contoso", "westus"),
        std::string("a.b.webpubsub.azure.com"), std::string("example.com")}) {
    for (const uint16_t type : {kTypeA, kTypeAaaa, kTypeCname, kTypeSoa, kTypeNs, kTypeAny, uint16_t{1000}}) {
      for (const bool edns : {false, true}) {
        Packet options = Subnet(1, 24, 0, {10, 15, 7});
        Put(options, Option(kOptionNsid, {}));
        const Packet query =
            edns ? MakeQuery(name, type, {.flags = kOptFlagDo, .options = options}) : MakeQuery(name, type);
        const Asked asked = Ask(table, query);
        ldns_pkt* packet = nullptr;
        ASSERT_EQ(ldns_wire2pkt(&packet, asked.bytes.data(), asked.bytes.size()), LDNS_STATUS_OK) << name;
        EXPECT_EQ(ldns_pkt_id(packet), asked.decoded.id);
        EXPECT_TRUE(ldns_pkt_qr(packet));
        EXPECT_EQ(ldns_pkt_aa(packet), asked.decoded.authoritative());
        EXPECT_EQ(ldns_pkt_get_rcode(packet), asked.decoded.rcode & 0xF);
        EXPECT_EQ(ldns_pkt_edns(packet), edns);
        EXPECT_EQ(ldns_pkt_edns_do(packet), edns);
        Compare(ldns_pkt_answer(packet), asked.decoded.answers);
        Compare(ldns_pkt_authority(packet), asked.decoded.authorities);
        ldns_pkt_free(packet);
      }
    }
  }
}

}  // namespace
}  // namespace nonet::dns
