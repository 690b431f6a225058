#include "dnsresolver/core/block_tree.h"

namespace nonet::dns {
// First the tree of all marks, each node with the value set there, if any; then collapsed bottom-up.
struct BlockTree::Build {
  struct Wide {
    std::array<int32_t, 2> child{-1, -1};
    int value = -1;
  };

  void Add(const Mark& mark) {
    size_t at = 0;
    for (int depth = 0; depth < mark.prefix.length; ++depth) {
      const size_t bit = BitAt(mark.prefix.bits, depth);
      if (wide[at].child[bit] < 0) {
        wide[at].child[bit] = static_cast<int32_t>(wide.size());
        wide.emplace_back();
      }
      at = static_cast<size_t>(wide[at].child[bit]);
    }
    wide[at].value = mark.value;
  }

  // Depth is bounded by the family's bits. Returns a child reference as in Node.
  int32_t Collapse(int32_t at, int inherited) {
    if (at < 0) return ~inherited;
    const Wide node = wide[static_cast<size_t>(at)];
    const int value = node.value >= 0 ? node.value : inherited;
    const int32_t left = Collapse(node.child[0], value);
    const int32_t right = Collapse(node.child[1], value);
    if (left < 0 && left == right) return left;
    tree.nodes.push_back({left, right});
    return static_cast<int32_t>(tree.nodes.size() - 1);
  }

  std::vector<Wide> wide{1};
  Tree tree;
};

BlockTree::BlockTree(std::span<const Mark> marks, int otherwise) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    Build build;
    for (const Mark& mark : marks) {
      if (mark.prefix.family == family) build.Add(mark);
    }
    build.tree.root = build.Collapse(0, otherwise);
    trees_[static_cast<size_t>(family)] = std::move(build.tree);
  }
}

BlockTree::Block BlockTree::Find(const IpPrefix& client) const {
  const Tree& tree = trees_[static_cast<size_t>(client.family)];
  int32_t at = tree.root;
  int depth = 0;
  while (at >= 0) at = tree.nodes[static_cast<size_t>(at)][BitAt(client.bits, depth++)];
  return {~at, depth};
}

}  // namespace nonet::dns
