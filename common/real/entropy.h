// The machine's random device. Seeds, tokens, keys and epochs come from here and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace nonet {

uint64_t RandomSeed();
// `bytes` random bytes as lower-case hex, twice as many characters.
std::string RandomHex(size_t bytes);
// RFC 4122 version 4, "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".
std::string RandomUuid();

}  // namespace nonet
