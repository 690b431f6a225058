// Packets for tests that want very many: seeds of every kind, and mutations of them.
#pragma once

#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/unit/dnsresolver/message.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {

inline std::vector<Packet> Seeds() {
  Packet options = Subnet(1, 24, 0, {10, 15, 0});
  Put(options, Option(kOptionNsid, {}));
  Put(options, Option(10, Packet(24, 7)));
  Packet compressed = Question("contoso.webpubsub.azure.com", kTypeA);
  Put(compressed, {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4});
  Packet v6_options = Subnet(2, 128, 0, Packet(16, 0xfd));
  return {
      MakeQuery("contoso.webpubsub.azure.com", kTypeA),
      MakeQuery("contoso.webpubsub.azure.com", kTypeAaaa, {.flags = kOptFlagDo, .options = options}),
      MakeQuery("webpubsub.azure.com", kTypeSoa, {.options = v6_options}),
      MakeQuery("a.b.c.webpubsub.azure.com", kTypeAny, {.version = 1}),
      Message({.answers = 1, .body = compressed}),
      MakeQuery(std::string(63, 'x') + ".azure.com", 1000),
      MakeQuery(HostOf("contoso", "westus"), kTypeA),
      MakeQuery("contoso.tm.webpubsub.azure.com", kTypeTxt, {.options = Option(kOptionCookie, Packet(8, 7))}),
      Message({.body = Question("version.bind", kTypeTxt, kClassChaos)})};
}

inline void Mutate(Random& random, const std::vector<Packet>& seeds, Packet& packet) {
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

}  // namespace nonet::dns
