// Where the control plane's state outlives its process. Speaks the core's types; bytes are the business of
// key_layout.h.
//
//   ASSIGN_OR_RETURN(StoredState state, store->Load());
//   RETURN_IF_ERROR(store->Commit(plane.Seal(effects, now)));
//
// One thread at a time. Twins: RocksDbStore and MemoryStore; one contract suite holds both.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "controlplane/core/control_plane.h"

namespace nonet::controlplane {

class Store {
 public:
  virtual ~Store() = default;
  // Everything committed so far. DATA_LOSS when what is stored does not fit together.
  virtual absl::StatusOr<StoredState> Load() = 0;
  // All of the batch or nothing of it, on stable storage when it returns OK. After an error the state is
  // unknown: end the process, the next one loads whatever is there.
  virtual absl::Status Commit(const StoreBatch& batch) = 0;
  // A copy of the store as of now in the directory `path`, which must not exist yet. UNIMPLEMENTED where
  // there is nothing to copy.
  virtual absl::Status Checkpoint(const std::string& path) {
    return absl::UnimplementedError(absl::StrCat("this store is not on disk, so there is no ", path));
  }
};

}  // namespace nonet::controlplane
