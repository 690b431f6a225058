// Which connections a filter lets through, whatever language it was written in. Pure; immutable.
#pragma once

#include <string>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

namespace nonet::replica {

class ConnectionFilter {
 public:
  // What a filter sees of a connection. The views live as long as the call.
  struct Subject {
    absl::string_view connection_id;
    absl::string_view user_id;                             // Empty: none.
    const absl::btree_map<std::string, uint64_t>& groups;  // By name; the values mean nothing to a filter.
  };

  virtual ~ConnectionFilter() = default;
  virtual bool Matches(const Subject& subject) const = 0;
  // As it was written, for the other instances.
  virtual absl::string_view text() const = 0;
};

}  // namespace nonet::replica
