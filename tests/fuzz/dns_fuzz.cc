// libFuzzer on the whole query path: whatever comes, nothing is read or written out of bounds, and what goes
// out is a well-formed message of the right size. The first byte chooses who asks and how the server is set.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/check.h"
#include "dnsresolver/core/rate_limiter.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/message.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {
namespace {

// Bits of the first byte.
constexpr uint8_t kCookies = 1, kTcp = 2, kV6 = 32, kLimited = 64;
constexpr int kTableShift = 2;  // Three bits: aliases, explanations, small answers.

std::vector<AnswerTable> MakeTables() {
  std::vector<AnswerTable> tables;
  for (uint8_t switches = 0; switches < 8; ++switches) {
    AnswerSettings settings = DefaultSettings();
    settings.version = "fuzz";
    settings.chain = (switches & 1) != 0 ? Chain::kTrafficManager : Chain::kDirect;
    settings.explain = (switches & 2) != 0;
    if ((switches & 4) != 0) settings.udp_bytes_max = 512;
    tables.push_back(ContosoTable(settings));
  }
  return tables;
}

void CheckAnswer(Bytes packet, Bytes answer, const Response& response, size_t bytes_max) {
  const auto decoded = Decode(answer);
  NONET_CHECK(decoded.has_value());
  NONET_CHECK(answer.size() <= bytes_max);
  NONET_CHECK(decoded->id == ReadU16(packet, 0));
  NONET_CHECK((decoded->flags & kFlagQr) != 0);
  NONET_CHECK(decoded->rcode == static_cast<int>(response.rcode));
}

void AnswerOne(uint8_t switches, Bytes packet) {
  static const std::vector<AnswerTable> tables = MakeTables();
  static const CookieSecrets secrets{.current = {1, 2, 3}, .previous = SipKey{4, 5, 6}};
  const AnswerTable& table = tables[switches >> kTableShift & 7];
  Asker asker;
  asker.source = Ip((switches & kV6) != 0 ? "fd00:f::1" : "127.143.0.1");
  asker.transport = (switches & kTcp) != 0 ? Transport::kTcp : Transport::kUdp;
  if ((switches & kCookies) != 0) asker.cookies = &secrets;
  asker.wall_s = 0x03020100;  // So that the seeds' cookies are not too old.
  std::array<uint8_t, kAnswerBytesMax> out;
  Response response = Respond(table, packet, asker, out);
  if (response.bytes == 0) {
    NONET_CHECK(packet.size() < kHeaderBytes || (packet[2] & 0x80) != 0);
    return;
  }
  const size_t bytes_max =
      asker.transport == Transport::kTcp ? out.size() : size_t{table.plan().settings().udp_bytes_max};
  CheckAnswer(packet, Bytes(out).first(response.bytes), response, bytes_max);
  if ((switches & kLimited) == 0) return;
  MakeSlip(response, out);
  CheckAnswer(packet, Bytes(out).first(response.bytes), response, bytes_max);
}

}  // namespace
}  // namespace nonet::dns

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // A copy of the exact size, so that the sanitizer sees every read beyond it.
  const std::vector<uint8_t> packet(data + 1, data + size);
  nonet::dns::AnswerOne(data[0], packet);
  return 0;
}
