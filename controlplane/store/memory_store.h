// The Store that forgets with its owner, for tests. Keeps the very bytes that RocksDbStore would, so that the
// layout is exercised too.
#pragma once

#include <map>
#include <string>

#include "controlplane/store/store.h"

namespace nonet::controlplane {

class MemoryStore final : public Store {
 public:
  MemoryStore();
  absl::StatusOr<StoredState> Load() override;
  absl::Status Commit(const StoreBatch& batch) override;

 private:
  std::map<std::string, std::string> pairs_;
};

}  // namespace nonet::controlplane
