// Counts allocations on the query path: there are none.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <vector>

#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace {

size_t allocations = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace nonet::dns {
namespace {

TEST(Allocation, AnsweringAllocatesNothing) {
  const AnswerTable table = ContosoTable();
  const std::vector<Packet> queries = {
      MakeQuery("contoso.webpubsub.azure.com", kTypeA),
      MakeQuery("contoso.webpubsub.azure.com", kTypeAaaa, {.options = Subnet(1, 24, 0, {10, 15, 0})}),
      MakeQuery("contoso.webpubsub.azure.com", kTypeA, {.options = Subnet(2, 32, 0, {0xfd, 0, 0, 15})}),
      MakeQuery(HostOf("contoso", "westus"), kTypeA),
      MakeQuery("webpubsub.azure.com", kTypeSoa, {.options = Option(kOptionNsid, {})}),
      MakeQuery("none.webpubsub.azure.com", kTypeA, {}),
      MakeQuery("example.com", kTypeA),
      MakeQuery("a.b", kTypeA, {.version = 9}),
      Message({.flags = 5 << 11, .questions = 0}),
      Packet(20, 0xC0),
  };
  const IpPrefix source = Ip("127.143.0.1");
  std::array<uint8_t, kAnswerBytesMax> out;
  size_t answered = 0;
  const size_t before = allocations;
  for (int round = 0; round < 100; ++round) {
    for (const Packet& query : queries) {
      answered += Respond(table, query, source, Transport::kUdp, out).bytes > 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(answered, 900u);  // The last one is a response, by its QR bit.
  const Packet* counted = new Packet(queries[0]);
  EXPECT_GT(allocations, before) << "the counter counts";
  delete counted;
}

}  // namespace
}  // namespace nonet::dns
