// Where clients are, put together for a resolver: the regions' own prefixes, then a MaxMind database, then
// the operator's file. Of nested prefixes the longest counts, of equal ones the later source.
//
//   ASSIGN_OR_RETURN(auto prefixes, ReadClientMap({.csv = "clients.csv"}));
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dnsresolver/core/prefix_table.h"

namespace nonet::dns {

struct ClientMapFiles {
  std::string csv;   // Lines prefix,region (core/client_prefixes.h); none when empty.
  std::string mmdb;  // A City database with coordinates: the region nearest by great circle; none when empty.
};

// INVALID_ARGUMENT naming the flag when a file cannot be read or used. UNIMPLEMENTED for a database in a
// program built without libmaxminddb.
absl::StatusOr<std::shared_ptr<const PrefixTable>> ReadClientMap(const ClientMapFiles& files);

// Whether databases can be read.
bool HasMaxMind();

}  // namespace nonet::dns
