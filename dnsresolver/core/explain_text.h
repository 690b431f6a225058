// An explanation in the sizes that DNS has room for: a line for an extended error's text, strings for a TXT
// record. Pure.
//
//   std::string line = ShortExplanation(*Explain(table, name, client));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dnsresolver/core/explain.h"

namespace nonet::dns {

// The decision in one line, at most kExtraTextBytesMax bytes:
// "contoso-westus-0a1b2c3d: westus, 24 ms, for a client in westus2 (10.31.0.0/16). Left out:
// contoso-eastus-.. is Degraded."
std::string ShortExplanation(const Explanation& explanation);

// The data of one TXT record: a character string (at most 255 bytes) a sentence, longer ones split; sentences
// that go beyond kExplainBytesMax are left out.
std::vector<uint8_t> ExplanationText(const Explanation& explanation);

}  // namespace nonet::dns
