// Whose answers differ between two tables: for each resource the regions, and the prefixes that belong to
// them, with what their clients were told and are told. Pure.
//
//   const TableDiff diff = DiffTables(before, after);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

struct TableDiff {
  struct Change {
    std::string resource;  // Object name.
    // Host names of the instances that may be answered, the likeliest first; empty: none.
    std::string from, to;
    std::vector<std::string> regions;
    std::vector<std::string> prefixes;  // At most kPrefixesListedMax.
  };
  std::vector<Change> changes;  // By resource, then in the order of their first region.
  uint64_t compared = 0;        // Pairs of resource and region.
  bool truncated = false;       // More than kAnswerChangesMax.
};

// Prefixes as of `b`.
TableDiff DiffTables(const AnswerTable& a, const AnswerTable& b);

}  // namespace nonet::dns
