// Reads one JSON object property by property and knows what is wrong with it: what is missing, of the wrong
// type, not allowed, or simply unknown. The first error is kept; after it everything reads as absent.
//
//   ObjectReader sku(body["sku"], "sku", status);
//   if (auto name = sku.String("name")) out.set_name(*name);
//   sku.Finish();                       // Whatever was not asked for is unknown.
//
// Null counts as absent. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/codec/json.h"

namespace nonet::controlplane::arm {

class ObjectReader {
 public:
  using Allowed = std::initializer_list<absl::string_view>;

  // `value` may be nullptr: an object that is absent. `path` is empty for the whole body. Both `value` and
  // `status` outlive the reader.
  ObjectReader(const Json* value, std::string path, absl::Status& status);

  bool present() const { return value_ != nullptr; }
  bool Has(absl::string_view name);

  std::optional<std::string> String(absl::string_view name);
  // A value of the list in any case, in the case of the list.
  std::optional<std::string> OneOf(absl::string_view name, Allowed allowed);
  // The same, but a value that is not of the list stays as it is: the core knows what is wrong with it.
  std::optional<std::string> Spelled(absl::string_view name, Allowed known);
  std::optional<bool> Bool(absl::string_view name);
  // "true" and "false" as Azure writes some booleans: as strings. True booleans are understood as well.
  std::optional<bool> BoolText(absl::string_view name);
  // A whole number from 0 to 2^32-1.
  std::optional<uint32_t> Number(absl::string_view name);
  // A whole number from 0 to 2^63-1.
  std::optional<uint64_t> BigNumber(absl::string_view name);
  // By key.
  std::optional<std::map<std::string, std::string>> StringMap(absl::string_view name);
  std::optional<std::vector<std::string>> Strings(absl::string_view name, size_t max);
  std::optional<std::vector<std::string>> SpelledStrings(absl::string_view name, Allowed known, size_t max);
  ObjectReader Object(absl::string_view name);
  // Calls `each` for every item; true when the array is there.
  bool Objects(absl::string_view name, size_t max, const std::function<void(ObjectReader&)>& each);
  // Calls `each` with every key and its object.
  bool ObjectMap(absl::string_view name, size_t max,
                 const std::function<void(const std::string& key, ObjectReader&)>& each);

  // What cannot be set. It may be sent as it stands in `current` (nullptr: nothing stands there).
  void ReadOnly(absl::string_view name, const Json* current);
  // Facts that move by themselves: whatever is sent is passed over.
  void Ignore(std::initializer_list<absl::string_view> names);
  void Require(absl::string_view name);
  // Where a property is: "properties.tls.clientCertEnabled".
  std::string Path(absl::string_view name) const;
  void Fail(absl::Status status) { status_.Update(std::move(status)); }

  void Finish();

 private:
  const Json* Find(absl::string_view name);
  std::optional<uint64_t> WholeNumber(absl::string_view name, uint64_t max);
  void FailType(absl::string_view name, absl::string_view expected, const Json& found);

  const Json* value_;
  const std::string path_;
  absl::Status& status_;
  std::vector<std::string> known_;
};

// The property of an object, or nullptr when there is none or `json` is nullptr or no object.
const Json* Member(const Json* json, absl::string_view name);

}  // namespace nonet::controlplane::arm
