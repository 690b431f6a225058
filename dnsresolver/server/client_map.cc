#include "dnsresolver/server/client_map.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "dnsresolver/core/client_prefixes.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/server/mmdb.h"

namespace nonet::dns {

bool HasMaxMind() { return kHasMaxMind; }

absl::StatusOr<std::shared_ptr<const PrefixTable>> ReadClientMap(const ClientMapFiles& files) {
  const PrefixTable built_in = PrefixTable::BuiltIn();
  std::vector<PrefixTable::Entry> entries(built_in.entries().begin(), built_in.entries().end());
  if (!files.mmdb.empty()) {
    absl::StatusOr<std::vector<PrefixTable::Entry>> more = ReadMaxMind(files.mmdb);
    if (!more.ok()) return errors::FlagInvalid("client_mmdb", files.mmdb, more.status().message());
    entries.insert(entries.end(), more->begin(), more->end());
  }
  if (!files.csv.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(files.csv);
    if (!text.ok()) return errors::FlagInvalid("client_prefixes", files.csv, text.status().message());
    absl::StatusOr<std::vector<PrefixTable::Entry>> more = ParseClientPrefixes(*text);
    if (!more.ok()) return errors::FlagInvalid("client_prefixes", files.csv, more.status().message());
    entries.insert(entries.end(), more->begin(), more->end());
  }
  return std::make_shared<const PrefixTable>(entries);
}

}  // namespace nonet::dns
