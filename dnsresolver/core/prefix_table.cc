#include "dnsresolver/core/prefix_table.h"

#include <algorithm>
#include <tuple>

#include "common/base/check.h"
#include "common/regions/regions.h"

namespace nonet::dns {
namespace {

LocationTree::RegionSet SetOf(int region) { return LocationTree::RegionSet{1} << region; }

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
  std::vector<LocationTree::Place> places;
  places.reserve(entries_.size());
  for (const Entry& entry : entries_) places.push_back({entry.prefix, entry.region});
  locations_ = std::make_shared<const LocationTree>(places);
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

// First the tree of all prefixes, each node with the region set there, if any; then collapsed bottom-up.
struct LocationTree::Build {
  struct Wide {
    std::array<int32_t, 2> child{-1, -1};
    int region = -1;
  };

  void Add(const Place& place) {
    size_t at = 0;
    for (int depth = 0; depth < place.prefix.length; ++depth) {
      const size_t bit = BitAt(place.prefix.bits, depth);
      if (wide[at].child[bit] < 0) {
        wide[at].child[bit] = static_cast<int32_t>(wide.size());
        wide.emplace_back();
      }
      at = static_cast<size_t>(wide[at].child[bit]);
    }
    wide[at].region = place.region;
  }

  RegionSet Below(int32_t child) const {
    return child < 0 ? SetOf(~child) : tree.nodes[static_cast<size_t>(child)].regions;
  }

  // Depth is bounded by the family's bits. Returns a child reference as in Node.
  int32_t Collapse(int32_t at, int inherited) {
    if (at < 0) return ~inherited;
    const Wide node = wide[static_cast<size_t>(at)];
    const int region = node.region >= 0 ? node.region : inherited;
    const int32_t left = Collapse(node.child[0], region);
    const int32_t right = Collapse(node.child[1], region);
    if (left < 0 && left == right) return left;
    tree.nodes.push_back({{left, right}, Below(left) | Below(right)});
    return static_cast<int32_t>(tree.nodes.size() - 1);
  }

  std::vector<Wide> wide{1};
  Tree tree;
};

LocationTree::LocationTree(std::span<const Place> places) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    Build build;
    for (const Place& place : places) {
      NONET_CHECK(place.region >= 0 && place.region < kNowhere);
      if (place.prefix.family == family) build.Add(place);
    }
    build.tree.root = build.Collapse(0, kNowhere);
    Tree& tree = trees_[static_cast<size_t>(family)] = std::move(build.tree);
    tree.jump.resize(size_t{1} << kJumpBits);
    for (size_t i = 0; i < tree.jump.size(); ++i) {
      int32_t at = tree.root;
      uint64_t bits = uint64_t{i} << (64 - kJumpBits);
      for (int depth = 0; at >= 0 && depth < kJumpBits; ++depth, bits <<= 1) at = Step(tree, at, bits);
      tree.jump[i] = at;
    }
  }
}

int LocationTree::Find(const IpPrefix& client) const {
  const Tree& tree = trees_[static_cast<size_t>(client.family)];
  uint64_t bits = absl::Uint128High64(client.bits);
  int32_t at = tree.jump[bits >> (64 - kJumpBits)];
  bits <<= kJumpBits;
  for (int depth = kJumpBits; at >= 0; bits <<= 1) {
    if (depth++ == 64) bits = absl::Uint128Low64(client.bits);
    at = Step(tree, at, bits);
  }
  return ~at;
}

int LocationTree::ScopeOf(const IpPrefix& client, RegionSet alike) const {
  const Tree& tree = trees_[static_cast<size_t>(client.family)];
  uint64_t bits = absl::Uint128High64(client.bits);
  int32_t at = tree.root;
  int depth = 0;
  for (; at >= 0; bits <<= 1) {
    const Node& node = tree.nodes[static_cast<size_t>(at)];
    if ((node.regions & ~alike) == 0) break;
    if (depth++ == 64) bits = absl::Uint128Low64(client.bits);
    at = Step(tree, at, bits);
  }
  return depth;
}

ScopeTable::ScopeTable(const PrefixTable& prefixes, std::span<const int> order_of_region, int default_order)
    : locations_(prefixes.shared_locations()) {
  constexpr size_t kNowhere = LocationTree::kNowhere;
  NONET_CHECK(order_of_region.size() <= kNowhere);
  const auto set = [this](size_t region, int order) {
    NONET_CHECK(order >= 0 && order <= 255);
    order_of_region_[region] = static_cast<uint8_t>(order);
    alike_.resize(std::max(alike_.size(), static_cast<size_t>(order) + 1));
    alike_[static_cast<size_t>(order)] |= SetOf(static_cast<int>(region));
  };
  for (size_t region = 0; region < order_of_region.size(); ++region) set(region, order_of_region[region]);
  set(kNowhere, default_order);
}

ScopeTable::Block ScopeTable::Find(const IpPrefix& client) const {
  const int region = locations_->Find(client);
  return {order_of_region_[static_cast<size_t>(region)], LengthAt(client, region)};
}

}  // namespace nonet::dns
