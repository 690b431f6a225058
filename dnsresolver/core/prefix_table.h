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
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

// All prefixes as one tree for each family, with the regions that occur below each node: what the query path
// walks. Shared by every resource, so it stays in the cache whatever their number. Allocates nothing.
class LocationTree {
 public:
  // One bit a region, and kNowhere's.
  using RegionSet = uint64_t;
  static constexpr int kNowhere = 63;  // In place of a region: where no prefix matches.

  struct Place {
    IpPrefix prefix;
    int region = 0;
  };
  // Of one prefix given twice the later counts.
  explicit LocationTree(std::span<const Place> places);

  // The region of the client's first address; kNowhere.
  int Find(const IpPrefix& client) const;
  // The length of the widest block around the client in which all regions are of `alike`, which holds the
  // client's own.
  int ScopeOf(const IpPrefix& client, RegionSet alike) const;

 private:
  struct Node {
    std::array<int32_t, 2> child;  // By bit: a node's index, or, negative, the complement of a region.
    RegionSet regions;
  };
  struct Tree {
    int32_t root = ~kNowhere;
    std::vector<Node> nodes;
    std::vector<int32_t> jump;  // By the first kJumpBits bits: a child reference as in Node.
  };
  struct Build;
  static constexpr int kJumpBits = 16;

  int32_t Step(const Tree& tree, int32_t at, uint64_t bits) const {
    return tree.nodes[static_cast<size_t>(at)].child[bits >> 63];
  }

  std::array<Tree, 2> trees_;  // By IpFamily.
};

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
  const LocationTree& locations() const { return *locations_; }
  std::shared_ptr<const LocationTree> shared_locations() const { return locations_; }

 private:
  std::vector<Entry> entries_;
  std::shared_ptr<const LocationTree> locations_;  // Shared with the scope tables of all resources.
};

// The blocks of equal order for one resource: the shared tree, read with the resource's own idea of which
// regions are alike. Two walks of at most 128 steps; allocates nothing.
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
  // Its length alone, for who knows the client's region (or kNowhere).
  int LengthAt(const IpPrefix& client, int region) const {
    return locations_->ScopeOf(client, alike_[order_of_region_[static_cast<size_t>(region)]]);
  }

 private:
  std::shared_ptr<const LocationTree> locations_;     // Shared with all resources.
  std::array<uint8_t, 64> order_of_region_{};         // kNowhere's included.
  std::vector<LocationTree::RegionSet> alike_ = {0};  // By order: the regions that have it.
};

}  // namespace nonet::dns
