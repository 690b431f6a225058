#include "dnsresolver/core/prefix_table.h"

#include <algorithm>
#include <tuple>

#include "common/base/check.h"
#include "common/regions/regions.h"

namespace nonet::dns {
namespace {

bool BitAt(const absl::uint128& bits, int at) {
  return at < 64 ? (absl::Uint128High64(bits) >> (63 - at) & 1) != 0
                 : (absl::Uint128Low64(bits) >> (127 - at) & 1) != 0;
}

auto SortKey(const PrefixTable::Entry& entry) {
  return std::make_tuple(entry.prefix.family, entry.prefix.bits, entry.prefix.length);
}

IpPrefix MustParse(const std::string& text) {
  const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(text);
  NONET_CHECK(prefix.ok());
  return *prefix;
}

}  // namespace

PrefixTable::PrefixTable(std::span<const Entry> entries) : entries_(entries.begin(), entries.end()) {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return SortKey(a) < SortKey(b); });
  std::vector<Entry> unique;
  for (const Entry& entry : entries_) {
    if (!unique.empty() && unique.back().prefix == entry.prefix) unique.pop_back();
    unique.push_back(entry);
  }
  entries_ = std::move(unique);
}

PrefixTable PrefixTable::BuiltIn() {
  std::vector<Entry> entries;
  for (const Region& region : Regions()) {
    for (const std::string& text : {PrivatePrefix(region), LoopbackPrefix(region), Ipv6Prefix(region)}) {
      entries.push_back({MustParse(text), region.number});
    }
  }
  return PrefixTable(entries);
}

std::optional<PrefixTable::Entry> PrefixTable::Find(const IpPrefix& client) const {
  const IpPrefix address{client.family, BitsOf(client.family), client.bits};
  // Entries that contain the address sort before it, wider ones first; between the narrowest of them and the
  // address lie only entries that it is not in.
  auto after = std::upper_bound(entries_.begin(), entries_.end(), Entry{address, 0},
                                [](const Entry& a, const Entry& b) { return SortKey(a) < SortKey(b); });
  while (after != entries_.begin()) {
    --after;
    if (after->prefix.family != address.family) break;
    if (after->prefix.Contains(address)) return *after;
  }
  return std::nullopt;
}

ScopeTable::ScopeTable(const PrefixTable& prefixes, std::span<const int> order_of_region, int default_order) {
  // First the tree of all prefixes, each node with the order set there, if any; then collapsed bottom-up.
  struct Wide {
    std::array<int32_t, 2> child{-1, -1};
    int order = -1;
  };
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    std::vector<Wide> wide(1);
    for (const PrefixTable::Entry& entry : prefixes.entries()) {
      if (entry.prefix.family != family) continue;
      size_t at = 0;
      for (int depth = 0; depth < entry.prefix.length; ++depth) {
        const int bit = BitAt(entry.prefix.bits, depth) ? 1 : 0;
        if (wide[at].child[bit] < 0) {
          wide[at].child[bit] = static_cast<int32_t>(wide.size());
          wide.emplace_back();
        }
        at = static_cast<size_t>(wide[at].child[bit]);
      }
      wide[at].order = order_of_region[static_cast<size_t>(entry.region)];
    }
    Tree& tree = trees_[static_cast<size_t>(family)];
    // Depth is bounded by the family's bits. Returns a child reference as in Node.
    const auto collapse = [&](const auto& self, int32_t at, int inherited) -> int32_t {
      if (at < 0) return ~inherited;
      const Wide node = wide[static_cast<size_t>(at)];
      const int order = node.order >= 0 ? node.order : inherited;
      const int32_t left = self(self, node.child[0], order);
      const int32_t right = self(self, node.child[1], order);
      if (left < 0 && left == right) return left;
      tree.nodes.push_back({left, right});
      return static_cast<int32_t>(tree.nodes.size() - 1);
    };
    tree.root = collapse(collapse, 0, default_order);
  }
}

ScopeTable::Block ScopeTable::Find(const IpPrefix& client) const {
  const Tree& tree = trees_[static_cast<size_t>(client.family)];
  int32_t at = tree.root;
  int depth = 0;
  while (at >= 0) at = tree.nodes[static_cast<size_t>(at)][BitAt(client.bits, depth++) ? 1 : 0];
  return {~at, depth};
}

}  // namespace nonet::dns
