// Mutated packets from one seed: nothing crashes, and whatever is answered is a well-formed message.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "common/base/random.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

constexpr int kPackets = 200'000;

std::vector<Packet> Seeds() {
  Packet options = Subnet(1, 24, 0, {10, 15, 0});
  Put(options, Option(kOptionNsid, {}));
  Put(options, Option(10, Packet(24, 7)));
  Packet compressed = Question("contoso.webpubsub.azure.com", kTypeA);
  Put(compressed, {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4});
  Packet v6_options = Subnet(2, 128, 0, Packet(16, 0xfd));
  return {MakeQuery("contoso.webpubsub.azure.com", kTypeA),
          MakeQuery("contoso.webpubsub.azure.com", kTypeAaaa, {.flags = kOptFlagDo, .options = options}),
          MakeQuery("webpubsub.azure.com", kTypeSoa, {.options = v6_options}),
          MakeQuery("a.b.c.webpubsub.azure.com", kTypeAny, {.version = 1}),
          Message({.answers = 1, .body = compressed}),
          MakeQuery(std::string(63, 'x') + ".azure.com", 1000)};
}

void Mutate(Random& random, const std::vector<Packet>& seeds, Packet& packet) {
  switch (random.Below(6)) {
    case 0:  // A byte.
      if (!packet.empty()) packet[random.Below(packet.size())] = static_cast<uint8_t>(random.Next());
      break;
    case 1:  // A bit.
      if (!packet.empty()) packet[random.Below(packet.size())] ^= static_cast<uint8_t>(1 << random.Below(8));
      break;
    case 2:
      packet.resize(random.Below(packet.size() + 1));
      break;
    case 3: {
      const size_t at = random.Below(packet.size() + 1);
      packet.insert(packet.begin() + static_cast<std::ptrdiff_t>(at), random.Below(5), 0xC0);
      break;
    }
    case 4: {  // The tail of another seed.
      const Packet& other = seeds[random.Below(seeds.size())];
      const size_t from = random.Below(other.size());
      packet.insert(packet.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      break;
    }
    default:  // A section count.
      if (packet.size() >= kHeaderBytes) packet[4 + random.Below(8)] = static_cast<uint8_t>(random.Below(4));
  }
}

TEST(Fuzz, MutatedPacketsNeverCrashAndAnswersAlwaysParse) {
  const AnswerTable table = ContosoTable();
  const std::vector<Packet> seeds = Seeds();
  Random random(20261121);
  std::array<uint8_t, kAnswerBytesMax> out;
  const IpPrefix source = Ip("127.143.0.1");
  std::array<int, 24> rcodes{};
  int dropped = 0;
  for (int i = 0; i < kPackets; ++i) {
    Packet packet = seeds[random.Below(seeds.size())];
    for (uint64_t n = random.Below(5); n > 0; --n) Mutate(random, seeds, packet);
    const Transport transport = random.Below(2) == 0 ? Transport::kUdp : Transport::kTcp;
    const Response response = Respond(table, packet, source, transport, out);
    if (response.bytes == 0) {
      ++dropped;
      ASSERT_TRUE(packet.size() < kHeaderBytes || (packet[2] & 0x80) != 0) << "silence is for no query only";
      continue;
    }
    const Bytes answer(out.data(), response.bytes);
    const auto decoded = Decode(answer);
    ASSERT_TRUE(decoded.has_value()) << "packet " << i;
    ASSERT_EQ(decoded->id, ReadU16(packet, 0));
    ASSERT_EQ(decoded->rcode, static_cast<int>(response.rcode));
    ASSERT_LE(answer.size(), transport == Transport::kUdp ? kUdpBytesMax : kAnswerBytesMax);
    ++rcodes[static_cast<size_t>(response.rcode)];
  }
  // The mutations reach every kind of answer.
  EXPECT_GT(dropped, 1000);
  for (const Rcode rcode : {Rcode::kNoError, Rcode::kFormErr, Rcode::kNxDomain, Rcode::kNotImp,
                            Rcode::kRefused, Rcode::kBadVers}) {
    EXPECT_GT(rcodes[static_cast<size_t>(rcode)], 500) << static_cast<int>(rcode);
  }
}

}  // namespace
}  // namespace nonet::dns
