#include "controlplane/store/memory_store.h"

#include "common/real/entropy.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/key_layout.h"

namespace nonet::controlplane {

MemoryStore::MemoryStore() {
  for (layout::Write& write : layout::Writes(layout::Identity{RandomHex(8), RandomHex(8)})) {
    pairs_[write.key] = *std::move(write.value);
  }
}

absl::StatusOr<StoredState> MemoryStore::Load() {
  layout::Reader reader;
  for (const auto& [key, value] : pairs_) {
    if (const auto why = reader.Add(key, value)) return errors::StoreCorrupt("memory", *why);
  }
  if (const auto why = reader.Finish()) return errors::StoreCorrupt("memory", *why);
  return reader.Take();
}

absl::Status MemoryStore::Commit(const StoreBatch& batch) {
  for (layout::Write& write : layout::Writes(batch)) {
    if (write.value) {
      pairs_[write.key] = *std::move(write.value);
    } else if (write.end.empty()) {
      pairs_.erase(write.key);
    } else {
      pairs_.erase(pairs_.lower_bound(write.key), pairs_.lower_bound(write.end));
    }
  }
  return absl::OkStatus();
}

}  // namespace nonet::controlplane
