// Where a client is: prefix -> region, longest match. And for one resource, how far an answer holds: the
// address space cut into the largest blocks within which every client has the same preference order. Blocks
// never overlap, and health does not enter into them (RFC 7871 section 7.3.1; reference of EDNS scopes).
// Pure; immutable after construction.
//
//   const PrefixTable table = PrefixTable::BuiltIn();
//   std::optional<PrefixTable::Match> match = table.Find(client);
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

class PrefixTable {
 public:
  struct Entry {
    IpPrefix prefix;
    int region = 0;

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // Of one prefix given twice the later entry counts.
  explicit PrefixTable(std::span<const Entry> entries);
  // Region I owns 10.I.0.0/16, 127.(128+I).0.0/16 and fd00:I::/32.
  static PrefixTable BuiltIn();

  // The longest entry that contains the client's prefix; of a prefix wider than the entries, its first
  // address counts. nullopt when none does.
  std::optional<Entry> Find(const IpPrefix& client) const;
  // Sorted by family, bits, length.
  std::span<const Entry> entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

// The blocks of equal order for one resource. A walk of at most 128 steps; allocates nothing.
class ScopeTable {
 public:
  struct Block {
    int order = 0;   // As given by order_of_region.
    int length = 0;  // The block's prefix length: the ECS scope.
  };

  ScopeTable() = default;
  // `order_of_region[region]` numbers the preference order of that region's clients; `default_order` is of
  // those whom no prefix matches.
  ScopeTable(const PrefixTable& prefixes, std::span<const int> order_of_region, int default_order);

  // The block that holds the first address of the client's prefix.
  Block Find(const IpPrefix& client) const;

 private:
  // Children by bit: a node's index, or, negative, the bitwise complement of an order.
  using Node = std::array<int32_t, 2>;
  struct Tree {
    int32_t root = ~0;
    std::vector<Node> nodes;
  };
  std::array<Tree, 2> trees_;  // By IpFamily.
};

}  // namespace nonet::dns
