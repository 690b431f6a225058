// Mutated packets from one seed: nothing crashes, and whatever is answered is a well-formed message.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "common/base/random.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/fixture.h"
#include "tests/unit/dnsresolver/packets.h"

namespace nonet::dns {
namespace {

constexpr int kPackets = 200'000;

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
