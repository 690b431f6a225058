#include "dnsresolver/server/mmdb.h"

#ifdef NONET_MAXMIND

#include <maxminddb.h>

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/regions/geo.h"

namespace nonet::dns {
namespace {

constexpr int kNowhere = -1;
constexpr int kMixed = -2;  // Already appended.

class Walk {
 public:
  Walk(MMDB_s& db, std::vector<PrefixTable::Entry>& out) : db_(db), out_(out) {}

  void Family(IpFamily family) {
    const bool embedded = db_.metadata.ip_version == 6;  // IPv4 is then ::/96 of it.
    if (family == IpFamily::kV6 && !embedded) return;
    const uint32_t root = family == IpFamily::kV4 && embedded ? db_.ipv4_start_node.node_value : 0;
    // Reached in other places too (mapped addresses, 6to4): those are IPv4's, not IPv6's.
    skip_ = family == IpFamily::kV6 ? db_.ipv4_start_node.node_value : ~uint32_t{0};
    const IpPrefix all{family, 0, 0};
    const int region = root == skip_ ? kNowhere : Node(root, all);
    if (region >= 0) out_.push_back({all, region});
  }

 private:
  // The one region of everything below, kNowhere, or kMixed. Depth: the family's bits.
  int Node(uint32_t number, const IpPrefix& at) {
    MMDB_search_node_s node;
    if (at.length >= BitsOf(at.family) || MMDB_read_node(&db_, number, &node) != MMDB_SUCCESS)
      return kNowhere;
    IpPrefix left = at, right = at;
    left.length = right.length = at.length + 1;
    right.bits |= absl::uint128(1) << (127 - at.length);
    const int a = Record(node.left_record_type, node.left_record, node.left_record_entry, left);
    const int b = Record(node.right_record_type, node.right_record, node.right_record_entry, right);
    if (a == b) return a;
    if (a >= 0) out_.push_back({left, a});
    if (b >= 0) out_.push_back({right, b});
    return kMixed;
  }

  int Record(uint8_t type, uint64_t number, MMDB_entry_s entry, const IpPrefix& at) {
    if (type == MMDB_RECORD_TYPE_SEARCH_NODE) {
      return number == skip_ ? kNowhere : Node(static_cast<uint32_t>(number), at);
    }
    return type == MMDB_RECORD_TYPE_DATA ? RegionOf(entry) : kNowhere;
  }

  int RegionOf(MMDB_entry_s entry) {
    const auto [it, inserted] = regions_.try_emplace(entry.offset, kNowhere);
    if (!inserted) return it->second;
    MMDB_entry_data_s latitude, longitude;
    if (MMDB_get_value(&entry, &latitude, "location", "latitude", nullptr) != MMDB_SUCCESS ||
        MMDB_get_value(&entry, &longitude, "location", "longitude", nullptr) != MMDB_SUCCESS ||
        !latitude.has_data || latitude.type != MMDB_DATA_TYPE_DOUBLE || !longitude.has_data ||
        longitude.type != MMDB_DATA_TYPE_DOUBLE) {
      return kNowhere;
    }
    return it->second = NearestRegionTo(latitude.double_value, longitude.double_value).number;
  }

  MMDB_s& db_;
  std::vector<PrefixTable::Entry>& out_;
  uint32_t skip_ = 0;
  std::map<uint32_t, int> regions_;  // By place in the file: many networks share one.
};

}  // namespace

absl::StatusOr<std::vector<PrefixTable::Entry>> ReadMaxMind(const std::string& path) {
  MMDB_s db;
  const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &db);
  if (status != MMDB_SUCCESS) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot be read as a MaxMind database: ", MMDB_strerror(status)));
  }
  std::vector<PrefixTable::Entry> entries;
  Walk walk(db, entries);
  walk.Family(IpFamily::kV4);
  walk.Family(IpFamily::kV6);
  MMDB_close(&db);
  if (entries.empty()) return absl::InvalidArgumentError("has no network with coordinates");
  return entries;
}

}  // namespace nonet::dns

#else

namespace nonet::dns {

absl::StatusOr<std::vector<PrefixTable::Entry>> ReadMaxMind(const std::string&) {
  return absl::UnimplementedError("this program was built without libmaxminddb");
}

}  // namespace nonet::dns

#endif
