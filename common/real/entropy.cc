#include "common/real/entropy.h"

#include <sys/random.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace nonet {
namespace {

std::string RandomBytes(size_t bytes) {
  std::string out(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t n = getrandom(out.data() + have, bytes - have, 0);
    if (n < 0) continue;  // Only EINTR can happen here.
    have += static_cast<size_t>(n);
  }
  return out;
}

}  // namespace

uint64_t RandomSeed() {
  const std::string bytes = RandomBytes(8);
  uint64_t seed = 0;
  for (const char c : bytes) seed = (seed << 8) | static_cast<unsigned char>(c);
  return seed;
}

std::string RandomHex(size_t bytes) { return absl::BytesToHexString(RandomBytes(bytes)); }

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4),
                      "-", hex.substr(20));
}

}  // namespace nonet
