// The operator's own idea of where clients are: CSV lines of prefix,region. Pure.
//
//   ASSIGN_OR_RETURN(auto entries, ParseClientPrefixes(text));
//   const PrefixTable table(entries);
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/core/prefix_table.h"

namespace nonet::dns {

// Lines "192.0.2.0/24,westeurope"; blanks around either, empty lines, lines that begin with #, and a first
// line "prefix,region" are fine. INVALID_ARGUMENT names the line. At most kClientPrefixesMax; of one prefix
// given twice the later counts.
absl::StatusOr<std::vector<PrefixTable::Entry>> ParseClientPrefixes(absl::string_view text);

}  // namespace nonet::dns
