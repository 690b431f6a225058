// The address space cut into the largest blocks of one value each; blocks never overlap. Of nested prefixes
// the longest counts. Pure; immutable after construction.
//
//   const BlockTree tree(marks, -1);
//   const BlockTree::Block block = tree.Find(client);
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

class BlockTree {
 public:
  struct Mark {
    IpPrefix prefix;
    int value = 0;  // 0 or more.
  };
  struct Block {
    int value = 0;
    int length = 0;  // The block's prefix length: the ECS scope.
  };

  BlockTree() = default;
  // `otherwise` is the value where no mark is.
  BlockTree(std::span<const Mark> marks, int otherwise);

  // The block that holds the first address of the client's prefix. At most 128 steps; allocates nothing.
  Block Find(const IpPrefix& client) const;

 private:
  // Children by bit: a node's index, or, negative, the complement of a value.
  using Node = std::array<int32_t, 2>;
  struct Tree {
    int32_t root = ~0;
    std::vector<Node> nodes;
  };
  struct Build;
  std::array<Tree, 2> trees_;  // By IpFamily.
};

}  // namespace nonet::dns
