#include "controlplane/core/request_table.h"

#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

// FNV-1a with a final mix (that of SplitMix64).
uint64_t Hash(uint64_t hash, absl::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
  return hash ^ (hash >> 31);
}

}  // namespace

std::string RequestDigest(absl::string_view method, absl::string_view body) {
  std::string digest;
  for (const uint64_t seed : {0xcbf29ce484222325u, 0x84222325cbf29ce4u}) {
    const uint64_t hash = Hash(Hash(seed, method), body);
    for (int shift = 0; shift < 64; shift += 8) digest.push_back(static_cast<char>(hash >> shift));
  }
  return digest;
}

void RequestTable::Restore(std::vector<RequestRecord> records) {
  for (RequestRecord& record : records) {
    by_age_.emplace(record.wall_ns, record.request_id);
    std::string id = record.request_id;
    records_[std::move(id)] = std::move(record);
  }
}

absl::StatusOr<const Object*> RequestTable::Find(const std::string& request_id, absl::string_view digest,
                                                 int64_t wall_ns) const {
  const auto it = records_.find(request_id);
  if (it == records_.end() || wall_ns - it->second.wall_ns > kRequestIdKeptNs) return nullptr;
  if (it->second.digest != digest) return errors::RequestIdReused(request_id);
  return &it->second.answer;
}

void RequestTable::Remember(const RequestRecord& record, std::vector<std::string>& forgotten) {
  if (const auto it = records_.find(record.request_id); it != records_.end()) {
    by_age_.erase({it->second.wall_ns, record.request_id});  // An expired one, used anew.
  }
  records_[record.request_id] = record;
  by_age_.emplace(record.wall_ns, record.request_id);
  while (records_.size() > kRequestIdsMax || record.wall_ns - by_age_.begin()->first > kRequestIdKeptNs) {
    const std::string oldest = by_age_.begin()->second;
    by_age_.erase(by_age_.begin());
    records_.erase(oldest);
    forgotten.push_back(oldest);
  }
}

}  // namespace nonet::controlplane
