// The bytes of the store: every key and value is built and parsed here, and nowhere else. The layout is
// described in docs/key-layout.md; changing it means raising kSchemaVersion. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "controlplane/core/control_plane.h"

namespace nonet::controlplane::layout {

inline constexpr uint64_t kSchemaVersion = 2;

// One write: a value to put, or nullopt to delete; with an `end`, all keys from `key` up to it, `end` itself
// not included.
struct Write {
  std::string key;
  std::optional<std::string> value;
  std::string end = {};
};

std::string SchemaKey();
std::string SchemaValue(uint64_t version);
std::optional<uint64_t> ParseSchema(absl::string_view value);

// Which store this is; see StoredState.
struct Identity {
  std::string cluster;
  std::string history;
};
std::vector<Write> Writes(const Identity& identity);

// What turns a store of `schema`, an older one, into this layout. Give it all its pairs, in any order; then
// write everything and SchemaValue(kSchemaVersion) in one batch.
class Migration {
 public:
  Migration(uint64_t schema, Identity identity) : schema_(schema), identity_(std::move(identity)) {}
  void Add(absl::string_view key, absl::string_view value);
  std::vector<Write> Take();

 private:
  const uint64_t schema_;
  const Identity identity_;
  std::vector<Write> writes_;
};

// What a batch writes, in order.
std::vector<Write> Writes(const StoreBatch& batch);

// Rebuilds the state from all pairs of a store, in key order.
class Reader {
 public:
  // A sentence saying what is wrong, or nothing.
  std::optional<std::string> Add(absl::string_view key, absl::string_view value);
  // Checks that the parts fit together.
  std::optional<std::string> Finish();
  StoredState Take() { return std::move(state_); }

 private:
  StoredState state_;
};

}  // namespace nonet::controlplane::layout
