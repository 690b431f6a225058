// Structured logs: one logfmt line an event on stderr.
//
//   log::Info("probe failed", {{"endpoint", name}, {"failures", 3}});
//   -> time=2026-11-21T10:42:07.123456Z level=info msg="probe failed" endpoint=westus failures=3
//
// Thread-safe. Never on a hot path; never in a core.
#pragma once

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nonet::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Lives within one call; the value is formatted before Write returns.
struct Field {
  absl::string_view key;
  const absl::AlphaNum& value;
};

void SetLevel(Level level);  // kInfo at start.
void Write(Level level, absl::string_view message, std::initializer_list<Field> fields);

inline void Debug(absl::string_view m, std::initializer_list<Field> f = {}) { Write(Level::kDebug, m, f); }
inline void Info(absl::string_view m, std::initializer_list<Field> f = {}) { Write(Level::kInfo, m, f); }
inline void Warning(absl::string_view m, std::initializer_list<Field> f = {}) {
  Write(Level::kWarning, m, f);
}
inline void Error(absl::string_view m, std::initializer_list<Field> f = {}) { Write(Level::kError, m, f); }

}  // namespace nonet::log
