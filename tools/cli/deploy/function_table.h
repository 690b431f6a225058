// How the files of functions say what they have. Only functions*.cc include it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/render/format.h"

namespace nonet::cli::deploy {

// The arguments of one call, checked one by one.
struct Arguments {
  const std::string& name;  // The function's.
  const std::vector<Json>& values;

  size_t size() const { return values.size(); }
  const Json& operator[](size_t i) const { return values[i]; }
  absl::StatusOr<std::string> Text(size_t i) const;
  absl::StatusOr<int64_t> Number(size_t i) const;
  absl::StatusOr<int64_t> NumberWithin(size_t i, int64_t low, int64_t high) const;
  absl::StatusOr<bool> Boolean(size_t i) const;
  absl::Status All(bool (*fits)(const Json&), absl::string_view wanted) const;
  absl::Status WrongKind(size_t i, absl::string_view wanted) const;
};

inline constexpr int kAnyNumber = 1'000;

struct Function {
  int least = 0;
  int most = 0;
  absl::StatusOr<Json> (*body)(const Arguments&);
};

using Functions = std::vector<std::pair<std::string, Function>>;

const Functions& TextFunctions();
const Functions& CollectionFunctions();
const Functions& LogicFunctions();

}  // namespace nonet::cli::deploy
